"""A signed-in client of the simulated warehouse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulators.rest_wms import RestWmsSimulator, Settings
from tests.unit.simulators.core.support import Client

LINE = {"line_id": "501", "sku": "PUMP-200", "quantity": "2"}
TASK: dict[str, Any] = {"order_id": "web-1", "source_code": "wh-east", "lines": [LINE]}


class Warehouse(Client):
    def __init__(self, simulator: RestWmsSimulator, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.headers = {"Authorization": f"Bearer {simulator.wms.settings.token}"}

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body, headers=self.headers) as response:
            return response.status, await response.json(content_type=None)

    async def put(self, task_id: str = "t-1", **changes: object) -> tuple[int, Any]:
        return await self.call("PUT", f"/v1/tasks/{task_id}", TASK | changes)

    async def raw(self, body: bytes, content_type: str = "application/json") -> tuple[int, Any]:
        """For bodies that no JSON client would send."""
        headers = self.headers | {"Content-Type": content_type}
        async with self.session.put(f"{self.url}/v1/tasks/t-1", data=body, headers=headers) as response:
            return response.status, await response.json()

    async def advance(self, **wish: object) -> dict[str, str]:
        status, body = await self.post("/_sim/advance", wish)
        assert status == 200, body
        moved: dict[str, str] = body["moved"]
        return moved


@asynccontextmanager
async def warehouse(settings: Settings | None = None) -> AsyncIterator[Warehouse]:
    async with RestWmsSimulator(settings) as simulator, aiohttp.ClientSession() as session:
        yield Warehouse(simulator, session)
