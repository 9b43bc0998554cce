"""SAP S/4HANA: the connector on its simulator, with large pages and with the smallest."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.reference_ports import ReferencePage
from simulators.sap_s4hana import SapS4HanaSimulator
from simulators.sap_s4hana import Settings as SapSettings
from tests.contract.reference_source import ReferenceCase
from tests.contract.sap_s4hana_system import COMPANY, ShiftedClock, credential
from tests.fakes.clock import FakeClock


class SapShelf:
    """`Shelf` on the simulator."""

    def __init__(self, simulator: SapS4HanaSimulator, clock: ShiftedClock, more: Mapping[str, object]) -> None:
        self.simulator, self.clock = simulator, clock
        self._more = more
        self._stack = AsyncExitStack()
        self.another_worker()

    def another_worker(self) -> None:
        connector = registry.load("sap_s4hana")
        where = {"auth": credential("basic", self.simulator), "base_url": self.simulator.url}
        known = connector.settings.model_validate({**COMPANY, **self._more, **where})
        now = FakeClock(datetime.fromtimestamp(self.clock.now(), UTC))
        ports = connector.open(known, Dependencies(clock=now))
        self._stack.push_async_callback(ports.close)
        assert ports.products is not None
        self.port = ports.products

    async def page(self, cursor: str) -> ReferencePage[Any]:
        return await self.port.products(cursor)

    async def check(self) -> None:
        await self.port.check()

    async def put(self, name: str, *, marked: bool = False) -> str:
        await self.change(name, fields={"IsMarkedForDeletion": marked})
        return name

    async def delete(self, name: str) -> None:
        await self.change(name, deleted=True)

    async def change(self, name: str, **parts: object) -> None:
        """By hand at SAP."""
        self.clock.ahead_s += 1
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            answer = await control.post("/_sim/products", json={"product": name, **parts})
        assert answer.status_code == 200, answer.text

    async def close(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def opened(more: Mapping[str, object]) -> AsyncIterator[SapShelf]:
    clock = ShiftedClock()
    async with SapS4HanaSimulator(SapSettings(materials=()), clock=clock) as simulator:
        shelf = SapShelf(simulator, clock, more)
        try:
            yield shelf
        finally:
            await shelf.close()


def _case(name: str, more: Mapping[str, object]) -> ReferenceCase:
    def open_() -> Any:
        return opened(more)

    return ReferenceCase(name=name, rows="products", opened=open_)


CASES = [_case("sap_s4hana-products", {}), _case("sap_s4hana-products-by-single-rows", {"page_size": 1})]
