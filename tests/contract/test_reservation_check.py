"""Reservations against open orders: the lane's run, the connector and a simulated Commerce with faults of all kinds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.errors import TargetUnavailableError
from schemas.models.reservation import PromisedLine
from simulators.adobe_commerce import AdobeCommerceSimulator
from simulators.adobe_commerce import Settings as ShopSettings
from simulators.adobe_commerce.state import ItemSeed, LinkSeed, ProductSeed, Seed, SourceSeed, StockSeed
from streams.domain.drift import Verdict
from streams.domain.reconciliation import Run, RunState, Scope
from streams.domain.reservations import Certainty, Finding, compensation_of
from tests.contract.commerce_shop import credential, right_clock, with_address
from tests.unit.streams.sinks.lane import Lane, lane
from tests.unit.streams.sinks.reconciling import compare, ended, start

pytestmark = pytest.mark.anyio
SEED = Seed(
    products=[
        ProductSeed("A"),
        ProductSeed("B", threshold=Decimal(3)),
        ProductSeed("GONE"),
        ProductSeed("LATER", backorders=True),
        ProductSeed("FREE", manages_stock=False),
        *(ProductSeed(f"S{number:02d}") for number in range(20)),
    ],
    sources=[SourceSeed("north"), SourceSeed("south"), SourceSeed("closed", enabled=False)],
    stocks=[StockSeed(1, "Stock", ["base"]), StockSeed(2, "B2B", ["b2b"])],
    links=[LinkSeed(1, "north"), LinkSeed(1, "closed"), LinkSeed(2, "south")],
    source_items=[
        ItemSeed(source, sku, Decimal(0 if sku == "GONE" else 40))
        for source in ("north", "south", "closed")
        for sku in ("A", "B", "GONE", "LATER", "FREE", *(f"S{number:02d}" for number in range(20)))
    ],
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Shop:
    """A lane whose shop is the simulator, and an administrator's hands."""

    lane: Lane
    control: httpx.AsyncClient
    simulator: AdobeCommerceSimulator

    async def order(self, sku: str, units: int, **given: object) -> str:
        """The number of an order that a shopper placed."""
        body = {"items": [{"sku": sku, "qty": units}], **given}
        return str((await self._ask("POST", "/_sim/orders", body))["increment_id"])

    async def api(self, path: str, body: object = None) -> Any:
        return await self._ask("POST", f"/rest/all/V1{path}", body)

    async def ship(self, number: str, units: int, source: str = "north") -> None:
        order = self._order(number)
        extension = {"extension_attributes": {"source_code": source}}
        items = [{"order_item_id": order.items[0].id, "qty": units}]
        await self.api(f"/order/{order.id}/ship", {"items": items, "arguments": extension})

    async def invoice(self, number: str) -> None:
        await self.api(f"/order/{self._order(number).id}/invoice", {})

    async def cancel(self, number: str) -> None:
        assert await self.api(f"/orders/{self._order(number).id}/cancel")

    async def append(self, number: str, sku: str, units: float, event: str = "order_placed") -> None:
        """One more row in the table of reservations."""
        body = {"do": "append", "order": number, "sku": sku, "quantity": units, "event": event}
        await self._ask("POST", "/_sim/reservations", body)

    async def lose(self, number: str, sku: str) -> None:
        """The newest compensation was never written."""
        await self._ask("POST", "/_sim/reservations", {"do": "lose", "order": number, "sku": sku})

    def _order(self, number: str) -> Any:
        orders = self.simulator.commerce.shop.state.orders.orders.values()
        return next(one for one in orders if one.increment_id == number)

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.control.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def compared(self, run: str = "r") -> Run:
        return await compare(self.lane, Scope.RESERVATIONS, run=run)


@asynccontextmanager
async def shop(folder: Path, page_size: int = 7) -> AsyncIterator[Shop]:
    """A page is so small that every list has several."""
    offline = ShopSettings(call_base_ms=0, call_per_row_ms=0, deadlock_chance=0)
    connector = registry.load("adobe_commerce")
    async with AdobeCommerceSimulator(offline, seed=SEED) as simulator, lane(folder) as opened:
        given = {"auth": credential("token", offline), "page_size": page_size}
        known = connector.settings.model_validate(with_address(given, simulator))
        ports = connector.open(known, Dependencies(clock=right_clock(), observe=opened.gate.observe))
        assert ports.stock is not None
        opened.at.port, opened.at.reservations = ports.stock, ports.reservations
        token = await _token(simulator, offline)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=simulator.url, headers=headers, trust_env=False) as control:
            try:
                yield Shop(opened, control, simulator)
            finally:
                await ports.close()


async def _token(simulator: AdobeCommerceSimulator, settings: ShopSettings) -> str:
    body = {"username": settings.username, "password": settings.password}
    async with httpx.AsyncClient(base_url=simulator.url, trust_env=False) as client:
        return str((await client.post("/rest/all/V1/integration/admin/token", json=body)).json())


def told(found: Run) -> list[tuple[str, str, int, str, str]]:
    """What is wrong, of which SKU and stock, how sure, and what sets it right."""
    return [(str(one.kind), one.sku, one.stock_id, str(one.certainty), _argument(one)) for one in found.findings]


def _argument(one: Finding) -> str:
    compensation = compensation_of(one)
    return "" if compensation is None else compensation.argument


