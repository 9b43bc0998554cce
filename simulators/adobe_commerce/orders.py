"""Orders: what is reserved when one is placed or cancelled, and which state follows from its documents.

Facts: magento/magento2 Sales/Model/Order (canCancel, registerCancellation), Order/OrderStateResolver; magento/inventory
InventorySales (read, not run).  Placing an order reserves on the stock; no source is chosen yet.  A parent row has no
stock of its own: its children have.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.adobe_commerce.inventory import Inventory
from simulators.adobe_commerce.order_parts import LineSeed, OrderSeed
from simulators.adobe_commerce.order_rows import ZERO, OrderItem, money

NEW, PROCESSING, COMPLETE, CLOSED, CANCELED, HELD = "new", "processing", "complete", "closed", "canceled", "holded"
DEFAULT_STATUS = {NEW: "pending"}
"""In every other state the default status is called like the state."""
DONE = frozenset({COMPLETE, CLOSED, CANCELED})


class NotAvailableError(Exception):
    """Less than asked for can be sold, or is at the source."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A row of the order's history; `status` None is a note without one."""

    id: int
    comment: str
    status: str | None
    is_customer_notified: int
    is_visible_on_front: int
    created_at: float


@dataclass(slots=True)
class Order:
    """`placed` is what the shopper stated; `paid` and the amounts after it follow from invoices and credit memos."""

    id: int
    increment_id: str
    stock_id: int
    created_at: float
    placed: OrderSeed
    store_id: int
    items: list[OrderItem]
    updated_at: float
    state: str = NEW
    status: str = DEFAULT_STATUS[NEW]
    held_in: str | None = None
    ext_order_id: str | None = None
    history: list[Remark] = field(default_factory=list)
    paid: Decimal = ZERO
    refunded: Decimal = ZERO
    shipping_invoiced: Decimal = ZERO
    shipping_refunded: Decimal = ZERO

    @property
    def subtotal(self) -> Decimal:
        return sum((item.row_total for item in self.items if item.parent is None), ZERO)

    @property
    def discount(self) -> Decimal:
        return sum((item.line.discount for item in self.items), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((item.line.tax for item in self.items), ZERO) + self.placed.shipping_tax

    @property
    def grand_total(self) -> Decimal:
        return money(self.subtotal - self.discount + self.placed.shipping_amount + self.tax)

    @property
    def can_ship(self) -> bool:
        is_open = self.state not in {CANCELED, HELD} and self.placed.shipping is not None
        return is_open and any(item.is_shipped_itself and item.left > 0 for item in self.items)

    @property
    def can_invoice(self) -> bool:
        return self.state not in DONE | {HELD} and any(
            item.is_invoiced_itself and item.to_invoice > 0 for item in self.items
        )

    def enter(self, state: str) -> None:
        self.state, self.status = state, DEFAULT_STATUS.get(state, state)

    def follow_documents(self, *, in_progress: bool) -> None:
        """The state cannot be set, it follows: `in_progress` after a shipment or an invoice."""
        if not self.can_invoice and not self.can_ship:
            if self.grand_total == 0 or self.paid > self.refunded:
                self.enter(COMPLETE)
            elif self.refunded:
                self.enter(CLOSED)
        elif self.state == NEW and in_progress:
            self.enter(PROCESSING)


@dataclass(slots=True)
class Orders:
    """Every order; ids start at 1."""

    orders: dict[int, Order] = field(default_factory=dict)
    _last_item_id: int = 0
    _last_remark_id: int = 0

    def place(self, inventory: Inventory, wanted: OrderSeed, prices: Mapping[str, Decimal], *, now: float) -> Order:
        """The website's stock must exist.  Appends one negative reservation per row that has stock."""
        stock = inventory.stock_of_website(wanted.website)
        if stock is None:
            raise NotAvailableError(f"no stock serves website {wanted.website}")
        order_id = len(self.orders) + 1
        items = [row for line in wanted.items for row in self._rows(line, prices)]
        number = wanted.increment_id or f"{order_id:09d}"
        store_id = inventory.websites[wanted.website] if wanted.store_id is None else wanted.store_id
        order = Order(order_id, number, stock.id, now, wanted, store_id, items, now)
        self.orders[order_id] = order
        for item in items:
            if not item.children:
                inventory.reserve(stock.id, item.sku, -item.ordered, reason="order_placed", order_id=order_id)
        return order

    def remark(
        self, order: Order, comment: str, status: str | None, *, notified: int, visible: int, now: float
    ) -> None:
        """Append a row to the history; with a status the order takes it."""
        self._last_remark_id += 1
        order.history.append(Remark(self._last_remark_id, comment, status, notified, visible, now))
        order.status = status or order.status
        order.updated_at = now

    def _rows(self, line: LineSeed, prices: Mapping[str, Decimal]) -> Iterator[OrderItem]:
        parent = self._row(line, line.qty, prices.get(line.sku, ZERO))
        parent.children = [self._child(parent, child, prices) for child in line.children]
        if line.priced_by_children and line.price is None:
            parent.price = sum((child.price * child.line.qty for child in parent.children), ZERO)
        yield parent
        yield from parent.children

    def _child(self, parent: OrderItem, line: LineSeed, prices: Mapping[str, Decimal]) -> OrderItem:
        price = prices.get(line.sku, ZERO) if parent.line.priced_by_children else ZERO
        child = self._row(line, line.qty * parent.ordered, price)
        child.parent = parent
        return child

    def _row(self, line: LineSeed, quantity: Decimal, price: Decimal) -> OrderItem:
        self._last_item_id += 1
        name = line.name or f"Product {line.sku}"
        return OrderItem(self._last_item_id, line, name, price if line.price is None else line.price, quantity)


def cancel(inventory: Inventory, order: Order, *, now: float) -> bool:
    """False where it cannot be: Commerce answers that with 200.

    What is invoiced stays; then the answer is true and the state is not `canceled`.
    """
    if order.state == HELD or not order.can_invoice:
        return False
    has_paid = any(item.to_refund > 0 for item in order.items)
    for row in [item for item in order.items if item.is_shipped_itself]:
        quantity = min(row.left, row.to_invoice) if row.is_invoiced_itself else row.left
        for item, part in row.family(quantity):
            item.cancelled += part
            if part and not item.children:
                inventory.reserve(order.stock_id, item.sku, part, reason="order_canceled", order_id=order.id)
    order.enter(CANCELED if not has_paid else PROCESSING if order.can_ship else COMPLETE)
    order.updated_at = now
    return True


def summed(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Quantity per SKU: two rows may name the same one."""
    total: dict[str, Decimal] = {}
    for sku, quantity in lines:
        total[sku] = total.get(sku, ZERO) + quantity
    return total
