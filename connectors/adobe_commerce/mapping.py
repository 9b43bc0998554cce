"""Between our stock rows and Commerce's; pure, both directions."""

from decimal import Decimal

from connectors.adobe_commerce.wire import ListedItemRow, SourceItemRow, StockItemChange, StockItemRow, check_quantity
from schemas.models.source_item import SourceItem

_IN_STOCK = 1
_OUT_OF_STOCK = 0


def to_source_item_row(item: SourceItem) -> SourceItemRow:
    """Both quantity and status are always stated: the validators demand them."""
    status = _IN_STOCK if item.in_stock else _OUT_OF_STOCK
    return SourceItemRow(item.sku, item.source_code, plain(item.quantity), status)


def from_source_item_row(row: SourceItemRow) -> SourceItem:
    return SourceItem(row.sku, row.source_code, plain(row.quantity), row.status == _IN_STOCK)


def from_listed_row(row: ListedItemRow, source_code: str) -> SourceItem:
    """The quantity keeps the digits that it came with: there are many rows, and they are only compared.

    Raises:
        ValueError: a quantity that no warehouse has.
    """
    check_quantity(row.quantity)
    return SourceItem(row.sku, source_code, row.quantity, row.status == _IN_STOCK)


def to_stock_item_change(item: SourceItem) -> StockItemChange:
    return StockItemChange(plain(item.quantity), item.in_stock)


def from_stock_item_row(row: StockItemRow, sku: str, source_code: str) -> SourceItem | None:
    """None where the product has no stock row: nothing is shown for it."""
    if row.item_id is None or row.qty is None:
        return None
    return SourceItem(sku, source_code, plain(row.qty), row.is_in_stock)


def plain(quantity: Decimal) -> Decimal:
    """The same number without exponent or trailing zeros, so that it is written as people write it.

    Raises:
        ValueError: not finite, or of a size that no warehouse has.
    """
    check_quantity(quantity)
    text = format(quantity, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text) if quantity else Decimal(0)
