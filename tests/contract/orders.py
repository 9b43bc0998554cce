"""An order of a test buyer, for the suites of the order ports."""

from typing import Any

import msgspec

from schemas.models.order import Address, Contact, Customer, Order, OrderLine, Payment, Totals

ORDER_ID = "web-000000123"

ORDER = Order(
    event_id="evt-000000123-1",
    source_system="commerce",
    channel="web",
    number="000000123",
    entity_id="123",
    store="default",
    status="pending",
    currency="USD",
    placed_at=1_772_439_330_000_000,
    updated_at=1_772_439_330_000_000,
    customer=Customer(
        customer_id="17",
        email="buyer@example.com",
        first_name="Test",
        last_name="Buyer",
        company_id="4",
        company="Example Works",
        account_code="C-1004",
    ),
    contacts=(Contact(role="site", name="Test Contact", telephone="+1 202 555 0100"),),
    billing=Address(
        first_name="Test",
        last_name="Buyer",
        company="Example Works",
        street=("1 Example Street",),
        city="Springfield",
        region="Illinois",
        region_code="IL",
        postcode="62701",
        country="US",
        telephone="+1 202 555 0101",
        vat_id="US-000000",
    ),
    shipping=Address(
        first_name="Test",
        last_name="Buyer",
        street=("2 Example Street", "Dock 4"),
        city="Springfield",
        region_code="IL",
        postcode="62701",
        country="US",
    ),
    shipping_method="flatrate_flatrate",
    lines=(
        OrderLine(
            line_id="501",
            sku="PUMP-200",
            name="Pump 200",
            quantity=2_000_000,
            unit="EA",
            price=450_000_000,
            row_total=900_000_000,
            discount=90_000_000,
            tax=66_825_000,
            make_to_order=True,
            options={"Engraving": "Line 7"},
            configuration={"voltage": "400", "seal": "EPDM"},
            note="Handle with care",
        ),
        OrderLine(line_id="502", sku="CABLE-3X15", name="Cable 3 x 1.5", quantity=190_700_000, price=1_150_000),
    ),
    totals=Totals(
        subtotal=1_119_305_000,
        discount=90_000_000,
        shipping=25_000_000,
        shipping_tax=0,
        tax=66_825_000,
        grand_total=1_121_130_000,
    ),
    payment=Payment(method="purchaseorder", terms="NET30", purchase_order="PO-778"),
    instructions="Deliver to dock 4",
    requested_at=1_773_964_800_000_000,
)


def order(**changes: Any) -> Order:  # any field by name
    return msgspec.structs.replace(ORDER, **changes)
