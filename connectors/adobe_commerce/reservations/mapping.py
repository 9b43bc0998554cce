"""From Commerce's order rows to what must be reserved for them; pure."""

from collections.abc import Iterator
from decimal import Decimal

from connectors.adobe_commerce.orders.wire import ItemRow
from connectors.adobe_commerce.reservations.wire import OpenOrderRow, SellingRow
from connectors.adobe_commerce.wire import check_quantity
from schemas.models.reservation import PromisedLine, SellingRules

FINAL = ("complete", "closed", "canceled")
"""InventoryReservationCli/Model/GetCompleteOrderStateList (magento/inventory, read, not run)."""
_MICROS = 6
_ZERO = Decimal(0)


def lines_of(order: OpenOrderRow, stock_id: int) -> Iterator[PromisedLine]:
    """Rows with goods: a parent has none, and where the shop counts by the parent its part moves in proportion."""
    by_id = {str(item.item_id): item for item in order.items}
    parents = {str(item.parent_item_id) for item in order.items if item.parent_item_id is not None}
    for item in order.items:
        if str(item.item_id) not in parents:
            yield _line(order, item, by_id.get(str(item.parent_item_id)), stock_id)


def _line(order: OpenOrderRow, item: ItemRow, parent: ItemRow | None, stock_id: int) -> PromisedLine:
    state = order.state or ""
    shipped, refunded = _moved(item, parent, "qty_shipped"), _moved(item, parent, "qty_refunded")
    return PromisedLine(
        order_number=order.increment_id,
        entity_id=order.entity_id,
        state=state,
        is_over=state in FINAL,
        stock_id=stock_id,
        sku=item.sku,
        ordered=micros(item.qty_ordered),
        shipped=shipped,
        cancelled=_moved(item, parent, "qty_canceled"),
        unshipped_refunded=max(0, refunded - shipped),
    )


def _moved(item: ItemRow, parent: ItemRow | None, name: str) -> int:
    """By its own count or its parent's share: what moved further counts."""
    own = micros(getattr(item, name) or _ZERO)
    if parent is None or parent.qty_ordered <= 0:
        return own
    whole = micros(getattr(parent, name) or _ZERO) * micros(item.qty_ordered)
    return max(own, whole // micros(parent.qty_ordered))


def from_selling(row: SellingRow) -> SellingRules:
    return SellingRules(micros(row.min_qty or _ZERO), backorders=row.backorders > 0, manages_stock=row.manage_stock)


def micros(quantity: Decimal) -> int:
    """Whatever stands beyond six decimals is cut off: no column has it.  Raises ValueError for what nobody has."""
    check_quantity(quantity)
    return int(quantity.scaleb(_MICROS))
