"""Reservations: a quantity of a SKU that is held for one customer until it is confirmed, given back, or too late.

Pure; quantities in micros, times in µs.  What a reservation holds at a source is an allocation like any other: it
lowers what Commerce shows there.  A checkout of the shop itself is the exception: Commerce reserves by itself once the
order is placed, and would refuse that order if its own unit were no longer shown.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from schemas.models.stock_reservation import (
    Reservation,
    ReservationAction,
    ReservationRequest,
    ReservationState,
    ReservedPart,
)
from streams.domain.reasons import IgnoreReason
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_hold import held_at
from streams.domain.stock_position import terms_of
from streams.domain.stock_rules import StockRules
from streams.domain.version import Version

ALLOCATION = "ALLOCATION"
HANDED_OVER_AFTER = 120 * 1_000_000
"""A confirmed checkout counts so much longer: by then whoever asks the shop is told of its order."""
REMEMBERED = 24 * 3_600 * 1_000_000
"""What has ended is known so long, to answer a repeat as it was answered first."""

OPEN: frozenset[ReservationState] = frozenset({"HELD", "CONFIRMED"})
"""What holds stock."""
NEXT: Mapping[tuple[ReservationState, ReservationAction], ReservationState] = MappingProxyType(
    {
        ("HELD", "CONFIRM"): "CONFIRMED",
        ("HELD", "RELEASE"): "RELEASED",
        ("HELD", "EXPIRE"): "EXPIRED",
        ("CONFIRMED", "RELEASE"): "RELEASED",
        ("CONFIRMED", "EXPIRE"): "FULFILLED",
    }
)
"""What is not here changes nothing.  docs/gateway.md has the same table."""


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reservation as the ledger keeps it.

    `allocated` and `shipped` are what records of stock say of its order since it was confirmed.
    """

    told: Reservation
    allocated: int = 0
    shipped: int = 0


class Asked(NamedTuple):
    """A request at its decision: when the broker took it, when it is decided, and the entry's version after it."""

    request: ReservationRequest
    taken_at: int
    now: int
    version: Version


class ReservationStep(NamedTuple):
    """What a request did; `kept` None where nothing is to be stored."""

    entry: StockEntry
    kept: Kept | None = None
    ignored: IgnoreReason | None = None


def fold_reservation(
    entry: StockEntry, known: Kept | None, asked: Asked, sku: str, rules: StockRules
) -> ReservationStep:
    """One request, in the order of the log; `sku` is the shop's.  A repeat changes nothing."""
    action = asked.request.action
    if action == "CREATE":
        if known is not None and known.told.state != "LATE":
            return ReservationStep(entry, ignored=IgnoreReason.DUPLICATE)
        return _created(entry, known, asked, sku, rules)
    if known is None:
        return ReservationStep(entry, ignored=IgnoreReason.TOO_OLD)
    state = NEXT.get((known.told.state, action))
    if state is None or (action == "EXPIRE" and asked.request.revision != known.told.revision):
        return ReservationStep(entry, ignored=IgnoreReason.STALE)
    return _moved(entry, known, state, asked)


def promisable(entry: StockEntry, sku: str, rules: StockRules) -> int:
    """What may still be promised before the shop's own open orders are taken off; below zero where too much was."""
    return sum(terms.promisable for terms in terms_of(entry, sku, rules).values()) - entry.checkouts


def due_at(told: Reservation) -> int:
    """When time alone changes it: it ends, is handed over, or is forgotten; 0: never."""
    if told.state == "HELD":
        return told.expires_at or 0
    if told.state == "CONFIRMED":
        return told.decided_at + HANDED_OVER_AFTER if told.is_checkout else 0
    return told.decided_at + REMEMBERED


# ── the decision ─────────────────────────────────────────────────────────────────────────────────


def _created(entry: StockEntry, known: Kept | None, asked: Asked, sku: str, rules: StockRules) -> ReservationStep:
    request = asked.request
    wanted = request.quantity or 0
    there = promisable(entry, sku, rules) - (request.shop_reserved or 0)
    if request.shop_reserved is None:
        there = 0
    made = Reservation(
        reservation_id=request.reservation_id,
        sku=request.sku,
        client=request.client,
        revision=1 if known is None else known.told.revision + 1,
        state="REFUSED",
        quantity=wanted,
        left=max(0, there),
        is_last=False,
        is_checkout=request.is_checkout,
        ttl_ms=request.ttl_ms,
        epoch=asked.version.epoch,
        counter=asked.version.counter,
        decided_at=asked.taken_at,
    )
    if asked.now - asked.taken_at > request.patience_ms * 1000:
        return ReservationStep(entry, Kept(msgspec.structs.replace(made, state="LATE")))
    if not 0 < wanted <= there:
        return ReservationStep(entry, Kept(made))
    parts = () if request.is_checkout else allot(_free(entry, sku, rules), wanted, rules.reserve_from)
    held = msgspec.structs.replace(
        made,
        state="HELD",
        left=there - wanted,
        is_last=there - wanted <= rules.last_units,
        expires_at=asked.taken_at + request.ttl_ms * 1000,
        parts=parts,
    )
    return ReservationStep(counted(entry, held, 1), Kept(held))


def allot(free: Mapping[str, int], wanted: int, order: tuple[str, ...]) -> tuple[ReservedPart, ...]:
    """Where it is held: at the first source that has all of it, else at one after the other; `order` goes first."""
    rank = {code: number for number, code in enumerate(order)}
    ranked = sorted(free, key=lambda code: (rank.get(code, len(rank)), code))
    for code in ranked:
        if free[code] >= wanted:
            return (ReservedPart(code, wanted),)
    parts = []
    for code in ranked:
        part = min(free[code], wanted)
        if part:
            parts.append(ReservedPart(code, part))
        wanted -= part
    return tuple(parts)


def _free(entry: StockEntry, sku: str, rules: StockRules) -> dict[str, int]:
    return {code: terms.promisable for code, terms in terms_of(entry, sku, rules).items()}


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────


def _moved(entry: StockEntry, known: Kept, state: ReservationState, asked: Asked) -> ReservationStep:
    old = known.told
    if state == "FULFILLED" and not old.is_checkout:  # only its goods end it
        return ReservationStep(entry, ignored=IgnoreReason.STALE)
    moved = msgspec.structs.replace(
        old,
        revision=old.revision + 1,
        state=state,
        parts=old.parts if state in OPEN else (),
        expires_at=None,
        order_id=asked.request.order_id if state == "CONFIRMED" else old.order_id,
        decided_at=asked.taken_at,
    )
    return ReservationStep(counted(counted(entry, old, -1), moved, 1), msgspec.structs.replace(known, told=moved))


def counted(entry: StockEntry, told: Reservation, times: int) -> StockEntry:
    """The entry with what the reservation holds added, or (-1) taken away."""
    if told.state not in OPEN:
        return entry
    if told.is_checkout:
        return msgspec.structs.replace(entry, checkouts=entry.checkouts + times * told.quantity)
    for part in told.parts:
        entry = held_at(entry, part.source_code, ALLOCATION, times * part.quantity)
    is_promised = told.state == "CONFIRMED"
    return msgspec.structs.replace(entry, promised=entry.promised + times) if is_promised else entry
