"""A signed-in client of the simulated S/4HANA that keeps cookies as a browser does, and orders to send."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulators.sap_s4hana import SapS4HanaSimulator, Settings
from tests.unit.simulators.adobe_commerce.support import ShiftedClock
from tests.unit.simulators.core.support import Client

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
Headers = dict[str, str]


def basic(name: str, secret: str) -> str:
    return f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"


def item(material: str = "PUMP-200", quantity: str = "2", **more: object) -> dict[str, object]:
    return {"Material": material, "RequestedQuantity": quantity, **more}


def body(*items: dict[str, object], **more: object) -> dict[str, object]:
    """A small order; `more` are fields of the head."""
    head = {
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C-1004",
        "PurchaseOrderByCustomer": "web-1",
        "TransactionCurrency": "USD",
    }
    return {**head, "to_Item": {"results": list(items or (item(),))}, **more}


class Sap(Client):
    """Uses the user and password of the simulator that it was opened with."""

    def __init__(self, simulator: SapS4HanaSimulator, session: aiohttp.ClientSession, clock: ShiftedClock) -> None:
        super().__init__(simulator.url, session)
        self.simulator = simulator
        self.clock = clock
        settings = simulator.sap.settings
        self.auth: Headers = {
            "Authorization": basic(settings.username, settings.password),
            "Accept": "application/json",
        }
        self.guard: Headers = {}

    async def fetch(self) -> str:
        """A token, and its cookie in the jar."""
        status, headers, _ = await self.ask("GET", "/", headers={"X-CSRF-Token": "Fetch"})
        assert status == 200
        self.guard = {"X-CSRF-Token": headers["x-csrf-token"]}
        return headers["x-csrf-token"]

    async def ask(
        self, method: str, path: str, sent: object = None, *, headers: Headers | None = None
    ) -> tuple[int, Headers, Any]:
        whole = {**self.auth, **self.guard, **(headers or {})}
        async with self.session.request(method, self.url + SERVICE + path, json=sent, headers=whole) as answer:
            text = await answer.text()
            json_ = answer.content_type == "application/json" and text
            return (
                answer.status,
                {name.lower(): value for name, value in answer.headers.items()},
                (await answer.json() if json_ else text),
            )

    async def create(self, *items: dict[str, object], **more: object) -> tuple[int, Any]:
        status, _, answer = await self.ask("POST", "/A_SalesOrder", body(*items, **more))
        return status, answer

    async def read(self, path: str, status: int = 200) -> Any:
        found, _, answer = await self.ask("GET", path)
        assert found == status, answer
        return answer["d"] if status == 200 else answer["error"]

    async def reject(self, number: str, item_number: str, **options: Any) -> tuple[int, Any]:
        path = f"/A_SalesOrderItem(SalesOrder='{number}',SalesOrderItem='{item_number}')"
        sent = options.pop("sent", {"d": {"SalesDocumentRjcnReason": "50"}})
        status, _, answer = await self.ask("PATCH", path, sent, headers=options.pop("headers", {"If-Match": "*"}))
        return status, answer

    async def happens(self, number: str, **what: object) -> None:
        status, answer = await self.post("/_sim/orders", {"order": number, **what})
        assert status == 200, answer

    async def state(self) -> Any:
        return await self.get("/_sim/state")


@asynccontextmanager
async def sap(settings: Settings | None = None) -> AsyncIterator[Sap]:
    """With a token that is good for writes."""
    clock = ShiftedClock()
    jar = aiohttp.CookieJar(unsafe=True)  # the simulator has an address instead of a name
    async with SapS4HanaSimulator(settings, clock=clock) as simulator, aiohttp.ClientSession(cookie_jar=jar) as session:
        client = Sap(simulator, session, clock)
        await client.fetch()
        yield client
