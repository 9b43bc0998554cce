"""NetSuite's JSON and nothing of ours: bytes ↔ values with exact numbers.

Names are NetSuite's in camel case; fields that are None are not sent.  Quantities and money are Decimal and stand in
JSON as numbers with the digits they have.  Source: netsuite-rest.schema.json (salesOrder, salesOrderLine, nsError).
"""

from datetime import date
from decimal import Decimal

import msgspec


class Reference(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Another record, by internal id or by external id."""

    id: str | None = None
    external_id: str | None = None


class Choice(msgspec.Struct, frozen=True, rename="camel"):
    """A value of a list, by its id; `ref_name` is in the language of the integration's user."""

    id: str = ""
    ref_name: str = ""


class CountryCode(msgspec.Struct, frozen=True):
    id: str


class ShippingAddress(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    addressee: str | None = None
    attention: str | None = None
    addr1: str | None = None
    addr2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: CountryCode | None = None
    addr_phone: str | None = None


class BillingAddress(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Who is billed is the account's affair; the contract has no name here."""

    addr1: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: CountryCode | None = None


class Line(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """A line as it is sent; `amount` is the whole line before discount and tax."""

    item: Reference
    quantity: Decimal
    units: str | None = None
    price: Reference | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    description: str | None = None
    requested_date: date | None = None
    create_wo: bool | None = None
    tax_rate1: Decimal | None = None
    tax_amount: Decimal | None = None


class Lines(msgspec.Struct, frozen=True):
    items: tuple[Line, ...]


class SalesOrder(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """An order as it is sent."""

    entity: Reference
    subsidiary: Reference | None = None
    location: Reference | None = None
    currency: Reference | None = None
    other_ref_num: str | None = None
    tran_date: date | None = None
    memo: str | None = None
    email: str | None = None
    terms: Reference | None = None
    ship_method: Reference | None = None
    shipping_cost: Decimal | None = None
    discount_item: Reference | None = None
    discount_rate: Decimal | None = None
    subtotal: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None
    shipping_address: ShippingAddress | None = None
    billing_address: BillingAddress | None = None
    item: Lines


class ClosedLine(msgspec.Struct, frozen=True, rename="camel"):
    """`line` is the key of a line that exists."""

    line: int
    is_closed: bool


class ClosedLines(msgspec.Struct, frozen=True):
    items: tuple[ClosedLine, ...]


class Closing(msgspec.Struct, frozen=True):
    """A change that closes lines and leaves everything else as it is."""

    item: ClosedLines


class LineRecord(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is read of a line."""

    line: int
    description: str | None = None
    is_closed: bool = False
    expected_ship_date: date | None = None
    wo_id: str | None = None


class LineRecords(msgspec.Struct, frozen=True):
    items: tuple[LineRecord, ...] = ()


class SalesOrderRecord(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is read of an order; without its lines unless sub-resources were asked for."""

    id: str
    tran_id: str
    external_id: str | None = None
    status: Choice = Choice()
    item: LineRecords = LineRecords()


class RecordList(msgspec.Struct, frozen=True, rename="camel"):
    """A page of records, each as a link; only its form is looked at."""

    items: tuple[msgspec.Raw, ...]
    has_more: bool


class Question(msgspec.Struct, frozen=True):
    """A query in SuiteQL."""

    q: str


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document that changed, and the sales order that it belongs to; its times are local to the account's zone.

    NetSuite leaves out what is empty, and says numbers as text.
    """

    id: str
    type: str
    tranid: str
    status: str
    created: str
    modified: str
    total: Decimal | None = None
    hold: str | None = None
    order_number: str
    order_id: str


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of such a document; `description` is that of the line it was made from where it has none."""

    document: str
    key: str
    sku: str | None = None
    quantity: Decimal
    delivered: Decimal | None = None
    description: str | None = None
    expected: date | None = None
    closed: str = "F"


class ChangePage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[ChangeRow, ...]
    has_more: bool


class LinePage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[LineRow, ...]
    has_more: bool


class HeldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sales order with our id."""

    id: str
    number: str
    order_id: str
    total: Decimal | None = None
    currency: str | None = None


class HeldPage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[HeldRow, ...]
    has_more: bool


class LineCount(msgspec.Struct, frozen=True):
    """How many lines a document has."""

    document: str
    number: int


class LineCountPage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[LineCount, ...]
    has_more: bool


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item; its time is local to the account's zone.  `unit` is an id, `unit_name` what people read."""

    id: str
    sku: str
    modified: str
    inactive: str = "F"
    made: str = "F"
    unit: str | None = None
    unit_name: str | None = None


class PriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of an item's price matrix; `quantity` is where its break begins."""

    item: str
    level: str
    currency: str
    price: Decimal
    quantity: Decimal | None = None


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer; without name or address."""

    id: str
    code: str
    modified: str
    inactive: str = "F"
    hold: str | None = None
    balance: Decimal | None = None
    credit_limit: Decimal | None = None
    terms: str | None = None
    terms_name: str | None = None


class ItemPage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[ItemRow, ...]
    has_more: bool


class PricePage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[PriceRow, ...]
    has_more: bool


class CustomerPage(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[CustomerRow, ...]
    has_more: bool


class ErrorDetail(msgspec.Struct, frozen=True):
    detail: str = ""
    code: str = msgspec.field(default="", name="o:errorCode")
    path: str = msgspec.field(default="", name="o:errorPath")
    query_parameter: str = msgspec.field(default="", name="o:errorQueryParam")
    header: str = msgspec.field(default="", name="o:errorHeader")

    @property
    def place(self) -> str:
        """What of the request is wrong, where NetSuite says it."""
        return self.path or self.query_parameter or self.header


class ErrorBody(msgspec.Struct, frozen=True):
    details: tuple[ErrorDetail, ...] = msgspec.field(name="o:errorDetails")
    title: str = ""


class Grant(msgspec.Struct, frozen=True):
    """A token; `expires_in` comes as text."""

    access_token: str
    expires_in: float


encode = msgspec.json.Encoder(decimal_format="number").encode

decode_record = msgspec.json.Decoder(SalesOrderRecord, strict=False).decode
decode_list = msgspec.json.Decoder(RecordList, strict=False).decode
decode_changes = msgspec.json.Decoder(ChangePage, strict=False).decode
decode_lines = msgspec.json.Decoder(LinePage, strict=False).decode
decode_held = msgspec.json.Decoder(HeldPage, strict=False).decode
decode_line_counts = msgspec.json.Decoder(LineCountPage, strict=False).decode
decode_item_rows = msgspec.json.Decoder(ItemPage, strict=False).decode
decode_prices = msgspec.json.Decoder(PricePage, strict=False).decode
decode_customers = msgspec.json.Decoder(CustomerPage, strict=False).decode
decode_error = msgspec.json.Decoder(ErrorBody, strict=False).decode
decode_grant = msgspec.json.Decoder(Grant, strict=False).decode
