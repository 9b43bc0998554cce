"""An order as its channel placed it: everything that ERP, WMS, CRM and finance are told.

Quantities and money are whole micros, times microseconds since 1970 in UTC; money that the channel did not state is
None, never 0.  Personal data is in `customer`,
`contacts`, `billing` and `shipping` only: nothing of those goes into a log, a metric or a reason.
Source: schemas/avro/commerce.order.v1.avsc.
"""

import msgspec


class Address(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`country` is ISO 3166-1 alpha-2; `region_code` as the channel writes it."""

    first_name: str = ""
    last_name: str = ""
    company: str | None = None
    street: tuple[str, ...] = ()
    city: str = ""
    region: str | None = None
    region_code: str | None = None
    postcode: str | None = None
    country: str = ""
    telephone: str | None = None
    vat_id: str | None = None


class Contact(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A person to speak to about the order; `role` is the channel's word."""

    role: str
    name: str = ""
    email: str | None = None
    telephone: str | None = None


class Customer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Who ordered; `account_code` and `cost_centre` are the ERP's, where the channel knows them."""

    customer_id: str | None = None
    group: str | None = None
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    company_id: str | None = None
    company: str | None = None
    account_code: str | None = None
    cost_centre: str | None = None
    tax_id: str | None = None


class OrderLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`price` is of one unit before discount; `row_total` before discount and tax."""

    line_id: str
    parent_line_id: str | None = None
    sku: str
    name: str = ""
    quantity: int
    unit: str | None = None
    price: int | None = None
    row_total: int | None = None
    discount: int | None = None
    tax: int | None = None
    tax_percent: int | None = None
    make_to_order: bool = False
    options: dict[str, str] = {}
    configuration: dict[str, str] = {}
    note: str | None = None


class Totals(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Of the whole order, in its currency."""

    subtotal: int | None = None
    discount: int | None = None
    shipping: int | None = None
    shipping_tax: int | None = None
    tax: int | None = None
    grand_total: int | None = None


class Payment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How it is paid; no card data, ever."""

    method: str = ""
    terms: str | None = None
    purchase_order: str | None = None
    transaction_id: str | None = None
    authorised: int | None = None
    captured: int | None = None
    refunded: int | None = None


class Order(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`number` is the channel's order number; `entity_id` the channel's inner id, where it has one."""

    event_id: str
    source_system: str
    channel: str
    number: str
    entity_id: str | None = None
    store: str | None = None
    status: str = ""
    currency: str
    placed_at: int
    updated_at: int
    customer: Customer
    contacts: tuple[Contact, ...] = ()
    billing: Address
    shipping: Address | None = None
    shipping_method: str | None = None
    lines: tuple[OrderLine, ...]
    totals: Totals
    payment: Payment
    instructions: str | None = None
    approval: str | None = None
    requested_at: int | None = None
    extras: dict[str, str] = {}
