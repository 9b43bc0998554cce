"""What becomes of an order by itself, and what the service shows of it."""

from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from simulators.core.clock import SystemClock
from simulators.core.life import Step
from simulators.sap_s4hana import SapS4HanaSimulator, Settings
from simulators.sap_s4hana.life import PLAN, STEPS
from simulators.sap_s4hana.vendor import SERVICE_PATH
from tests.unit.simulators.core.support import Client, eventually, in_loop

LIVING = Settings(life=True, confirm="none")


class Ahead(SystemClock):
    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class Company(Client):
    """A user of the simulator that it was opened with; orders are made behind the service's back."""

    def __init__(self, simulator: SapS4HanaSimulator, clock: Ahead, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.simulator, self.clock = simulator, clock
        settings = simulator.sap.settings
        self.headers = {"Authorization": aiohttp.encode_basic_auth(settings.username, settings.password)}

    def order(self, reference: str = "web-1", *materials: str) -> str:
        items: list[Any] = [{"Material": one, "RequestedQuantity": "2"} for one in materials or ("PUMP-200", "SEAL-7")]
        sent: dict[str, Any] = {"PurchaseOrderByCustomer": reference, "SoldToParty": "C-1004", "to_Item": items}
        sap = self.simulator.sap
        return sap.book.add(sent, self.clock.now(), sap.settings).number

    async def read(self, path: str, **query: str) -> Any:
        async with self.session.get(self.url + SERVICE_PATH + path, params=query, headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["d"]

    async def do(self, number: str, what: str) -> int:
        return (await self.post("/_sim/life", {"order": number, "what": what}))[0]

    def until(self, second: float) -> int:
        self.clock.ahead_s = second
        return self.simulator.beat()


def company(test: Any, settings: Settings = LIVING) -> Any:
    @in_loop
    async def run() -> None:
        clock = Ahead()
        async with SapS4HanaSimulator(settings, clock=clock) as simulator, aiohttp.ClientSession() as session:
            await test(Company(simulator, clock, session))

    return run


def steps(journal: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    return [(one["detail"]["of"], one["detail"]["what"], one["effect"]) for one in journal if one["kind"] == "life"]


def test_a_plan_happens_once_and_the_journal_says_what_was_no_longer_possible() -> None:
    plan = tuple(Step(what, after) for what, after in (("confirm", 1), ("deliver", 2), ("bill", 3), ("bill", 4)))

    async def run(sap: Company) -> None:
        number = sap.order()
        for second in (1.5, 2.5, 3.5, 4.5, 100):
            sap.until(second)

        assert steps(await sap.journal()) == [
            (number, "confirm", True),
            (number, "deliver", True),
            (number, "bill", True),
            (number, "bill", False),
        ]

    company(run, Settings(life=True, confirm="none", life_plan=plan))()


def test_orders_go_on_without_anybody_asking() -> None:
    async def run(sap: Company) -> None:
        sap.order()

        async def is_over() -> bool:
            (order,) = (await sap.get("/_sim/state"))["orders"]
            return order["rejection"] == "C" or all(one["invoices"] for one in order["items"])

        await eventually(is_over)

    company(run, Settings(life=True, life_rate=1000, confirm="none"))()


def test_the_plan_of_all_orders_has_every_step_and_two_runs_are_alike() -> None:
    async def run(sap: Company) -> None:
        for number in range(60):
            sap.order(f"web-{number}", "MOTOR-M2", "PUMP-200")
        for second in range(0, 104, 2):
            sap.until(second)
        done = steps(await sap.journal())
        assert {what for _, what, effect in done if effect} == {one.what for one in PLAN}
        runs.append(done)

    runs: list[list[tuple[str, str, bool]]] = []
    company(run)()
    company(run)()
    assert runs[0] == runs[1]


def test_a_change_is_found_by_its_time_and_comes_last() -> None:
    async def run(sap: Company) -> None:
        first = sap.order("web-1")
        sap.clock.ahead_s = 5
        second = sap.order("web-2")
        sap.clock.ahead_s = 10
        assert await sap.do(first, "confirm") == 200

        rows = (await sap.read("/A_SalesOrder", **{"$orderby": "LastChangeDateTime,SalesOrder"}))["results"]
        moment = rows[0]["LastChangeDateTime"].removeprefix("/Date(").partition("+")[0]
        since = f"2026-01-01T00:00:00Z' and LastChangeDateTime gt datetimeoffset'{_iso(int(moment))}"
        later = await sap.read("/A_SalesOrder", **{"$filter": f"LastChangeDateTime ge datetimeoffset'{since}'"})

        assert [one["SalesOrder"] for one in rows] == [second, first]
        assert [one["SalesOrder"] for one in later["results"]] == [first]

    company(run)()


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_what_came_of_an_item_stands_in_its_process_flow_with_its_amounts() -> None:
    async def run(sap: Company) -> None:
        number = sap.order("web-1", "MOTOR-M2")
        for what in ("confirm", "finish-work-order", "deliver", "bill"):
            assert await sap.do(number, what) == 200

        expand = {"$expand": "to_ScheduleLine,to_SubsequentProcFlowDocItem"}
        (item,) = (await sap.read(f"/A_SalesOrder('{number}')/to_Item", **expand))["results"]
        order = await sap.read(f"/A_SalesOrder('{number}')")

        flow = item["to_SubsequentProcFlowDocItem"]["results"]
        told = [(one["SubsequentDocumentCategory"], one["SDProcessStatus"]) for one in flow]
        assert told == [("WO", "C"), ("J", "C"), ("M", "C")]
        assert all(one["CreationTime"].startswith("PT") for one in flow)
        assert (item["OrderRelatedBillingStatus"], item["NetAmount"]) == ("C", "20.00")
        assert (order["OverallSDProcessStatus"], order["OverallOrdReltdBillgStatus"]) == ("C", "C")

    company(run)()


def test_a_hold_stops_confirmation_and_delivery_until_it_is_released() -> None:
    async def run(sap: Company) -> None:
        number = sap.order()
        told = [await sap.do(number, what) for what in ("hold", "confirm", "deliver", "release", "confirm", "deliver")]

        assert told == [200, 409, 409, 200, 200, 200]
        assert (await sap.read(f"/A_SalesOrder('{number}')"))["TotalCreditCheckStatus"] == "D"

    company(run)()


@pytest.mark.parametrize("what", sorted(STEPS))
def test_nothing_happens_to_a_rejected_order(what: str) -> None:
    async def run(sap: Company) -> None:
        number = sap.order()
        await sap.do(number, "reject")

        assert await sap.do(number, what) == 409

    company(run)()


def test_no_life_without_the_setting_and_none_after_a_reset() -> None:
    async def run(sap: Company) -> None:
        sap.order()
        await sap.post("/_sim/reset")
        assert sap.until(500) == 0

    async def still(sap: Company) -> None:
        sap.order()
        assert sap.until(500) == 0

    company(run)()
    company(still, Settings())()


def test_unknown_steps_are_refused() -> None:
    async def run(sap: Company) -> None:
        assert await sap.do(sap.order(), "dance") == 400
        document = {"settings": {"life_plan": [{"what": "dance", "after_s": 1}]}}
        async with sap.session.put(f"{sap.url}/_sim/state", json=document) as answer:
            assert answer.status == 400

    company(run)()
