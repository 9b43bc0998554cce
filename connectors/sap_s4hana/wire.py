"""The JSON of API_SALES_ORDER_SRV and nothing of ours: bytes ↔ values.

OData V2 writes decimals as text, dates as `/Date(ms)/` and lists below `results`; a list that was not asked for is
`__deferred` and reads as empty.  Field names and lengths: API_SALES_ORDER_SRV.openapi.json.
"""

import re
from typing import Generic, TypeVar

import msgspec
from msgspec import field

T = TypeVar("T")

_DAY = 86_400_000
_TIME = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(?:\.\d+)?S)?")
_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{1,4})?\)/")


class Results(msgspec.Struct, Generic[T], frozen=True):
    results: tuple[T, ...] = ()


class _Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """What is not stated is not sent, so that SAP takes its own from master data and customizing."""


class TextBody(_Body, frozen=True, kw_only=True):
    language: str
    long_text_id: str = field(name="LongTextID")
    long_text: str


class PriceBody(_Body, frozen=True, kw_only=True):
    """A condition; step and counter are given by SAP's pricing procedure."""

    condition_type: str
    condition_rate_value: str
    condition_currency: str | None = None
    condition_quantity: str | None = None
    condition_quantity_unit: str | None = None


class AddressBody(_Body, frozen=True, kw_only=True):
    """An address of this document only; the empty code is the address in the sender's own script."""

    code: str = field(name="AddressRepresentationCode")
    organization_name1: str | None = None
    organization_name2: str | None = None
    street_name: str | None = None
    street_suffix_name1: str | None = None
    street_suffix_name2: str | None = None
    street_prefix_name1: str | None = None
    city_name: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None
    phone_number: str | None = None


class PartnerBody(_Body, frozen=True, kw_only=True):
    partner_function: str
    customer: str
    address: Results[AddressBody] | None = field(default=None, name="to_Address")


class ItemBody(_Body, frozen=True, kw_only=True):
    sales_order_item: str
    higher_level_item: str | None = None
    sales_order_item_category: str | None = None
    sales_order_item_text: str | None = None
    material: str
    requested_quantity: str
    requested_quantity_unit: str | None = None
    production_plant: str | None = None
    prices: Results[PriceBody] | None = field(default=None, name="to_PricingElement")
    texts: Results[TextBody] | None = field(default=None, name="to_Text")


class OrderBody(_Body, frozen=True, kw_only=True):
    """A deep insert: all of it is made in one call, or nothing."""

    sales_order_type: str
    sales_organization: str
    distribution_channel: str
    organization_division: str
    sold_to_party: str
    purchase_order_by_customer: str
    purchase_order_by_ship_to_party: str | None = None
    customer_purchase_order_date: str | None = None
    transaction_currency: str
    requested_delivery_date: str | None = None
    shipping_condition: str | None = None
    customer_payment_terms: str | None = None
    assignment_reference: str | None = None
    items: Results[ItemBody] = field(name="to_Item")
    partners: Results[PartnerBody] | None = field(default=None, name="to_Partner")
    prices: Results[PriceBody] | None = field(default=None, name="to_PricingElement")
    texts: Results[TextBody] | None = field(default=None, name="to_Text")


class RejectionBody(_Body, frozen=True, kw_only=True):
    sales_document_rjcn_reason: str


class Metadata(msgspec.Struct, frozen=True):
    """Of one entity; items of some releases have no etag of their own, then the order's counts."""

    etag: str | None = None


