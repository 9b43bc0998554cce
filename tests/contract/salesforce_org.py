"""A simulated Salesforce org with the connector opened on it, as the application opens it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connectors.core import registry
from connectors.core.calls import CallDetails, Dependencies
from simulators.core.clock import SystemClock
from simulators.salesforce import SalesforceSimulator
from simulators.salesforce import Settings as OrgSettings
from simulators.salesforce.views import PRICE_BOOK
from tests.contract.crm_target import OpenedCrm, Shown
from tests.fakes.clock import FakeClock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Org:
    """The simulator over its control routes, and what an observer saw of the connector."""

    simulator: SalesforceSimulator
    clock: FakeClock
    seen: list[CallDetails] = field(default_factory=list)

    async def control(self, method: str, path: str, body: object = None) -> Any:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False, verify=False) as client:
            answer = (await client.request(method, path, json=body)).raise_for_status()
        return answer.json()

    async def break_with(self, **rule: object) -> None:
        await self.control("POST", "/_sim/faults", rule)

    async def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.control("GET", "/_sim/journal"))["items"]
        return entries

    async def writes(self) -> list[str]:
        """The object of each write that had an effect, in order."""
        entries = [entry for entry in await self.journal() if entry["method"] == "PATCH" and entry["effect"]]
        return [str(entry["path"]).partition("sobjects/")[2].partition("/")[0] for entry in entries]

    async def enter(self, kind: str, **fields: object) -> str:
        """A record by hand."""
        return str((await self.control("POST", "/_sim/records", {"object": kind, "fields": fields}))["id"])

    async def rows(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.control("GET", "/_sim/state"))[kind]
        return rows

    async def activate(self, order_id: str) -> None:
        """As a person does it, once the order has lines."""
        plain = OrgSettings()
        form = {
            "grant_type": "client_credentials",
            "client_id": plain.consumer_key,
            "client_secret": plain.consumer_secret,
        }
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False, verify=False) as client:
            granted = (await client.post("/services/oauth2/token", data=form)).raise_for_status().json()
            address = f"/services/data/v62.0/sobjects/Order/Commerce_Id__c/{order_id}"
            signed = {"Authorization": f"Bearer {granted['access_token']}"}
            (await client.patch(address, json={"Status": "Activated"}, headers=signed)).raise_for_status()

    async def orders(self) -> dict[str, Shown]:
        items = await self.rows("OrderItem")
        return {row["Commerce_Id__c"]: _shown(row, items) for row in await self.rows("Order")}

    async def accounts(self) -> dict[str, str]:
        return {row["Id"]: row["Name"] for row in await self.rows("Account")}

    async def lifetime_value(self, account: str) -> Decimal | None:
        (row,) = [row for row in await self.rows("Account") if row["Id"] == account]
        value = row.get("Commerce_Lifetime_Value__c")
        return None if value is None else Decimal(str(value))


def _shown(row: Mapping[str, Any], items: list[dict[str, Any]]) -> Shown:
    until = row.get("Commerce_Expected_At__c")
    total = row.get("Commerce_Grand_Total__c")
    return Shown(
        internal_id=row["Id"],
        account=row["AccountId"],
        status=row["Commerce_Status__c"],
        expected_at=None if until is None else (datetime.fromisoformat(until) - EPOCH) // timedelta(microseconds=1),
        total=None if total is None else Decimal(str(total)),
        lines={
            item["Commerce_Id__c"].partition(":")[2]: (Decimal(str(item["Quantity"])), Decimal(str(item["UnitPrice"])))
            for item in items
            if item["OrderId"] == row["Id"]
        },
    )


@cache
def key() -> RSAPrivateKey:
    """The pair whose public half the simulated orgs of these tests know: making one takes its time."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(made: RSAPrivateKey) -> str:
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_pem() -> str:
    return key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def credential(kind: str) -> dict[str, str]:
    """What the simulated org accepts."""
    plain = OrgSettings()
    kinds = {
        "jwt": {
            "kind": "jwt",
            "consumer_key": plain.consumer_key,
            "username": plain.username,
            "private_key": pem_of(key()),
        },
        "client_credentials": {
            "kind": "client_credentials",
            "consumer_key": plain.consumer_key,
            "consumer_secret": plain.consumer_secret,
        },
    }
    return kinds[kind]


@asynccontextmanager
async def salesforce(
    kind: str = "client_credentials",
    settings: Mapping[str, object] | None = None,
    org_settings: OrgSettings | None = None,
    *,
    auth: Mapping[str, object] | None = None,
) -> AsyncIterator[OpenedCrm]:
    """`auth` changes single values of the credential; assertions are judged by the machine's time."""
    knows_key = msgspec.structs.replace(org_settings or OrgSettings(), certificate_key=_public_pem())
    async with SalesforceSimulator(knows_key) as simulator:
        org = Org(simulator, FakeClock(datetime.fromtimestamp(SystemClock().now(), UTC)))
        connector = registry.load("salesforce")
        given = {
            "auth": credential(kind) | dict(auth or {}),
            "price_book_id": PRICE_BOOK,
            **(settings or {}),
            "base_url": simulator.url,
        }
        ports = connector.open(
            connector.settings.model_validate(given), Dependencies(clock=org.clock, observe=org.seen.append)
        )
        assert ports.crm is not None
        try:
            yield OpenedCrm(ports.crm, org)
        finally:
            await ports.crm.close()
            await ports.close()  # closing twice is harmless
