"""What a shop says of its reservations: it lists none, so they follow from what it may sell, has, and has promised.

Quantities are whole micros.  None of these is stored or sent.
"""

import msgspec


class SalesStock(msgspec.Struct, frozen=True, gc=False):
    """A stock with the sources that count for it (enabled ones) and the sales channels that sell from it."""

    stock_id: int
    sources: tuple[str, ...]
    channels: tuple[str, ...]


class Salable(msgspec.Struct, frozen=True, gc=False):
    """What the shop says may still be sold of a SKU."""

    sku: str
    quantity: int


class SellingRules(msgspec.Struct, frozen=True, gc=False):
    """Of one product: how much is kept back, whether it is sold beyond what is there, whether it is counted at all."""

    threshold: int = 0
    backorders: bool = False
    manages_stock: bool = True


class PromisedLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of an order that has goods; `entity_id` counts up with time.

    `unshipped_refunded` is what was given back before it was shipped.  `is_over`: the order is in a final state, so
    nothing of it may be reserved any longer.
    """

    order_number: str
    entity_id: int
    state: str
    is_over: bool
    stock_id: int
    sku: str
    ordered: int
    shipped: int = 0
    cancelled: int = 0
    unshipped_refunded: int = 0

    @property
    def open(self) -> int:
        """What must be reserved for it."""
        if self.is_over:
            return 0
        return max(0, self.ordered - self.shipped - self.cancelled - self.unshipped_refunded)
