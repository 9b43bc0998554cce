"""A signed-in client of the simulated NetSuite; it signs with a library that neither side uses."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from simulators.core.clock import SystemClock
from simulators.netsuite import NetSuiteSimulator, Settings
from simulators.netsuite.auth import ASSERTION_TYPE, TOKEN_PATH
from tests.unit.simulators.core.support import Client

QUICK = Settings(save_ms=0)
RECORDS = "/services/rest/record/v1/salesOrder"
STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}
REPLACE = "?replace=item"


class ShiftedClock(SystemClock):
    """The machine's clock, some seconds ahead."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class NetSuite(Client):
    """Uses a token of the simulator that it was opened with."""

    def __init__(self, simulator: NetSuiteSimulator, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.simulator = simulator
        self.headers: dict[str, str] = {}

    def claims(self, **changes: object) -> dict[str, Any]:
        now = int(time.time())  # noqa: TID251 - what a client's machine says
        usual = {
            "iss": "simulated-client",
            "scope": "rest_webservices",
            "aud": f"{self.url}{TOKEN_PATH}",
            "iat": now,
            "exp": now + 300,
        }
        return usual | changes

    def statement(self, claims: dict[str, Any], **header: object) -> str:
        key = ECKey.import_key(self.simulator.private_key)
        head = {"typ": "JWT", "alg": "ES256", "kid": "simulated-certificate", **header}
        return jwt.encode(head, claims, key, algorithms=["ES256"])

    async def token(self, statement: str, **form: str) -> tuple[int, Any]:
        sent = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": statement,
            **form,
        }
        async with self.session.post(f"{self.url}{TOKEN_PATH}", data=sent) as response:
            return response.status, await response.json()

    async def sign_in(self) -> None:
        status, grant = await self.token(self.statement(self.claims()))
        assert status == 200, grant
        self.headers["Authorization"] = f"Bearer {grant['access_token']}"

    async def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, str]:
        """Status, body and Location."""
        sent = {**self.headers, **(headers or {})}
        async with self.session.request(method, self.url + path, json=body, headers=sent) as response:
            content = await response.read()
            answer = await response.json(content_type=None) if content else None
            return response.status, answer, response.headers.get("Location", "")

    async def put(self, external_id: str, body: object, query: str = REPLACE) -> tuple[int, Any, str]:
        return await self.call("PUT", f"{RECORDS}/eid:{external_id}{query}", body, STRICT)

    async def shown(self, external_id: str) -> Any:
        status, order, _ = await self.call("GET", f"{RECORDS}/eid:{external_id}?expandSubResources=true")
        assert status == 200, order
        return order

    async def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get("/_sim/orders"))["orders"]
        return found

    async def has_orders(self) -> bool:
        return bool(await self.orders())

    async def replace_state(self, **parts: object) -> None:
        async with self.session.put(f"{self.url}/_sim/state", json=parts) as response:
            assert response.status == 200, await response.text()


def line(sku: str = "PUMP-P100", quantity: float = 1, **more: object) -> dict[str, object]:
    return {"item": {"externalId": sku}, "quantity": quantity, **more}


def order(*lines: dict[str, object], **more: object) -> dict[str, object]:
    return {"entity": {"externalId": "C-1004"}, "item": {"items": list(lines or (line(),))}, **more}


def codes(answer: Any) -> list[tuple[str, str]]:
    """Code and path of every trouble."""
    return [(one["o:errorCode"], one.get("o:errorPath", "")) for one in answer["o:errorDetails"]]


def rsa(pem: str) -> RSAKey:
    return RSAKey.import_key(pem)


@asynccontextmanager
async def account(settings: Settings = QUICK, clock: ShiftedClock | None = None) -> AsyncIterator[NetSuite]:
    async with NetSuiteSimulator(settings, clock=clock) as simulator, aiohttp.ClientSession() as session:
        client = NetSuite(simulator, session)
        if settings.public_key is None:
            await client.sign_in()
        yield client
