"""A signed-in client of the simulated carrier."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulators.rest_carrier import RestCarrierSimulator, Settings
from tests.unit.simulators.core.support import Client

LINE = {"sku": "PUMP-200", "quantity": "2"}
PARCEL: dict[str, Any] = {
    "order_reference": "web-1",
    "shipment_reference": "T1-1",
    "service": "ground",
    "ship_from": "wh-east",
    "ship_to": {"city": "Springfield", "postcode": "62701", "country": "US"},
    "lines": [LINE],
}


class Carrier(Client):
    def __init__(self, simulator: RestCarrierSimulator, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.headers = {"Authorization": f"Bearer {simulator.carrier.settings.token}"}

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body, headers=self.headers) as response:
            return response.status, await response.json(content_type=None)

    async def put(self, reference: str = "r-1", **changes: object) -> tuple[int, Any]:
        return await self.call("PUT", f"/v1/labels/{reference}", PARCEL | changes)

    async def live(self, what: str, reference: str = "r-1") -> int:
        status, _ = await self.post("/_sim/life", {"reference": reference, "what": what})
        return status

    async def said(self) -> list[dict[str, Any]]:
        _, body = await self.call("GET", "/_sim/events")
        events: list[dict[str, Any]] = body["events"]
        return events


@asynccontextmanager
async def carrier(settings: Settings | None = None) -> AsyncIterator[Carrier]:
    async with RestCarrierSimulator(settings) as simulator, aiohttp.ClientSession() as session:
        yield Carrier(simulator, session)
