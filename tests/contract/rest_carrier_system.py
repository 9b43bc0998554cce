"""A simulated REST carrier with the connector opened on it, as the application opens it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from simulators.rest_carrier import RestCarrierSimulator
from simulators.rest_carrier import Settings as DepotSettings
from tests.contract.carrier_target import Opened
from tests.fakes.clock import FakeClock


@dataclass
class RestDepot:
    """The simulator over its control routes."""

    simulator: RestCarrierSimulator

    async def collect(self, reference: str) -> None:
        await self.control("POST", "/_sim/life", {"reference": reference, "what": "collect"})

    async def labels(self) -> int:
        return len((await self.control("GET", "/_sim/state"))["parcels"])

    async def break_with(self, **rule: object) -> None:
        await self.control("POST", "/_sim/faults", rule)

    async def control(self, method: str, path: str, body: object = None) -> Any:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False, verify=False) as client:
            answer = (await client.request(method, path, json=body)).raise_for_status()
        return answer.json()


@asynccontextmanager
async def rest_carrier(kind: str = "bearer") -> AsyncIterator[Opened]:
    plain = DepotSettings()
    credentials = {
        "bearer": {"kind": "bearer", "token": plain.token},
        "basic": {"kind": "basic", "username": plain.username, "password": plain.password},
    }
    async with RestCarrierSimulator(plain) as simulator:
        connector = registry.load("rest_carrier")
        given = {"auth": credentials[kind], "base_url": simulator.url}
        ports = connector.open(connector.settings.model_validate(given), Dependencies(clock=FakeClock()))
        assert ports.carrier is not None
        try:
            yield Opened(ports.carrier, RestDepot(simulator))
        finally:
            await ports.carrier.close()
            await ports.close()  # closing twice is harmless