class _Row(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    metadata: Metadata = field(name="__metadata", default=Metadata())


class TextRow(_Row, frozen=True, kw_only=True):
    long_text_id: str = field(default="", name="LongTextID")
    long_text: str = ""


class HeadItemRow(_Row, frozen=True, kw_only=True):
    """An item that came with its head."""

    sales_order_item: str


class OrderRow(_Row, frozen=True, kw_only=True):
    """The head as it is read; statuses are single letters, empty where they do not apply."""

    sales_order: str
    purchase_order_by_customer: str | None = None
    process_status: str | None = field(default=None, name="OverallSDProcessStatus")
    rejection_status: str | None = field(default=None, name="OverallSDDocumentRejectionSts")
    total_credit_check_status: str | None = None
    total_block_status: str | None = None
    overall_total_delivery_status: str | None = None
    last_change_date_time: str | None = None
    currency: str | None = field(default=None, name="TransactionCurrency")
    items: Results["HeadItemRow"] = field(default=Results(), name="to_Item")
    texts: Results[TextRow] = field(default=Results(), name="to_Text")

    def __post_init__(self) -> None:
        if not self.sales_order:
            raise ValueError("an order without its number")

    @property
    def number(self) -> str:
        return self.sales_order


class ScheduleLineRow(_Row, frozen=True, kw_only=True):
    confirmed_delivery_date: str | None = None
    schedule_line_order_quantity: str = "0"
    confirmed_quantity: str = field(default="0", name="ConfdOrderQtyByMatlAvailCheck")


class FlowRow(_Row, frozen=True, kw_only=True):
    subsequent_document: str = ""
    subsequent_document_category: str = ""
    process_status: str | None = field(default=None, name="SDProcessStatus")
    creation_date: str | None = None
    creation_time: str | None = None


class ItemRow(_Row, frozen=True, kw_only=True):
    sales_order_item: str
    rejection_reason: str | None = field(default=None, name="SalesDocumentRjcnReason")
    delivery_status: str | None = None
    material: str = ""
    requested_quantity: str = "0"
    texts: Results[TextRow] = field(default=Results(), name="to_Text")
    schedule_lines: Results[ScheduleLineRow] = field(default=Results(), name="to_ScheduleLine")
    flow: Results[FlowRow] = field(default=Results(), name="to_SubsequentProcFlowDocItem")


class ProductRow(_Row, frozen=True, kw_only=True):
    """A product of API_PRODUCT_SRV."""

    product: str
    is_marked_for_deletion: bool | None = None
    cross_plant_status: str | None = None
    valid_from: str | None = field(default=None, name="CrossPlantStatusValidityDate")
    item_category_group: str | None = None
    base_unit: str | None = None
    last_change_date_time: str

    def __post_init__(self) -> None:
        if not self.product:
            raise ValueError("a product without its number")


class One(msgspec.Struct, Generic[T], frozen=True):
    d: T


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`count` is of all pages (`$inlinecount=allpages`)."""

    results: tuple[T, ...]
    count: int = field(name="__count")


class ErrorText(msgspec.Struct, frozen=True):
    value: str = ""


class ErrorDetail(msgspec.Struct, frozen=True):
    code: str = ""
    message: str | None = None


class InnerError(msgspec.Struct, frozen=True):
    errordetails: list[ErrorDetail] = field(default_factory=list)


class ErrorEntry(msgspec.Struct, frozen=True):
    """`message` is an object in V2 and a text in what some gateways put in front of it."""

    code: str = ""
    message: ErrorText | str = ""
    innererror: InnerError | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    error: ErrorEntry


encode = msgspec.json.Encoder().encode

decode_order = msgspec.json.Decoder(One[OrderRow]).decode
decode_orders = msgspec.json.Decoder(One[Page[OrderRow]], strict=False).decode
decode_items = msgspec.json.Decoder(One[Page[ItemRow]], strict=False).decode
decode_products = msgspec.json.Decoder(One[Page[ProductRow]], strict=False).decode
decode_error = msgspec.json.Decoder(ErrorBody, strict=False).decode


def to_date(micros: int) -> str:
    """The day in UTC, as V2 writes it: SAP's date fields have no time."""
    milliseconds = micros // 1000
    return f"/Date({milliseconds - milliseconds % _DAY})/"


def from_date(text: str) -> int:
    """Micros.

    Raises:
        ValueError: not a V2 date.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError("not a date of OData V2")
    return int(found[1]) * 1000


def from_time(text: str) -> int:
    """Micros since midnight.

    Raises:
        ValueError: not a V2 time.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a time of OData V2")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (hours * 3600 + minutes * 60 + seconds) * 1_000_000
