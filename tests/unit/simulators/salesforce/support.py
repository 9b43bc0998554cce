"""A signed-in client of the simulated org."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.core.clock import SystemClock
from simulators.salesforce import SalesforceSimulator, Settings
from simulators.salesforce.views import PRICE_BOOK
from tests.unit.simulators.core.support import Client

BASE = "/services/data/v62.0"
ORDER = {"EffectiveDate": "2026-03-02", "Status": "Draft", "Pricebook2Id": PRICE_BOOK}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@cache
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_pem() -> str:
    return key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def claims(**changes: object) -> dict[str, object]:
    now = int(SystemClock().now())
    plain = Settings()
    return {
        "iss": plain.consumer_key,
        "sub": plain.username,
        "aud": "https://login.salesforce.com",
        "exp": now + 120,
    } | changes


def signed(stated: object, *, head: object = None, by: RSAPrivateKey | None = None) -> str:
    parts = [_text(msgspec.json.encode(one)) for one in (head or {"alg": "RS256"}, stated)]
    text = ".".join(parts)
    return f"{text}.{_text((by or key()).sign(text.encode(), PKCS1v15(), SHA256()))}"


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


class OrgClient(Client):
    def __init__(self, simulator: SalesforceSimulator, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.simulator = simulator
        self.headers: dict[str, str] = {}

    async def token(self, **form: str) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}/services/oauth2/token", data=form) as response:
            return response.status, await response.json()

    async def sign_in(self) -> None:
        plain = self.simulator.salesforce.settings
        status, body = await self.token(
            grant_type="client_credentials", client_id=plain.consumer_key, client_secret=plain.consumer_secret
        )
        assert status == 200, body
        self.headers["Authorization"] = f"Bearer {body['access_token']}"

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.url}{BASE}{path}", json=body, headers=self.headers) as response:
            return response.status, await response.json(content_type=None) if response.status != 204 else None

    async def raw(self, body: bytes, content_type: str = "application/json") -> tuple[int, Any]:
        """For bodies that no JSON client would send."""
        headers = self.headers | {"Content-Type": content_type}
        address = f"{self.url}{BASE}/sobjects/Account/Commerce_Id__c/a-1"
        async with self.session.patch(address, data=body, headers=headers) as response:
            return response.status, await response.json()

    async def upsert(self, kind: str, value: str, **fields: object) -> tuple[int, Any]:
        return await self.call("PATCH", f"/sobjects/{kind}/Commerce_Id__c/{quote(value, safe='')}", fields)

    async def upsert_many(self, kind: str, *rows: Mapping[str, object], all_or_none: bool = False) -> tuple[int, Any]:
        records = [{"attributes": {"type": kind}, **row} for row in rows]
        body = {"allOrNone": all_or_none, "records": records}
        return await self.call("PATCH", f"/composite/sobjects/{kind}/Commerce_Id__c", body)

    async def query(self, question: str) -> tuple[int, Any]:
        return await self.call("GET", f"/query?q={quote(question, safe='')}")

    async def order(self, value: str = "o-1") -> str:
        """An account and a draft order of it; the order's id."""
        await self.upsert("Account", "a-1", Name="Example Works")
        status, body = await self.upsert("Order", value, Account={"Commerce_Id__c": "a-1"}, **ORDER)
        assert status in {200, 201}, body
        return str(body["id"])

    async def entry(self, code: str = "PUMP-200") -> str:
        _, body = await self.query(f"SELECT Id FROM PricebookEntry WHERE Product2.ProductCode = '{code}'")
        return str(body["records"][0]["Id"])

    async def item(self, order_id: str, value: str = "l-1", **changes: Any) -> dict[str, object]:
        row: dict[str, object] = {"Commerce_Id__c": value, "OrderId": order_id, "PricebookEntryId": await self.entry()}
        return row | {"Quantity": 2, "UnitPrice": 450} | changes

    async def enter(self, kind: str, **fields: object) -> tuple[int, Any]:
        return await self.post("/_sim/records", {"object": kind, "fields": fields})

    async def replace_state(self, **parts: object) -> int:
        async with self.session.put(f"{self.url}/_sim/state", json=parts) as response:
            return response.status


@asynccontextmanager
async def org(settings: Settings | None = None, clock: SystemClock | None = None) -> AsyncIterator[OrgClient]:
    async with SalesforceSimulator(settings, clock=clock) as simulator, aiohttp.ClientSession() as session:
        client = OrgClient(simulator, session)
        await client.sign_in()
        yield client


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and error code of a refusal."""
    status, body = answer
    return status, str(body[0]["errorCode"])
