"""A signed-in client of the simulated accounting system."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulators.core.clock import Clock
from simulators.rest_finance import RestFinanceSimulator, Settings
from tests.unit.simulators.core.support import Client

DOCUMENT: dict[str, Any] = {
    "kind": "invoice",
    "order_id": "web-1",
    "order_number": "1",
    "channel": "web",
    "document": "I1",
    "account": "C-1004",
    "currency": "EUR",
    "amount": "30.5",
    "happened_at": "2026-03-10T00:00:00Z",
}
FORM = {"client_id": "integration", "client_secret": "simulated-finance-secret-1", "grant_type": "client_credentials"}


class Accounting(Client):
    def __init__(self, simulator: RestFinanceSimulator, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.headers: dict[str, str] = {}

    async def sign_in(self, **changes: str) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}/v1/token", data=FORM | changes) as response:
            body = await response.json()
            if response.status == 200:
                self.headers = {"Authorization": f"Bearer {body['access_token']}"}
            return response.status, body

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body, headers=self.headers) as response:
            return response.status, await response.json(content_type=None)

    async def put(self, reference: str = "r-1", **changes: object) -> tuple[int, Any]:
        return await self.call("PUT", f"/v1/documents/{reference}", DOCUMENT | changes)

    async def set(self, **settings: object) -> None:
        async with self.session.put(f"{self.url}/_sim/state", json={"settings": settings}) as response:
            assert response.status == 200, await response.text()

    async def entries(self, reference: str = "r-1") -> list[str]:
        documents = (await self.get("/_sim/state"))["documents"]
        return [each["amount"] for one in documents if one["reference"] == reference for each in one["entries"]]


@asynccontextmanager
async def accounting(settings: Settings | None = None, clock: Clock | None = None) -> AsyncIterator[Accounting]:
    async with RestFinanceSimulator(settings, clock=clock) as simulator, aiohttp.ClientSession() as session:
        client = Accounting(simulator, session)
        await client.sign_in()
        yield client
