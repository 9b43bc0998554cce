"""Salesforce's JSON and nothing of ours: bytes ↔ values with exact numbers.

Members that are None are left out, so that what the org holds stays; only `OrderStatus` states everything.
Standard fields: object reference of the vendor.  Fields that end with `__c` are to be made in each org (README.md).
"""

from decimal import Decimal
from typing import Generic, TypeVar

import msgspec
from msgspec import field

T = TypeVar("T")

EXTERNAL_ID = "Commerce_Id__c"


class Parent(msgspec.Struct, frozen=True):
    """A relationship by external id instead of by record id."""

    commerce_id: str = field(name=EXTERNAL_ID)


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str | None = field(default=None, name="Name")
    number: str | None = field(default=None, name="AccountNumber")
    phone: str | None = field(default=None, name="Phone")
    street: str | None = field(default=None, name="BillingStreet")
    city: str | None = field(default=None, name="BillingCity")
    state: str | None = field(default=None, name="BillingState")
    postal_code: str | None = field(default=None, name="BillingPostalCode")
    country: str | None = field(default=None, name="BillingCountry")
    lifetime_value: Decimal | None = field(default=None, name="Commerce_Lifetime_Value__c")


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`TotalAmount` is Salesforce's own sum of the lines; ours stands in `grand_total`."""

    account: Parent | None = field(default=None, name="Account")
    effective_date: str | None = field(default=None, name="EffectiveDate")
    status: str | None = field(default=None, name="Status")
    price_book_id: str | None = field(default=None, name="Pricebook2Id")
    currency: str | None = field(default=None, name="CurrencyIsoCode")
    po_number: str | None = field(default=None, name="PoNumber")
    reference: str | None = field(default=None, name="OrderReferenceNumber")
    billing_street: str | None = field(default=None, name="BillingStreet")
    billing_city: str | None = field(default=None, name="BillingCity")
    billing_state: str | None = field(default=None, name="BillingState")
    billing_postal_code: str | None = field(default=None, name="BillingPostalCode")
    billing_country: str | None = field(default=None, name="BillingCountry")
    shipping_street: str | None = field(default=None, name="ShippingStreet")
    shipping_city: str | None = field(default=None, name="ShippingCity")
    shipping_state: str | None = field(default=None, name="ShippingState")
    shipping_postal_code: str | None = field(default=None, name="ShippingPostalCode")
    shipping_country: str | None = field(default=None, name="ShippingCountry")
    commerce_status: str | None = field(default=None, name="Commerce_Status__c")
    grand_total: Decimal | None = field(default=None, name="Commerce_Grand_Total__c")
    tax: Decimal | None = field(default=None, name="Commerce_Tax__c")
    shipping: Decimal | None = field(default=None, name="Commerce_Shipping__c")
    discount: Decimal | None = field(default=None, name="Commerce_Discount__c")


class OrderStatus(msgspec.Struct, frozen=True):
    """A date that is not promised any more is null."""

    commerce_status: str = field(name="Commerce_Status__c")
    expected_at: str | None = field(name="Commerce_Expected_At__c")


class Attributes(msgspec.Struct, frozen=True):
    type: str


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order line; its order and its price book entry can be stated when it is made, not afterwards."""

    attributes: Attributes | None = None
    commerce_id: str = field(name=EXTERNAL_ID)
    order_id: str | None = field(default=None, name="OrderId")
    entry_id: str | None = field(default=None, name="PricebookEntryId")
    quantity: Decimal = field(name="Quantity")
    unit_price: Decimal | None = field(default=None, name="UnitPrice")
    description: str | None = field(default=None, name="Description")


class Rows(msgspec.Struct, frozen=True):
    """Body of a collection call: all rows or none."""

    records: tuple[Item, ...]
    all_or_none: bool = field(default=True, name="allOrNone")


class Saved(msgspec.Struct, frozen=True):
    """Answer of an upsert; `id` is None where an update was answered without a body."""

    success: bool
    id: str | None = None

    def __post_init__(self) -> None:
        if not self.success:
            raise ValueError("a success that says it is none")


class RowProblem(msgspec.Struct, frozen=True):
    code: str = field(name="statusCode")
    fields: tuple[str, ...] = ()


class RowResult(msgspec.Struct, frozen=True):
    success: bool
    id: str | None = None
    errors: tuple[RowProblem, ...] = ()


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of a query; `next` leads to the following one."""

    records: tuple[T, ...]
    done: bool
    next: str | None = field(default=None, name="nextRecordsUrl")


class RecordRow(msgspec.Struct, frozen=True):
    id: str = field(name="Id")


class OrderRow(msgspec.Struct, frozen=True):
    """`category` is Draft or Activated, whatever the org calls its statuses."""

    id: str = field(name="Id")
    category: str = field(name="StatusCode")


class HeldRow(msgspec.Struct, frozen=True):
    """An order with our id."""

    id: str = field(name="Id")
    commerce_id: str = field(name=EXTERNAL_ID)


class LineOfRow(msgspec.Struct, frozen=True):
    """A line, by its order."""

    order_id: str = field(name="OrderId")


class ItemRow(msgspec.Struct, frozen=True):
    """None where somebody added the line by hand."""

    commerce_id: str | None = field(name=EXTERNAL_ID)


class Product(msgspec.Struct, frozen=True):
    code: str | None = field(name="ProductCode")


class EntryRow(msgspec.Struct, frozen=True):
    id: str = field(name="Id")
    product: Product = field(name="Product2")


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account as orders are checked against it; its time is in UTC."""

    id: str = field(name="Id")
    commerce_id: str | None = field(default=None, name=EXTERNAL_ID)
    number: str | None = field(default=None, name="AccountNumber")
    credit: str | None = field(default=None, name="Commerce_Credit__c")
    terms: str | None = field(default=None, name="Commerce_Terms__c")
    cost_centre: str | None = field(default=None, name="Commerce_Cost_Centre__c")
    needs_approval: bool | None = field(default=None, name="Commerce_Needs_Approval__c")
    modified: str = field(name="SystemModstamp")


class Problem(msgspec.Struct, frozen=True):
    """One error of an answer; its `message` is not read: validation rules may repeat what was sent."""

    code: str = field(name="errorCode")
    fields: tuple[str, ...] = ()


encode = msgspec.json.Encoder(decimal_format="number").encode

decode_saved = msgspec.json.Decoder(Saved).decode
decode_results = msgspec.json.Decoder(tuple[RowResult, ...]).decode
decode_records = msgspec.json.Decoder(Page[RecordRow]).decode
decode_orders = msgspec.json.Decoder(Page[OrderRow]).decode
decode_held = msgspec.json.Decoder(Page[HeldRow]).decode
decode_lines_of = msgspec.json.Decoder(Page[LineOfRow]).decode
decode_items = msgspec.json.Decoder(Page[ItemRow]).decode
decode_entries = msgspec.json.Decoder(Page[EntryRow]).decode
decode_accounts = msgspec.json.Decoder(Page[AccountRow]).decode
decode_problems = msgspec.json.Decoder(tuple[Problem, ...]).decode
