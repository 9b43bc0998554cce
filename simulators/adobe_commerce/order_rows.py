"""The rows of an order: how much of each was shipped, invoiced, refunded, cancelled, and what is left to do.

Facts: magento/magento2 Sales/Model/Order/Item (getQtyToShip, getQtyToInvoice, isDummy; read, not run).  A configurable
or a bundle is a parent row with children; of a family either the parent or the children are shipped, and either is
invoiced; the other rows are moved along in proportion.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from simulators.adobe_commerce.inventory import FOUR_PLACES
from simulators.adobe_commerce.order_parts import LineSeed
from simulators.core.wire import plain

ZERO = Decimal(0)


@dataclass(slots=True)
class OrderItem:
    """`price` is of one unit, before discount and tax."""

    id: int
    line: LineSeed
    name: str
    price: Decimal
    ordered: Decimal
    parent: "OrderItem | None" = None
    children: list["OrderItem"] = field(default_factory=list)
    shipped: Decimal = ZERO
    invoiced: Decimal = ZERO
    refunded: Decimal = ZERO
    cancelled: Decimal = ZERO

    @property
    def sku(self) -> str:
        return self.line.sku

    @property
    def product_type(self) -> str:
        return self.line.product_type or ("bundle" if self.children else "simple")

    @property
    def is_shipped_itself(self) -> bool:
        if self.children:
            return not self.line.ship_separately
        return self.parent is None or self.parent.line.ship_separately

    @property
    def is_invoiced_itself(self) -> bool:
        if self.children:
            return not self.line.priced_by_children
        return self.parent is None or self.parent.line.priced_by_children

    @property
    def left(self) -> Decimal:
        """To be shipped."""
        return max(self.ordered - max(self.shipped, self.refunded) - self.cancelled, ZERO)

    @property
    def to_invoice(self) -> Decimal:
        return max(self.ordered - self.invoiced - self.cancelled, ZERO)

    @property
    def to_refund(self) -> Decimal:
        return max(self.invoiced - self.refunded, ZERO)

    @property
    def row_total(self) -> Decimal:
        return money(self.price * self.ordered)

    def family(self, quantity: Decimal) -> Iterator[tuple["OrderItem", Decimal]]:
        """This row with that quantity, and what of each child belongs to it."""
        yield self, quantity
        for child in self.children:
            yield child, plain(quantity * child.ordered / self.ordered)

    def charge(self, quantity: Decimal) -> Decimal:
        """What that much of the row costs: price, less discount, with tax; those of children that follow count."""
        extra = sum((row.line.tax - row.line.discount for row in (self, *self.children)), ZERO)
        return money((self.row_total + extra) * quantity / self.ordered)


def money(amount: Decimal) -> Decimal:
    """What the columns keep."""
    return plain(amount.quantize(FOUR_PLACES, ROUND_HALF_UP))
