"""Goods that have left and are not posted at the shop yet: what a row of the stock lane makes of them.

The shop holds a reservation for each of its own orders.  When their shipment is posted, it deducts the goods from the
source and gives the reservation back, both by itself.  In between the WMS has taken them off already: a row has to
show them still, or the shop undersells by them; and once the shop has deducted them, no row may be written that still
contains them, or it oversells.

What holds for every clean row: the shop shows at most `to_write`.  That is what keeps it from overselling, in whatever
order the WMS's change, the shipment's command and the posting come in.

Source: MSI's deduction and compensation with a shipment, magento/inventory InventoryShipping/Observer (read, not run).
"""

from typing import NamedTuple

import msgspec

from streams.domain.lane_rows import Row, RowState, Shown, Unposted

_WRITABLE = (RowState.CLEAN, RowState.DIRTY)


class Limits(NamedTuple):
    """How long (µs) goods may count without being posted, and how long a row rests that a posting left too low."""

    hold: int = 24 * 3_600_000_000
    rest: int = 60_000_000


LIMITS = Limits()


def raised(row: Row, item: Unposted) -> Row:
    """The goods of a shipment left.  Safe to repeat: by reference.

    That alone is no reason to write: as long as the WMS has not taken them off, they are contained in what the shop
    shows, and would be sold once more.  They count in the next write that the row has for another reason.
    """
    if find(row, item.reference) is not None:
        return row
    return msgspec.structs.replace(row, unposted=(*row.unposted, item))


def find(row: Row, reference: str) -> Unposted | None:
    """What the row knows of the shipment."""
    return next((item for item in row.unposted if item.reference == reference), None)


def is_short(row: Row, quantity: int) -> bool:
    """Whether the shop shows less than it is about to deduct, so that it would refuse the shipment.

    That is so where the WMS's change was written before the shipment was known.  Another shipment of the row may be
    under way.
    """
    under_way = sum(item.quantity for item in row.unposted if item.is_posting)
    return row.state in _WRITABLE and row.acked is not None and row.acked.quantity < quantity + under_way


def due(row: Row, now: int) -> Row:
    """To be written with all it contains."""
    if row.state is not RowState.CLEAN:
        return row
    return msgspec.structs.replace(row, state=RowState.DIRTY, dirty_since=now, rest_until=0)


def posting(row: Row, reference: str, *, is_posting: bool) -> Row:
    """Whether the posting may be under way: then nobody else writes the row."""
    return _with(row, reference, is_posting=is_posting)


def posted(row: Row, reference: str, now: int, rest: int, *, is_sure: bool) -> Row:
    """The shop deducted the goods by itself: they leave the row and what it acknowledged, in one.

    A clean row that showed them stays clean.  One that did not is due after `rest` (µs): the WMS's change may still be
    on its way, and until then the lower number is the right one.  Where it is not sure when the shop deducted them (a
    shipment that was found there), the row is written anew at once: only that says what it shows.
    """
    item = find(row, reference)
    if item is None:
        return row
    after = msgspec.structs.replace(row, unposted=_without(row, reference), acked=_deducted(row.acked, item.quantity))
    if after.state is not RowState.CLEAN or after.acked is None or after.acked == after.to_write:
        return after if is_sure else due(after, now)
    if is_sure and rest and after.acked.quantity < after.to_write.quantity:
        return msgspec.structs.replace(after, rest_until=row.rest_until or now + rest)
    return due(after, now)


def _deducted(acked: Shown | None, quantity: int) -> Shown | None:
    """What the shop shows afterwards: it takes a source that is sold out off sale by itself."""
    if acked is None:
        return None
    left = max(0, acked.quantity - quantity)
    return Shown(left, acked.in_stock and left > 0)


def dropped(row: Row, reference: str, now: int) -> Row:
    """The shop will not post it: the goods count no longer."""
    return _fallen(msgspec.structs.replace(row, unposted=_without(row, reference)), now)


def expired(row: Row, reference: str, now: int) -> Row:
    """It was not posted for too long: rather undersell than oversell.  It is remembered, so that it stays so."""
    return _fallen(_with(row, reference, is_posting=False, is_expired=True), now)


def rested(row: Row, now: int) -> Row:
    """The WMS had its time: what the posting left too low is written."""
    if row.state is not RowState.CLEAN or not 0 < row.rest_until <= now:
        return row
    return due(row, now)


def _fallen(row: Row, now: int) -> Row:
    """Due where the shop shows more than it should."""
    is_above = row.acked is not None and row.acked.quantity > row.to_write.quantity
    return due(row, now) if is_above else row


def _with(row: Row, reference: str, **changes: bool) -> Row:
    items = (msgspec.structs.replace(item, **changes) if item.reference == reference else item for item in row.unposted)
    return msgspec.structs.replace(row, unposted=tuple(items))


def _without(row: Row, reference: str) -> tuple[Unposted, ...]:
    return tuple(item for item in row.unposted if item.reference != reference)