async def test_orders_in_every_state_reserve_what_is_open_and_nothing_is_found(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        numbers = [await at.order("A", 3) for _ in range(8)]
        await at.order("A", 2, website="b2b")
        await at.order("B", 5)
        await at.order("LATER", 60)
        await at.order("FREE", 5, force=True)
        await at.ship(numbers[0], 3)
        await at.ship(numbers[1], 1)
        await at.cancel(numbers[2])
        await at.ship(numbers[3], 1)
        await at.cancel(numbers[3])
        await at.invoice(numbers[4])
        bundle = {"sku": "S01", "qty": 2, "children": [{"sku": "A", "qty": 3}, {"sku": "S02", "qty": 1}]}
        await at._ask("POST", "/_sim/orders", {"items": [bundle]})

        found = await at.compared()

        assert found.state is RunState.DONE
        assert told(found) == []
        # FREE is not counted by the shop; GONE is out of stock, where it says 0
        assert found.found == 0
        assert found.compared + found.looks[Verdict.SET_ASIDE] == 50


async def test_an_order_that_was_deducted_twice_is_found_with_its_compensation(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("A", 3)
        await at.order("A", 2)
        await at.append(number, "A", -3)

        assert told(await at.compared()) == [("deducted-twice", "A", 1, "certain", f"{number}:A:+3.000000:1")]


async def test_an_order_that_is_over_and_still_reserved_is_found_with_its_compensation(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("B", 4, website="b2b")
        await at.order("B", 1, website="b2b")
        await at.cancel(number)
        await at.lose(number, "B")

        assert told(await at.compared()) == [("not-compensated", "B", 2, "certain", f"{number}:B:+4.000000:2")]


async def test_a_lost_compensation_of_one_of_two_shipments_names_its_quantity(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("A", 7)
        await at.ship(number, 2)
        await at.lose(number, "A")

        [found] = (await at.compared()).findings

        assert _argument(found) == f"{number}:A:+2.000000:1"
        assert "was shipped" in found.candidates[0].how


async def test_an_order_that_was_compensated_twice_sells_its_goods_again_and_is_found(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("A", 4)
        await at.append(number, "A", 4, "manual_compensation")

        assert told(await at.compared()) == [("not-reserved", "A", 1, "certain", f"{number}:A:-4.000000:1")]


async def test_more_promised_than_is_there_is_found_though_every_reservation_is_right(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("A", 45, force=True)

        [found] = (await at.compared()).findings

        assert (str(found.kind), found.salable, found.difference) == ("negative", -5_000_000, 0)
        assert [one.order_number for one in found.candidates] == [number]
        assert compensation_of(found) is None


async def test_several_orders_that_could_make_it_are_told_as_likely(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        numbers = [await at.order("A", 3) for _ in range(2)]
        await at.append(numbers[0], "A", -3)

        [found] = (await at.compared()).findings

        assert found.certainty is Certainty.LIKELY
        assert [one.order_number for one in found.candidates] == numbers[::-1]


async def test_a_difference_that_no_order_makes_is_told_without_a_compensation(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("A", 3)
        await at.append(number, "A", -1)

        assert told(await at.compared()) == [("unexplained", "A", 1, "unknown", "")]


async def test_the_printed_compensation_sets_the_shop_right(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        number = await at.order("A", 3)
        await at.append(number, "A", -3)
        [found] = (await at.compared()).findings
        order, sku, quantity, _stock = _argument(found).split(":")

        await at.append(order, sku, float(quantity), "manual_compensation")

        assert told(await at.compared("again")) == []


async def test_orders_that_come_and_go_while_it_reads_are_no_finding(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        wrong = await at.order("B", 3)
        await at.append(wrong, "B", -3)
        ports = at.lane.at.reservations
        assert ports is not None
        placed: list[str] = []

        def beside(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def run(*asked: object) -> Any:
                """Before each of the first reads somebody buys, or what was bought is cancelled."""
                if len(placed) < 9:
                    placed.append(await at.order("A", 1))
                    if len(placed) % 3 == 0:
                        await at.cancel(placed[-2])
                return await read(*asked)

            return run

        ports.salable_page = beside(ports.salable_page)  # type: ignore[method-assign, assignment]
        ports.salable = beside(ports.salable)  # type: ignore[method-assign, assignment]

        found = await at.compared()

        assert len(placed) == 9
        assert [(one.sku, str(one.kind)) for one in found.findings] == [("B", "deducted-twice")]


async def test_a_shop_that_goes_away_ends_the_run_as_failed_and_the_next_is_refused_with_the_way_out(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as at:
        await at._ask("POST", "/_sim/faults", {"kind": "status", "status": 503, "path": "/rest/.*"})

        found = await at.compared()

        assert found.state is RunState.FAILED
        assert found.why
        for _ in range(3):
            at.lane.gate.failed(TargetUnavailableError("503"))
        start(at.lane, Scope.RESERVATIONS, run="next")
        refused = await ended(at.lane, "next")
        assert refused.state is RunState.REFUSED
        assert "commerce-streams doctor" in refused.why


def test_a_line_is_open_for_what_was_neither_shipped_nor_cancelled_nor_given_back() -> None:
    line = PromisedLine(
        order_number="1", entity_id=1, state="processing", is_over=False, stock_id=1, sku="A", ordered=9, shipped=2
    )
    assert line.open == 7
