"""Commerce's JSON and nothing of ours: bytes ↔ values with exact numbers.

Quantities are Decimal and stand in JSON as numbers with the digits they have: 190.7 is neither "190.7" nor
190.70000000000002.  Numbers that arrive as text ("190.7000", "1") are read too.
"""

from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

_MOST_DIGITS = 30


def check_quantity(quantity: Decimal) -> None:
    """Refuse what no warehouse has, before anybody writes its digits out.

    Raises:
        ValueError: not finite, or more than 30 digits before or after the point.
    """
    if not quantity.is_finite() or abs(quantity.adjusted()) > _MOST_DIGITS:
        raise ValueError("a quantity must be a finite number of at most 30 digits")


class SourceItemRow(msgspec.Struct, frozen=True):
    """A row of `inventory/source-items`; status 1 is in stock, 0 is out of stock."""

    sku: str
    source_code: str
    quantity: Decimal
    status: int

    def __post_init__(self) -> None:
        check_quantity(self.quantity)


class ListedItemRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `inventory/source-items` whose source was asked for."""

    sku: str
    quantity: Decimal
    status: int


class SourceRow(msgspec.Struct, frozen=True):
    """A row of `inventory/sources`; the stock of one that is not enabled counts nowhere."""

    source_code: str
    enabled: bool = True


class StockSourceLinkRow(msgspec.Struct, frozen=True):
    stock_id: int
    source_code: str


class ProductRow(msgspec.Struct, frozen=True):
    sku: str


class StockItemRow(msgspec.Struct, frozen=True):
    """The legacy stock item; `item_id` is None where the product has no stock row yet."""

    qty: Decimal | None = None
    is_in_stock: bool = False
    item_id: int | None = None

    def __post_init__(self) -> None:
        if self.qty is not None:
            check_quantity(self.qty)


class StockItemChange(msgspec.Struct, frozen=True):
    """The two fields that are ours; the server keeps the others as they are."""

    qty: Decimal
    is_in_stock: bool


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of any list route; `total_count` counts all pages."""

    items: tuple[T, ...]
    total_count: int


class SourceItemsBody(msgspec.Struct, frozen=True):
    rows: tuple[SourceItemRow, ...] = msgspec.field(name="sourceItems")


class StockItemBody(msgspec.Struct, frozen=True):
    change: StockItemChange = msgspec.field(name="stockItem")


class ErrorEntry(msgspec.Struct, frozen=True):
    message: str = ""
    parameters: list[object] | dict[str, object] | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """`messages` is the form of a fatal PHP error, `oauth_problem` that of the sign-in routes."""

    message: str = ""
    parameters: list[object] | dict[str, object] | None = None
    errors: list[ErrorEntry] = msgspec.field(default_factory=list)
    messages: dict[str, list[ErrorEntry]] = msgspec.field(default_factory=dict)
    oauth_problem: str = ""


class AdminSignIn(msgspec.Struct, frozen=True):
    username: str
    password: str


encode = msgspec.json.Encoder(decimal_format="number").encode

decode_source_items = msgspec.json.Decoder(Page[SourceItemRow], strict=False).decode
decode_listed_items = msgspec.json.Decoder(Page[ListedItemRow], strict=False).decode
decode_sources = msgspec.json.Decoder(Page[SourceRow], strict=False).decode
decode_links = msgspec.json.Decoder(Page[StockSourceLinkRow], strict=False).decode
decode_products = msgspec.json.Decoder(Page[ProductRow], strict=False).decode
decode_stock_item = msgspec.json.Decoder(StockItemRow, strict=False).decode
decode_nothing = msgspec.json.Decoder(list[None], strict=True).decode
decode_id = msgspec.json.Decoder(int, strict=False).decode
decode_text = msgspec.json.Decoder(str).decode
decode_error = msgspec.json.Decoder(ErrorBody, strict=False).decode
