"""Which lines of an order a step speaks of, and how much of each.

Counted are the lines that no other line names as its parent: what is said of a parent is said of its parts, in
proportion.  A step that names a SKU only is spread over the lines of that SKU, in the order's own sequence.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from schemas.models.order import Order, OrderLine
from streams.domain.order_facts import Moved


@dataclass(frozen=True, slots=True)
class OrderLines:
    """The counted lines by id, and which of them a parent line or a SKU means."""

    counted: Mapping[str, OrderLine]
    parts: Mapping[str, tuple[str, ...]]
    skus: Mapping[str, tuple[str, ...]]
    by_id: Mapping[str, OrderLine]
    ordered: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shares:
    """A step's quantity per counted line, in micros, and the names in it that the order does not have."""

    lines: Mapping[str, int]
    unknown: tuple[str, ...] = field(default=())


def lines_of(order: Order) -> OrderLines:
    by_id = {line.line_id: line for line in order.lines}
    parents = {line.parent_line_id for line in order.lines} & by_id.keys()
    counted = {line_id: line for line_id, line in by_id.items() if line_id not in parents}
    parts: dict[str, tuple[str, ...]] = {}
    skus: dict[str, tuple[str, ...]] = {}
    for line_id, line in counted.items():
        skus[line.sku] = (*skus.get(line.sku, ()), line_id)
        for above in _above(line, by_id):
            parts[above] = (*parts.get(above, ()), line_id)
    for parent in parts:
        skus.setdefault(by_id[parent].sku, (parent,))
    ordered = {line_id: max(0, line.quantity) for line_id, line in counted.items()}
    return OrderLines(counted, parts, skus, by_id, ordered)


def _above(line: OrderLine, by_id: Mapping[str, OrderLine]) -> tuple[str, ...]:
    """Every line above this one; a ring of parents is cut."""
    found: list[str] = []
    parent = line.parent_line_id
    while parent is not None and parent in by_id and parent not in found and parent != line.line_id:
        found.append(parent)
        parent = by_id[parent].parent_line_id
    return tuple(found)


def shares_of(moved: Iterable[Moved], known: OrderLines, room: Callable[[str], int]) -> Shares:
    """Each named line's quantity; `room` tells what is left of a line, for what names a SKU only."""
    lines: dict[str, int] = defaultdict(int)
    unknown: list[str] = []
    for one in moved:
        shares = _shares(one, known, lambda line_id: room(line_id) - lines[line_id])
        if not shares:
            unknown.append(one.line_id or one.sku)
        for line_id, quantity in shares.items():
            lines[line_id] += quantity
    return Shares({line_id: quantity for line_id, quantity in lines.items() if quantity > 0}, tuple(unknown))


def _shares(one: Moved, known: OrderLines, left: Callable[[str], int]) -> Mapping[str, int]:
    if one.line_id in known.by_id:
        return _of_line(one.line_id, one.quantity, known)
    if one.line_id or one.sku not in known.skus:
        return {}
    named = known.skus[one.sku]
    return _spread(one.quantity, named, left) if named[0] in known.counted else _of_line(named[0], one.quantity, known)


def _of_line(line_id: str, quantity: int, known: OrderLines) -> Mapping[str, int]:
    """Of a counted line itself; of a parent, so much of each part as one parent holds of it."""
    if line_id in known.counted:
        return {line_id: quantity}
    whole = max(1, known.by_id[line_id].quantity)
    return {part: quantity * max(0, known.counted[part].quantity) // whole for part in known.parts.get(line_id, ())}


def _spread(quantity: int, line_ids: tuple[str, ...], left: Callable[[str], int]) -> Mapping[str, int]:
    """Fill the lines in turn; what fits in none counts on the last one, where it will be seen as too much."""
    found = {}
    for line_id in line_ids[:-1]:
        found[line_id] = min(quantity, max(0, left(line_id)))
        quantity -= found[line_id]
    return {**found, line_ids[-1]: quantity}
