"""Salesforce: the connector on its simulator, with large pages and with the smallest."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.reference_ports import ReferencePage
from simulators.salesforce import SalesforceSimulator
from simulators.salesforce import Settings as OrgSettings
from simulators.salesforce.views import PRICE_BOOK
from tests.contract.order_event_sources.netsuite import SecondsAhead
from tests.contract.reference_source import ReferenceCase
from tests.contract.salesforce_org import credential
from tests.fakes.clock import FakeClock


class SalesforceShelf:
    """`Shelf` on the simulator."""

    def __init__(self, simulator: SalesforceSimulator, clock: SecondsAhead, more: Mapping[str, object]) -> None:
        self.simulator, self.clock = simulator, clock
        self._more = more
        self._ids: dict[str, str] = {}
        self._stack = AsyncExitStack()
        self.another_worker()

    def another_worker(self) -> None:
        connector = registry.load("salesforce")
        base = {"auth": credential("client_credentials"), "price_book_id": PRICE_BOOK, "base_url": self.simulator.url}
        ports = connector.open(
            connector.settings.model_validate({**base, **self._more}), Dependencies(clock=FakeClock())
        )
        self._stack.push_async_callback(ports.close)
        assert ports.accounts is not None
        self.port = ports.accounts

    async def page(self, cursor: str) -> ReferencePage[Any]:
        return await self.port.accounts(cursor)

    async def check(self) -> None:
        await self.port.check()

    async def put(self, name: str, *, marked: bool = False) -> str:
        fields = {"Name": name, "AccountNumber": name, "Commerce_Credit__c": "Refused" if marked else "Given"}
        self._ids[name] = await self.record(fields=fields, **({"id": self._ids[name]} if name in self._ids else {}))
        return self._ids[name]

    async def delete(self, name: str) -> None:
        await self.record(id=self._ids.pop(name), deleted=True)

    async def record(self, **parts: object) -> str:
        """By hand at the org; the record's id."""
        self.clock.ahead_s += 1
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            answer = await control.post("/_sim/records", json={"object": "Account", **parts})
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def close(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def opened(more: Mapping[str, object]) -> AsyncIterator[SalesforceShelf]:
    clock = SecondsAhead()
    async with SalesforceSimulator(OrgSettings(page_rows=3), clock=clock) as simulator:
        shelf = SalesforceShelf(simulator, clock, more)
        try:
            yield shelf
        finally:
            await shelf.close()


def _case(name: str, more: Mapping[str, object]) -> ReferenceCase:
    def open_() -> Any:
        return opened(more)

    return ReferenceCase(name=name, rows="accounts", opened=open_)


CASES = [_case("salesforce-accounts", {}), _case("salesforce-accounts-by-single-rows", {"page_size": 1})]
