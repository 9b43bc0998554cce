"""NetSuite: the connector on its simulator, with large pages and with the smallest."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.reference_ports import ReferencePage
from simulators.netsuite import NetSuiteSimulator
from simulators.netsuite import Settings as AccountSettings
from simulators.netsuite.state import RecordSeed, Seed
from tests.contract.order_event_sources.netsuite import SecondsAhead
from tests.contract.order_targets.netsuite import right_clock, settings_for
from tests.contract.reference_source import ReferenceCase, Rows

EMPTY = Seed(currencies=[RecordSeed("1", "USD", "US Dollar"), RecordSeed("4", "EUR", "Euro")])
FIELDS: Mapping[Rows, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "products": ({"inactive": False}, {"inactive": True}),
    "prices": ({"price": 10}, {"price": 12}),
    "accounts": ({"hold": "AUTO"}, {"hold": "ON"}),
}


class NetSuiteShelf:
    """`Shelf` on the simulator."""

    def __init__(
        self, simulator: NetSuiteSimulator, clock: SecondsAhead, rows: Rows, more: Mapping[str, object]
    ) -> None:
        self.simulator, self.clock = simulator, clock
        self._rows, self._more = rows, more
        self._stack = AsyncExitStack()
        self.another_worker()

    def another_worker(self) -> None:
        connector = registry.load("netsuite")
        known = connector.settings.model_validate(settings_for(self.simulator, **self._more))
        ports = connector.open(known, Dependencies(clock=right_clock()))
        self._stack.push_async_callback(ports.close)
        self.port: Any = getattr(ports, self._rows)

    async def page(self, cursor: str) -> ReferencePage[Any]:
        found: ReferencePage[Any] = await getattr(self.port, self._rows)(cursor)
        return found

    async def check(self) -> None:
        await self.port.check()

    async def put(self, name: str, *, marked: bool = False) -> str:
        return await self.change(name, fields=FIELDS[self._rows][marked])

    async def delete(self, name: str) -> None:
        await self.change(name, deleted=True)

    async def change(self, name: str, **parts: object) -> str:
        """By hand at the account; the row's key."""
        self.clock.ahead_s += 1
        kind = "customer" if self._rows == "accounts" else "item"
        body = {"kind": kind, "external_id": name, **parts}
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            answer = await control.post("/_sim/records", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"]) if kind == "customer" else name

    async def close(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def opened(rows: Rows, account: AccountSettings, more: Mapping[str, object]) -> AsyncIterator[NetSuiteShelf]:
    clock = SecondsAhead()
    async with NetSuiteSimulator(account, seed=EMPTY, clock=clock) as simulator:
        shelf = NetSuiteShelf(simulator, clock, rows, more)
        try:
            yield shelf
        finally:
            await shelf.close()


PLAIN = AccountSettings(save_ms=0)
EASTERN = AccountSettings(zone="Australia/Sydney", save_ms=0)
SINGLE: Mapping[str, object] = {"time_zone": "Australia/Sydney", "page_size": 1}


def _case(name: str, rows: Rows, account: AccountSettings, more: Mapping[str, object]) -> ReferenceCase:
    def open_() -> Any:
        return opened(rows, account, more)

    return ReferenceCase(name=name, rows=rows, opened=open_)


CASES = [
    _case("netsuite-products", "products", PLAIN, {}),
    _case("netsuite-products-by-single-rows", "products", EASTERN, SINGLE),
    _case("netsuite-prices", "prices", EASTERN, SINGLE),
    _case("netsuite-accounts", "accounts", EASTERN, SINGLE),
]
