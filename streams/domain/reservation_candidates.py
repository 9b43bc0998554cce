"""Which orders of a SKU alone make a difference in what is reserved; pure.

An order changes the reservations when it is placed, shipped, cancelled or given back; each of these can be missing, or
be there twice.  Whoever equals the difference is a candidate.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from schemas.models.reservation import PromisedLine


class Kind(StrEnum):
    """What is wrong; the words stand in metrics and on pages."""

    DEDUCTED_TWICE = "deducted-twice"
    """Too much is reserved, by the quantity of an order that is open."""
    NOT_COMPENSATED = "not-compensated"
    """Too much is reserved, by what an order shipped, cancelled or gave back: its reservation is open still."""
    NOT_RESERVED = "not-reserved"
    """Too little is reserved: goods of an order are promised and may be sold once more."""
    UNEXPLAINED = "unexplained"
    """The sum is wrong, and no single order makes the difference."""
    NEGATIVE = "negative"
    """More is promised than is there: open orders cannot all be met."""


KINDS = tuple(Kind)
Amount = tuple[Kind, int, str]


class Candidate(msgspec.Struct, frozen=True):
    """An order that makes the difference, and how."""

    kind: Kind
    order_number: str
    entity_id: int
    state: str
    quantity: int
    how: str


def candidates(difference: int, lines: Iterable[PromisedLine]) -> Iterator[Candidate]:
    """Orders that alone make the difference, the newest first; one order is named once.

    Rows of one order with the same SKU are one: a reservation knows the order, not its row.
    """
    for order in sorted(_by_order(lines).values(), key=lambda one: -one.entity_id):
        for kind, quantity, how in _amounts(order, is_too_much=difference < 0):
            if quantity == abs(difference):
                yield Candidate(kind, order.order_number, order.entity_id, order.state, quantity, how)
                break


def _by_order(lines: Iterable[PromisedLine]) -> Mapping[int, PromisedLine]:
    rows: defaultdict[int, list[PromisedLine]] = defaultdict(list)
    for line in lines:
        rows[line.entity_id].append(line)
    return {
        entity_id: msgspec.structs.replace(
            same[0],
            ordered=sum(one.ordered for one in same),
            shipped=sum(one.shipped for one in same),
            cancelled=sum(one.cancelled for one in same),
            unshipped_refunded=sum(one.unshipped_refunded for one in same),
        )
        for entity_id, same in rows.items()
    }


def _amounts(order: PromisedLine, *, is_too_much: bool) -> Iterator[Amount]:
    """By how much an order can be reserved wrongly, and what then happened."""
    return _too_much(order) if is_too_much else _too_little(order)


def _too_much(order: PromisedLine) -> Iterator[Amount]:
    if order.open:
        yield Kind.DEDUCTED_TWICE, order.ordered, "is open, and was deducted twice"
        yield Kind.DEDUCTED_TWICE, order.open, "is open, and what is left of it was deducted twice"
    if order.is_over:
        yield Kind.NOT_COMPENSATED, order.ordered, f"is {order.state}, and its reservation is open still"
    for quantity, how in _parts(order):
        yield Kind.NOT_COMPENSATED, quantity, f"{how}, and that was not compensated"


def _too_little(order: PromisedLine) -> Iterator[Amount]:
    if order.open:
        yield Kind.NOT_RESERVED, order.ordered, "is open, and was never reserved"
        yield Kind.NOT_RESERVED, order.open, "is open, and what is left of it is not reserved"
    for quantity, how in _parts(order):
        yield Kind.NOT_RESERVED, quantity, f"{how}, and that was compensated twice"


def _parts(order: PromisedLine) -> Iterator[tuple[int, str]]:
    """What each step of it should have given free."""
    for quantity, how in (
        (order.shipped, "was shipped"),
        (order.cancelled, "was cancelled"),
        (order.unshipped_refunded, "was refunded before it was shipped"),
    ):
        if quantity:
            yield quantity, how
