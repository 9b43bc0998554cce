"""Every product that can be asked for what it holds, on its simulator, with the port that fills it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.holding_ports import Holdings
from connectors.core.registry import Ports
from schemas.models.order_event import EventLine
from simulators.adobe_commerce import AdobeCommerceSimulator
from simulators.adobe_commerce import Settings as ShopSettings
from simulators.core.clock import SystemClock
from simulators.netsuite import NetSuiteSimulator
from simulators.rest_finance import RestFinanceSimulator
from simulators.rest_wms import RestWmsSimulator
from simulators.salesforce import SalesforceSimulator
from simulators.salesforce.views import PRICE_BOOK
from simulators.sap_s4hana import SapS4HanaSimulator
from simulators.sap_s4hana import Settings as SapSettings
from tests.contract import rest_books, rest_warehouse, salesforce_org, sap_s4hana_system
from tests.contract.commerce_shop import with_address
from tests.contract.finance_target import booking
from tests.contract.order_targets.netsuite import BY_EXTERNAL_IDS, settings_for
from tests.contract.orders import ORDER
from tests.fakes.clock import FakeClock

Make = Callable[[str], Awaitable[None]]
"""Makes the document of a reference, as a sink would."""


class Opened(NamedTuple):
    """`forget` deletes a document past the API."""

    holdings: Holdings
    make: Make
    url: str

    async def forget(self, reference: str) -> None:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False) as control:
            (await control.post("/_sim/forget", json={"reference": reference})).raise_for_status()


def _opened(name: str, settings: Mapping[str, Any]) -> Ports:
    connector = registry.load(name)
    now = FakeClock(datetime.fromtimestamp(SystemClock().now(), UTC))
    return connector.open(connector.settings.model_validate(settings), Dependencies(clock=now))


def _holdings(ports: Ports) -> Holdings:
    assert ports.holdings is not None
    return ports.holdings


@asynccontextmanager
async def netsuite() -> AsyncIterator[Opened]:
    async with NetSuiteSimulator(seed=BY_EXTERNAL_IDS) as simulator:
        ports = _opened("netsuite", settings_for(simulator))
        orders = ports.orders
        assert orders is not None

        async def make(order_id: str) -> None:
            await orders.create_order(order_id, ORDER)

        yield Opened(_holdings(ports), make, simulator.url)
        await ports.close()


@asynccontextmanager
async def sap_s4hana() -> AsyncIterator[Opened]:
    async with SapS4HanaSimulator(SapSettings()) as simulator:
        auth = sap_s4hana_system.credential("oauth2", simulator)
        ports = _opened("sap_s4hana", {**sap_s4hana_system.COMPANY, "auth": auth, "base_url": simulator.url})
        orders = ports.orders
        assert orders is not None

        async def make(order_id: str) -> None:
            await orders.create_order(order_id, ORDER)

        yield Opened(_holdings(ports), make, simulator.url)
        await ports.close()


@asynccontextmanager
async def salesforce() -> AsyncIterator[Opened]:
    async with SalesforceSimulator() as simulator:
        auth = salesforce_org.credential("client_credentials")
        ports = _opened("salesforce", {"auth": auth, "price_book_id": PRICE_BOOK, "base_url": simulator.url})
        crm = ports.crm
        assert crm is not None
        async with httpx.AsyncClient(base_url=simulator.url, trust_env=False) as control:
            skus = [line.sku for line in ORDER.lines]
            (await control.put("/_sim/state", json={"products": skus})).raise_for_status()

        async def make(order_id: str) -> None:
            await crm.record_order(order_id, ORDER, status="accepted")

        yield Opened(_holdings(ports), make, simulator.url)
        await ports.close()


@asynccontextmanager
async def rest_wms() -> AsyncIterator[Opened]:
    async with RestWmsSimulator() as simulator:
        ports = _opened("rest_wms", {"auth": rest_warehouse.credential("bearer"), "base_url": simulator.url})
        tasks = ports.tasks
        assert tasks is not None

        async def make(task_id: str) -> None:
            lines = [EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in ORDER.lines]
            await tasks.create_task(task_id, "web-1", ORDER, source_code="north", lines=lines)

        yield Opened(_holdings(ports), make, simulator.url)
        await ports.close()


@asynccontextmanager
async def rest_finance() -> AsyncIterator[Opened]:
    async with RestFinanceSimulator() as simulator:
        ports = _opened("rest_finance", {"auth": rest_books.credential(), "base_url": simulator.url})
        finance = ports.finance
        assert finance is not None

        async def make(reference: str) -> None:
            await finance.post(booking(reference=reference))

        yield Opened(_holdings(ports), make, simulator.url)
        await ports.close()


@asynccontextmanager
async def adobe_commerce() -> AsyncIterator[Opened]:
    async with AdobeCommerceSimulator(ShopSettings()) as simulator:
        auth = {"kind": "token", "username": "integration", "password": "simulated-password-1"}
        ports = _opened("adobe_commerce", with_address({"auth": auth}, simulator))

        async def make(number: str) -> None:
            body = {"items": [{"sku": "PUMP-P100", "qty": 2, "price": 10}], "increment_id": number, "force": True}
            async with httpx.AsyncClient(base_url=simulator.url, trust_env=False) as control:
                (await control.post("/_sim/orders", json={"website": "b2b", **body})).raise_for_status()

        yield Opened(_holdings(ports), make, simulator.url)
        await ports.close()


ALL = {made.__name__: made for made in (adobe_commerce, netsuite, rest_finance, rest_wms, salesforce, sap_s4hana)}
ORDER_TOTAL = ORDER.totals.grand_total
LINES = len(ORDER.lines)
__all__ = ["ALL", "LINES", "ORDER_TOTAL", "Opened"]
