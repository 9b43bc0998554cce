"""NetSuite: the connector on its simulator, as the application opens it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import CallDetails, Dependencies
from connectors.core.order_ports import OrderTarget
from simulators.core.clock import SystemClock
from simulators.netsuite import NetSuiteSimulator
from simulators.netsuite import Settings as AccountSettings
from simulators.netsuite.state import ItemSeed, RecordSeed, Seed
from tests.contract.order_target import ACCOUNT, CATALOGUE, TERMS, ErpLine, OrderTargetCase
from tests.fakes.clock import FakeClock

BY_EXTERNAL_IDS = Seed(
    customers=[RecordSeed("101", ACCOUNT, "Example Works")],
    items=[ItemSeed(str(501 + index), sku, sku, made=sku == "MOTOR-M2") for index, sku in enumerate(CATALOGUE)],
    terms=[RecordSeed("2", TERMS, "Net 30")],
    currencies=[RecordSeed("1", "USD", "US Dollar")],
)
BY_INTERNAL_IDS = Seed(
    customers=BY_EXTERNAL_IDS.customers,
    items=BY_EXTERNAL_IDS.items,
    terms=[RecordSeed("7", None, "Net 30")],
    currencies=[RecordSeed("4", None, "US Dollar")],
)
MAPS = {
    "currencies": {"USD": "4"},
    "terms": {TERMS: "7"},
    "ship_methods": {"flatrate_flatrate": "31"},
    "subsidiary": "1",
    "location": "1",
}


class NetSuiteErp:
    """`Erp` on the simulator."""

    def __init__(self, target: OrderTarget, simulator: NetSuiteSimulator, seen: list[CallDetails]) -> None:
        self.target = target
        self.simulator = simulator
        self.seen = seen

    async def documents(self, order_id: str) -> int:
        assert (await self._get("/_sim/orders"))["doubled"] == []
        return len(await self.orders(order_id))

    async def orders(self, order_id: str) -> list[dict[str, Any]]:
        found = (await self._get("/_sim/orders"))["orders"]
        return [one for one in found if one["external_id"] == order_id]

    async def lines(self, order_id: str) -> Sequence[ErpLine]:
        (order,) = await self.orders(order_id)
        return [ErpLine(one["sku"], _micros(one["quantity"])) for one in order["lines"]]

    async def is_open(self, order_id: str) -> bool:
        (order,) = await self.orders(order_id)
        return any(not one["is_closed"] for one in order["lines"])

    async def ship(self, order_id: str) -> None:
        async with self._control() as control:
            (await control.post("/_sim/deliver", json={"external_id": order_id})).raise_for_status()

    async def lose_next_answer(self) -> None:
        await self.break_with(kind="drop-answer", methods=["PUT", "PATCH"], path="/salesOrder/", times=1)

    async def pass_time(self) -> None:
        return None

    async def break_with(self, **rule: object) -> None:
        """Set a fault."""
        async with self._control() as control:
            (await control.post("/_sim/faults", json=rule)).raise_for_status()

    async def _get(self, path: str) -> Any:
        async with self._control() as control:
            return (await control.get(path)).json()

    def _control(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.simulator.url, trust_env=False)


def _micros(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(6, "0"))


def right_clock() -> FakeClock:
    """Statements from another time are refused, so the time must be the machine's; it stands still from here."""
    return FakeClock(datetime.fromtimestamp(SystemClock().now(), UTC))


def settings_for(simulator: NetSuiteSimulator, **given: object) -> dict[str, object]:
    """What the simulated account accepts."""
    account = simulator.netsuite.settings
    auth = {
        "kind": "m2m",
        "client_id": account.client_id,
        "certificate_id": account.certificate_id,
        "private_key": simulator.private_key,
    }
    return {"base_url": simulator.url, "auth": auth, **given}


@asynccontextmanager
async def netsuite(
    seed: Seed = BY_EXTERNAL_IDS,
    settings: Mapping[str, object] | None = None,
    *,
    account: AccountSettings | None = None,
) -> AsyncIterator[NetSuiteErp]:
    async with NetSuiteSimulator(account, seed=seed) as simulator:
        connector = registry.load("netsuite")
        known = connector.settings.model_validate(settings_for(simulator, **(settings or {})))
        seen: list[CallDetails] = []
        ports = connector.open(known, Dependencies(clock=right_clock(), observe=seen.append))
        assert ports.orders is not None
        try:
            yield NetSuiteErp(ports.orders, simulator, seen)
        finally:
            await ports.orders.close()
            await ports.close()  # closing twice is harmless


CASES = [
    OrderTargetCase(name="netsuite", opened=netsuite),
    OrderTargetCase(name="netsuite-by-internal-ids", opened=partial(netsuite, BY_INTERNAL_IDS, MAPS)),
]
