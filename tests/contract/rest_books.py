"""A simulated REST accounting system with the connector opened on it, as the application opens it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import CallDetails, Dependencies
from schemas.micros import micros_of_text
from simulators.rest_finance import RestFinanceSimulator
from simulators.rest_finance import Settings as BookSettings
from tests.contract.finance_target import Opened
from tests.fakes.clock import FakeClock


@dataclass
class RestBooks:
    """The simulator over its control routes, and what an observer saw of the connector."""

    simulator: RestFinanceSimulator
    seen: list[CallDetails] = field(default_factory=list)

    async def close_march(self) -> None:
        await self.control("PUT", "/_sim/state", {"settings": {"closed_through": "2026-03"}})

    async def lock(self, reference: str) -> None:
        await self.control("POST", "/_sim/lock", {"reference": reference})

    async def entries(self) -> dict[str, list[int]]:
        documents = (await self.control("GET", "/_sim/state"))["documents"]
        return {one["reference"]: [micros_of_text(each["amount"]) for each in one["entries"]] for one in documents}

    async def break_with(self, **rule: object) -> None:
        await self.control("POST", "/_sim/faults", rule)

    async def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.control("GET", "/_sim/journal"))["items"]
        return entries

    async def control(self, method: str, path: str, body: object = None) -> Any:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False, verify=False) as client:
            answer = (await client.request(method, path, json=body)).raise_for_status()
        return answer.json()


def credential() -> dict[str, str]:
    """What the simulated books accept."""
    plain = BookSettings()
    return {"kind": "client_credentials", "client_id": plain.client_id, "client_secret": plain.client_secret}


@asynccontextmanager
async def rest_finance(
    settings: Mapping[str, object] | None = None, books: BookSettings | None = None, *, below: str = ""
) -> AsyncIterator[Opened]:
    """`below` is a path that the simulator does not serve."""
    async with RestFinanceSimulator(books) as simulator:
        connector = registry.load("rest_finance")
        given = {"auth": credential(), **(settings or {}), "base_url": f"{simulator.url}{below}"}
        behind = RestBooks(simulator)
        ports = connector.open(
            connector.settings.model_validate(given),
            Dependencies(clock=FakeClock(), observe=behind.seen.append),
        )
        assert ports.finance is not None
        try:
            yield Opened(ports.finance, behind)
        finally:
            await ports.finance.close()
            await ports.close()  # closing twice is harmless
