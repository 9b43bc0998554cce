"""Invoices and credit memos.

Facts: magento/magento2 Sales/Model/InvoiceOrder, RefundOrder, Order/Validation/CanInvoice, CanRefund and
Order/Creditmemo/Validation/QuantityValidator (read, not run).  The whole shipping amount goes on the first invoice,
and on the first credit memo that does not state one.  Stock goes back only where the request asks for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.adobe_commerce.inventory import IN_STOCK, Inventory
from simulators.adobe_commerce.order_rows import ZERO, OrderItem, money
from simulators.adobe_commerce.orders import CANCELED, CLOSED, HELD, Order
from simulators.adobe_commerce.shipments import DocumentItem

Asked = Mapping[int, Decimal] | None


class RefusedError(Exception):
    """The document's validators refuse it; every line is one complaint."""


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice or a credit memo; amounts are in the order's currency."""

    id: int
    order: Order
    created_at: float
    items: Sequence[DocumentItem]
    comments: Sequence[Mapping[str, object]]
    shipping: Decimal
    grand_total: Decimal
    adjustment: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRefund:
    """`shipping` None refunds all of it; `back_to_stock` are ids of order rows."""

    asked: Asked
    shipping: Decimal | None = None
    adjustment: Decimal = ZERO
    back_to_stock: frozenset[int] = frozenset()
    source_code: str | None = None


@dataclass(slots=True)
class Bills:
    """Every invoice and every credit memo; the ids of each start at 1."""

    invoices: dict[int, Bill] = field(default_factory=dict)
    credit_memos: dict[int, Bill] = field(default_factory=dict)
    _last_item_id: int = 0

    def invoice(self, order: Order, asked: Asked, comments: Sequence[Mapping[str, object]], *, now: float) -> Bill:
        """All that is left where nothing is asked for.  Raises RefusedError."""
        if not order.can_invoice:
            raise RefusedError(f"An invoice cannot be created when an order has a status of {order.status}.")
        lines = _lines_to_invoice(order, asked)
        shipping = order.placed.shipping_amount - order.shipping_invoiced
        total = money(_charges(lines) + _with_tax(order, shipping))
        bill = Bill(len(self.invoices) + 1, order, now, self._rows(lines), comments, shipping, total)
        for item, quantity in _families(lines):
            item.invoiced += quantity
        order.shipping_invoiced += shipping
        order.paid += total
        order.follow_documents(in_progress=True)
        order.updated_at = now
        self.invoices[bill.id] = bill
        return bill

    def refund(
        self,
        inventory: Inventory,
        order: Order,
        wanted: WantedRefund,
        comments: Sequence[Mapping[str, object]],
        *,
        now: float,
    ) -> Bill:
        """Offline.  Raises RefusedError."""
        lines = _lines_to_refund(order, wanted.asked)
        left = order.shipping_invoiced - order.shipping_refunded
        shipping = left if wanted.shipping is None else wanted.shipping
        total = money(_charges(lines) + _with_tax(order, shipping) + wanted.adjustment)
        if refused := list(_complaints(order, lines, total=total, shipping_left=left > 0)):
            raise RefusedError("\n".join(refused))
        bill = Bill(
            len(self.credit_memos) + 1, order, now, self._rows(lines), comments, shipping, total, wanted.adjustment
        )
        for item, quantity in _families(lines):
            _give_back(inventory, order, wanted, item, quantity)
            item.refunded += quantity
        order.shipping_refunded += shipping
        order.refunded += total
        order.follow_documents(in_progress=False)
        order.updated_at = now
        self.credit_memos[bill.id] = bill
        return bill

    def _rows(self, lines: Sequence[tuple[OrderItem, Decimal]]) -> list[DocumentItem]:
        rows = []
        for item, quantity in _families(lines):
            self._last_item_id += 1
            rows.append(DocumentItem(self._last_item_id, item, quantity))
        return rows


def _lines_to_invoice(order: Order, asked: Asked) -> list[tuple[OrderItem, Decimal]]:
    lines = []
    for item in order.items:
        quantity = item.to_invoice if asked is None else asked.get(item.id, ZERO)
        if quantity > 0 and item.is_invoiced_itself:
            if quantity > item.to_invoice:
                raise RefusedError(
                    "The quantity to invoice must not be greater than the uninvoiced quantity"
                    f' for product SKU "{item.sku}".'
                )
            lines.append((item, quantity))
    if not lines:
        raise RefusedError("The invoice can't be created without products. Add products and try again.")
    return lines


def _lines_to_refund(order: Order, asked: Asked) -> list[tuple[OrderItem, Decimal]]:
    wanted = [
        (item, item.to_refund if asked is None else asked.get(item.id, ZERO))
        for item in order.items
        if item.is_invoiced_itself
    ]
    return [(item, quantity) for item, quantity in wanted if quantity > 0]


def _complaints(
    order: Order, lines: Sequence[tuple[OrderItem, Decimal]], *, total: Decimal, shipping_left: bool
) -> Iterator[str]:
    """Of a refund, in the order of Commerce's validators."""
    if order.state in {HELD, CANCELED, CLOSED}:
        yield f"A creditmemo can not be created when an order has a status of {order.status}"
    elif not any(item.to_refund > 0 for item in order.items):
        yield "The order does not allow a creditmemo to be created."
    for item, quantity in lines:
        if quantity > item.to_refund:
            yield (
                "The quantity to creditmemo must not be greater than the unrefunded quantity"
                f' for product SKU "{item.sku}".'
            )
    if total <= 0:
        yield "The credit memo's total must be positive."
    elif not lines and not shipping_left:
        yield "You can't create a creditmemo without products."
    if total > order.paid - order.refunded:
        yield f"The most money available to refund is {money(order.paid - order.refunded)}."


def _give_back(inventory: Inventory, order: Order, wanted: WantedRefund, item: OrderItem, quantity: Decimal) -> None:
    """What was never shipped is no longer promised; what was, comes back only where it is asked for."""
    if item.children:
        return
    unshipped = max(item.refunded + quantity - item.shipped, ZERO) - max(item.refunded - item.shipped, ZERO)
    if unshipped:
        inventory.reserve(order.stock_id, item.sku, unshipped, reason="creditmemo_created", order_id=order.id)
    row = inventory.find(wanted.source_code or "", item.sku)
    if item.id in wanted.back_to_stock and row is not None:
        inventory.put(row.source_code, row.sku, row.quantity + quantity - unshipped, IN_STOCK)


def _families(lines: Sequence[tuple[OrderItem, Decimal]]) -> list[tuple[OrderItem, Decimal]]:
    return [row for item, quantity in lines for row in item.family(quantity)]


def _charges(lines: Sequence[tuple[OrderItem, Decimal]]) -> Decimal:
    return sum((item.charge(quantity) for item, quantity in lines), ZERO)


def _with_tax(order: Order, shipping: Decimal) -> Decimal:
    whole = order.placed.shipping_amount
    return shipping + (order.placed.shipping_tax * shipping / whole if whole else ZERO)
