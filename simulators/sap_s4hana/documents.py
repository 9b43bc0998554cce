"""What follows from sales orders and has services of its own: billing documents and customer returns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

ORDER, DELIVERY, INVOICE, RETURN, CREDIT_REQUEST, CREDIT_MEMO = "C", "J", "M", "H", "K", "O"
"""SD document categories (domain VBTYP)."""


class Preceding(NamedTuple):
    """An item of the document that another one was made from."""

    number: str
    item: str
    category: str


@dataclass(slots=True)
class Position:
    """An item of a follow-on document; `order_item` is the item of the sales order that it comes from in the end.

    `reference` is what it was made from, `sales` the sales document that it bills.
    """

    number: str
    order_item: str
    material: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    reference: Preceding
    sales: Preceding
    received: bool = False
    rejection_reason: str = ""


@dataclass(slots=True)
class FollowOn:
    """A billing document (category M or O), a customer return (H) or a credit memo request (K) of one sales order."""

    number: str
    category: str
    kind: str
    order: str
    made_at: float
    changed_at: float
    positions: list[Position]
    cancelled: bool = False

    @property
    def net(self) -> Decimal:
        return sum((one.net for one in self.positions), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((one.tax for one in self.positions), Decimal(0))

    def touches(self, order_item: str) -> bool:
        """Whether it has an item of this one."""
        return any(one.order_item == order_item for one in self.positions)


@dataclass(slots=True)
class FollowOns:
    """All of them by number, oldest first; each kind has a range of numbers."""

    documents: dict[str, FollowOn] = field(default_factory=dict)
    _by_order: dict[str, list[FollowOn]] = field(default_factory=dict)
    _next: dict[str, int] = field(
        default_factory=lambda: {
            INVOICE: 90_000_001,
            CREDIT_MEMO: 95_000_001,
            RETURN: 60_000_001,
            CREDIT_REQUEST: 70_000_001,
        }
    )

    def add(self, category: str, kind: str, order: str, positions: list[Position], at: float) -> FollowOn:
        number = self._next[category]
        self._next[category] = number + 1
        made = FollowOn(str(number), category, kind, order, made_at=at, changed_at=at, positions=positions)
        self.documents[made.number] = made
        self._by_order.setdefault(order, []).append(made)
        return made

    def of(self, order: str, *categories: str) -> Iterator[FollowOn]:
        return (one for one in self._by_order.get(order, ()) if one.category in categories)

    def quantity(self, order: str, order_item: str, category: str) -> Decimal:
        """How much of an order's item they have; what was rejected or cancelled does not count."""
        found = (one for made in self.of(order, category) if not made.cancelled for one in made.positions)
        counted = (one.quantity for one in found if one.order_item == order_item and not one.rejection_reason)
        return sum(counted, Decimal(0))
