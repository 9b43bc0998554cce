"""A simulated REST WMS with the connector opened on it, as the application opens it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import CallDetails, Dependencies
from simulators.rest_wms import RestWmsSimulator
from simulators.rest_wms import Settings as FloorSettings
from tests.contract.task_target import Opened
from tests.fakes.clock import FakeClock


@dataclass
class RestWarehouse:
    """The simulator over its control routes, and what an observer saw of the connector."""

    simulator: RestWmsSimulator
    seen: list[CallDetails] = field(default_factory=list)

    async def pick(self, task_id: str) -> None:
        await self.control("POST", "/_sim/advance", {"task_id": task_id, "to": "PICKED"})

    async def tasks(self) -> int:
        return len(await self.state())

    async def state(self) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = (await self.control("GET", "/_sim/state"))["tasks"]
        return tasks

    async def break_with(self, **rule: object) -> None:
        await self.control("POST", "/_sim/faults", rule)

    async def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.control("GET", "/_sim/journal"))["items"]
        return entries

    async def control(self, method: str, path: str, body: object = None) -> Any:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False, verify=False) as client:
            answer = (await client.request(method, path, json=body)).raise_for_status()
        return answer.json()


def credential(kind: str) -> dict[str, str]:
    """What the simulated warehouse accepts."""
    plain = FloorSettings()
    kinds = {
        "bearer": {"kind": "bearer", "token": plain.token},
        "basic": {"kind": "basic", "username": plain.username, "password": plain.password},
    }
    return kinds[kind]


@asynccontextmanager
async def rest_wms(
    kind: str = "bearer",
    settings: Mapping[str, object] | None = None,
    floor: FloorSettings | None = None,
    *,
    below: str = "",
) -> AsyncIterator[Opened]:
    """`below` is a path that the simulator does not serve."""
    async with RestWmsSimulator(floor) as simulator:
        connector = registry.load("rest_wms")
        given = {"auth": credential(kind), **(settings or {}), "base_url": f"{simulator.url}{below}"}
        warehouse = RestWarehouse(simulator)
        ports = connector.open(
            connector.settings.model_validate(given),
            Dependencies(clock=FakeClock(), observe=warehouse.seen.append),
        )
        assert ports.tasks is not None
        try:
            yield Opened(ports.tasks, warehouse)
        finally:
            await ports.tasks.close()
            await ports.close()  # closing twice is harmless
