"""The lines of a shop's order: how much is left of each, and which belong together.

A configurable or a bundle is a parent line with parts.  Of a family the shop counts either the parent or the parts, and
moves the others along or leaves them as they are; an order does not say which.  Quantities are whole micros.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from schemas.models.document import LineQuantity, Shipment, ShopDocument, ShopLine, ShopOrder
from streams.domain.quantities import to_decimal

LINES_NAMED = 5
Left = Callable[[ShopLine], int]
"""Which quantity of a line is meant."""


def to_ship(line: ShopLine) -> int:
    return line.ordered - max(line.shipped, line.refunded) - line.cancelled


def to_invoice(line: ShopLine) -> int:
    return line.ordered - line.invoiced - line.cancelled


def to_refund(line: ShopLine) -> int:
    return line.invoiced - line.refunded


class ShopLines:
    """The lines by id; `goods` are those that no other line names as its parent."""

    def __init__(self, shop: ShopOrder) -> None:
        self.by_id: Mapping[str, ShopLine] = {line.line_id: line for line in shop.lines}
        parents = {line.parent_line_id for line in shop.lines}
        self.goods = tuple(line for line in shop.lines if line.line_id not in parents)

    def parent_of(self, line_id: str) -> ShopLine | None:
        return self.by_id.get(self.by_id[line_id].parent_line_id or "")

    def left(self, line_id: str, count: Left) -> int:
        """By its own count or its parent's: what moved further counts.  Refunded may be what moved on either."""
        line, parent = self.by_id[line_id], self.parent_of(line_id)
        own = max(0, count(line))
        if parent is None or parent.ordered <= 0:
            return own
        shared = max(0, count(parent)) * line.ordered // parent.ordered
        return max(own, shared) if count is to_refund else min(own, shared)

    def all_left(self, count: Left) -> dict[str, int]:
        """Goods of which something is left."""
        found = {line.line_id: self.left(line.line_id, count) for line in self.goods}
        return {line_id: quantity for line_id, quantity in found.items() if quantity > 0}

    def with_parents(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """The shop takes a family by its parent or by its parts, and passes the others over: so both are named."""
        found = dict(wanted)
        for parent in self.by_id.values():
            parts = [line for line in self.goods if line.parent_line_id == parent.line_id and line.ordered > 0]
            whole = min((wanted.get(one.line_id, 0) * parent.ordered // one.ordered for one in parts), default=0)
            if whole > 0:
                found.setdefault(parent.line_id, whole)
        return found

    def named_in(self, line_id: str, moved: Mapping[str, int]) -> str | None:
        """Under which line a document speaks of these goods: their own, or their parent's."""
        parent = self.parent_of(line_id)
        names = (line_id, "" if parent is None else parent.line_id)
        return next((name for name in names if name in moved), None)

    def told(self, line_id: str) -> str:
        return f"{line_id} ({self.by_id[line_id].sku})"


def moved_by(documents: Iterable[Shipment | ShopDocument]) -> dict[str, int]:
    """Quantity per line over all of them."""
    moved: Counter[str] = Counter()
    for one in documents:
        for line in one.lines:
            moved[line.line_id] += line.quantity
    return dict(moved)


def quantities(lines: Mapping[str, int]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id, quantity) for line_id, quantity in lines.items())


def listed(names: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - LINES_NAMED} more" if len(every) > LINES_NAMED else ""
    return f"{', '.join(every[:LINES_NAMED])}{more}"


def amount_text(micros: int) -> str:
    return str(to_decimal(micros))
