"""The goods of a confirmed reservation's order are taken: what leaves the stock is held no longer.  Pure.

Held and taken together stay what was promised, whatever is said first, in parts or at once.
"""

from typing import NamedTuple

import msgspec

from schemas.models.stock_reservation import Reservation, ReservedPart
from streams.domain.reservation import Kept, ReservationStep, counted
from streams.domain.stock_entry import StockEntry


class Taken(NamedTuple):
    """A record of stock that names an order: what it adds to a bucket at a source (micros), and when it came."""

    orders: tuple[str, ...]
    bucket: str
    effect: int
    source_code: str
    at: int


def waits_for(kept: Kept, taken: Taken) -> bool:
    """Whether the record is about the reservation's order: it takes its goods, or gives them back."""
    return promised_to(kept.told) in taken.orders and taken.bucket in ("ALLOCATED", "ON_HAND")


def promised_to(told: Reservation) -> str:
    """The order whose goods it waits for; "" where it waits for none."""
    return told.order_id or "" if told.state == "CONFIRMED" and not told.is_checkout else ""


def goods_taken(entry: StockEntry, kept: Kept, taken: Taken) -> ReservationStep:
    """What the record takes off the stock, the reservation holds no longer: both together stay what was promised.

    Allocated and shipped add up, whichever is said first and whether the allocation ends before or after the goods
    leave.  Once all of it was shipped the reservation is fulfilled.
    """
    allocated = kept.allocated + (taken.effect if taken.bucket == "ALLOCATED" else 0)
    shipped = kept.shipped - (taken.effect if taken.bucket == "ON_HAND" else 0)
    old = kept.told
    is_over = shipped >= old.quantity
    gone = old.quantity if is_over else min(max(0, allocated + shipped), old.quantity)
    told = msgspec.structs.replace(
        old,
        revision=old.revision + 1,
        state="FULFILLED" if is_over else "CONFIRMED",
        parts=_shrunk(old.parts, old.quantity - gone, taken.source_code),
        decided_at=taken.at,
    )
    return ReservationStep(counted(counted(entry, old, -1), told, 1), Kept(told, allocated, shipped))


def _shrunk(parts: tuple[ReservedPart, ...], left: int, source_code: str) -> tuple[ReservedPart, ...]:
    """Parts that hold `left` together: what changes, changes first at the source that the record is about."""
    held = {part.source_code: part.quantity for part in parts}
    change = left - sum(held.values())
    if change > 0:
        held[source_code] = held.get(source_code, 0) + change
        change = 0
    for code in sorted(held, key=lambda one: one != source_code):
        taken = min(held[code], -change)
        held[code] -= taken
        change += taken
    return tuple(ReservedPart(code, quantity) for code, quantity in held.items() if quantity)
