"""Settings of a small company, orders of all shapes, and the connector on a system that is a function."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from hypothesis import strategies as st

from connectors.core.calls import Dependencies
from connectors.core.order_ports import OrderTarget
from connectors.sap_s4hana.opening import open_ports
from connectors.sap_s4hana.settings import Settings
from schemas.micros import MICROS
from schemas.models.order import Address, Contact, Customer, Order, OrderLine, Payment, Totals
from tests.fakes.clock import FakeClock
from tests.unit.connectors.core.senders import Surroundings

Handler = Callable[[httpx.Request], httpx.Response]

BASIC = {"kind": "basic", "username": "SHOP_SYNC", "password": "secret-password"}
CONDITIONS = {"price": "PMP0", "discount": "DRV1", "tax": "TTX1", "shipping": "HD00", "shipping_tax": "HDT1"}


def settings(**given: Any) -> Settings:  # any setting by name
    company = {
        "base_url": "https://sap.example",
        "auth": BASIC,
        "sales_organization": "1710",
        "distribution_channel": "10",
        "organization_division": "00",
        "rejection_reason": "50",
    }
    return Settings.model_validate(company | given)


def line(line_id: str = "1", sku: str = "PUMP-200", quantity: int = MICROS, **given: Any) -> OrderLine:
    return OrderLine(line_id=line_id, sku=sku, quantity=quantity, **given)


def order(*lines: OrderLine, **given: Any) -> Order:
    fields: dict[str, Any] = {
        "event_id": "evt-1",
        "source_system": "commerce",
        "channel": "web",
        "number": "1",
        "currency": "USD",
        "placed_at": 1_772_439_330 * MICROS,
        "updated_at": 1_772_439_330 * MICROS,
        "customer": Customer(account_code="C-1004"),
        "billing": Address(country="US"),
        "lines": lines or (line(),),
        "totals": Totals(),
        "payment": Payment(),
    }
    return Order(**(fields | given))


@asynccontextmanager
async def target(handler: Handler, around: Surroundings | None = None, **given: Any) -> AsyncIterator[OrderTarget]:
    watched = around or Surroundings(clock=FakeClock())
    dependencies = Dependencies(
        clock=watched.clock,
        permit=watched.permit,
        observe=watched.seen.append,
        transport=httpx.MockTransport(handler),
    )
    ports = open_ports(settings(**given), dependencies)
    assert ports.orders is not None
    try:
        yield ports.orders
    finally:
        await ports.close()


# ── orders of all shapes ─────────────────────────────────────────────────────────────────────────

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MONEY = st.none() | st.integers(-(10**12), 10**12)
AMOUNTS = st.none() | st.integers(0, 10**12)
PAIRS = st.dictionaries(TEXTS, TEXTS.filter(bool), max_size=3)
LINES = st.builds(
    OrderLine,
    line_id=TEXTS.filter(bool),
    sku=st.text("ABC-/.0123456789", min_size=1, max_size=40),
    name=st.text(max_size=60),
    quantity=st.integers(1, 10**12).map(lambda thousandths: thousandths * 1000),
    unit=st.none() | st.sampled_from(["PC", "M", "KGM"]),
    price=AMOUNTS,
    row_total=AMOUNTS,
    discount=AMOUNTS,
    tax=AMOUNTS,
    tax_percent=AMOUNTS,
    make_to_order=st.booleans(),
    options=PAIRS,
    configuration=PAIRS,
    note=st.none() | TEXTS.filter(bool),
)
ADDRESSES = st.builds(
    Address,
    first_name=st.text("abc ", max_size=15),
    last_name=st.text("abc ", max_size=15),
    company=st.none() | st.text("abc ", max_size=40),
    street=st.lists(st.text("abc 1", max_size=40), max_size=4).map(tuple),
    city=st.text("abc", max_size=40),
    region_code=st.none() | st.text("ABC", max_size=5),
    postcode=st.none() | st.text("0123", max_size=10),
    country=st.just("US"),
    telephone=st.none() | st.text("+0123", max_size=30),
)
ORDERS = st.builds(
    order,
    channel=st.just("web"),
    customer=st.builds(
        Customer,
        email=st.sampled_from(["", "buyer@example.com"]),
        first_name=TEXTS,
        account_code=st.text("ABC0123456789", min_size=1, max_size=10),
        cost_centre=st.none() | st.text("ABC", max_size=25),
    ),
    contacts=st.lists(st.builds(Contact, role=st.just("site"), name=TEXTS), max_size=1).map(tuple),
    billing=ADDRESSES,
    shipping=st.none() | ADDRESSES,
    shipping_method=st.none() | st.sampled_from(["flatrate_flatrate", "pickup"]),
    lines=st.lists(LINES, min_size=1, max_size=4).map(tuple),
    totals=st.builds(
        Totals,
        subtotal=MONEY,
        discount=AMOUNTS,
        shipping=AMOUNTS,
        shipping_tax=AMOUNTS,
        tax=AMOUNTS,
        grand_total=MONEY,
    ),
    payment=st.builds(
        Payment,
        method=st.just("account"),
        terms=st.none() | st.sampled_from(["NET30", "0004"]),
        purchase_order=st.none() | st.text("PO-0123", max_size=45),
    ),
    instructions=st.none() | TEXTS.filter(bool),
    requested_at=st.none() | st.integers(0, 4 * 10**15),
    extras=PAIRS,
)
