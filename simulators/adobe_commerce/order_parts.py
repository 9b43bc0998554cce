"""What a shopper states when an order is placed; the body of POST /_sim/orders.

Whoever places a test order states only what the test is about: the rest is a fictitious buyer's.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]


class LineSeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row.  `qty` of a child is per unit of its parent; discount and tax are those of the whole row.

    A parent whose children ship separately (a bundle) is shipped by its children's rows, else by its own; one that is
    priced by its children is invoiced by their rows.  `options` are custom options, `configuration` those of a
    configurable, both value by id.
    """

    sku: Text
    qty: Decimal
    name: str = ""
    price: Decimal | None = None
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    tax_percent: Decimal = Decimal(0)
    product_type: str = ""
    children: "list[LineSeed]" = []
    ship_separately: bool = False
    priced_by_children: bool = False
    options: dict[str, str] = {}
    configuration: dict[str, int] = {}
    gift_message: str = ""


class AddressSeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    firstname: str = "Test"
    lastname: str = "Buyer"
    company: str | None = None
    street: list[str] = msgspec.field(default_factory=lambda: ["1 Example Street"])
    city: str = "Springfield"
    region: str | None = "Illinois"
    region_code: str | None = "IL"
    postcode: str = "62701"
    country_id: str = "US"
    telephone: str = "+1 202 555 0100"
    vat_id: str | None = None


class CustomerSeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No `id` is a guest; `company_id` is a company of the B2B modules."""

    email: str = "buyer@example.com"
    firstname: str = "Test"
    lastname: str = "Buyer"
    id: int | None = None
    group_id: int = 0
    taxvat: str | None = None
    company_id: int | None = None
    company_name: str | None = None


class PaymentSeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    method: str = "checkmo"
    po_number: str | None = None
    last_trans_id: str | None = None
    amount_authorized: Decimal | None = None


class OrderSeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`force` places it even where too little can be sold; `shipping` null is a virtual order.

    Without a `store_id` it is placed in the store view of its website.
    """

    items: Annotated[list[LineSeed], msgspec.Meta(min_length=1)]
    website: str = "base"
    increment_id: str = ""
    force: bool = False
    customer: CustomerSeed = CustomerSeed()
    billing: AddressSeed = AddressSeed()
    shipping: AddressSeed | None = AddressSeed()
    shipping_method: str = "flatrate_flatrate"
    shipping_amount: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)
    payment: PaymentSeed = PaymentSeed()
    currency: str = "USD"
    store_id: int | None = None
    customer_note: str | None = None
    coupon_code: str | None = None
