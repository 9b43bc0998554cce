"""Holds: what the WMS does not know of or has let go already.  Absolute per hold id; the newest revision wins."""

from typing import NamedTuple

import msgspec

from schemas.models.inventory import InventoryHold
from streams.domain.reasons import DeadReason, IgnoreReason
from streams.domain.stock_door import Refused
from streams.domain.stock_entry import Cause, SourceState, StockEntry, has_room
from streams.domain.stock_fold import with_source


class OpenHold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest revision of one hold; a lifted one (quantity 0) stays for a while, to know older revisions."""

    hold_id: str
    revision: int
    source_code: str
    kind: str
    quantity: int
    effective_at: int
    order_id: str = ""


class HoldStep(NamedTuple):
    """What a hold record did."""

    entry: StockEntry
    hold: OpenHold | None = None
    ignored: IgnoreReason | None = None
    dead: Refused | None = None


def fold_hold(entry: StockEntry, known: OpenHold | None, hold: InventoryHold, cause: Cause) -> HoldStep:
    """Replaces what the hold contributed before by what it states now."""
    if known is not None and hold.revision == known.revision:
        return HoldStep(entry, ignored=IgnoreReason.DUPLICATE)
    if known is not None and hold.revision < known.revision:
        return HoldStep(entry, ignored=IgnoreReason.STALE)
    if not has_room(entry, hold.source_code):
        return HoldStep(entry, dead=Refused(DeadReason.TOO_MANY_LOCATIONS, f"{len(entry.sources)} sources are known"))
    if known is not None:
        entry = held_at(entry, known.source_code, known.kind, -known.quantity)
    entry = held_at(entry, hold.source_code, hold.kind, hold.quantity)
    state = entry.source(hold.source_code)
    counted = msgspec.structs.replace(state, holds=state.holds + 1, cause_input=cause.source, cause_offset=cause.offset)
    kept = OpenHold(
        hold.hold_id, hold.revision, hold.source_code, hold.kind, hold.quantity, hold.effective_at, hold.order_id or ""
    )
    return HoldStep(with_source(entry, counted), kept)


def lifted(hold: OpenHold, sku: str, at: int) -> InventoryHold:
    """The record that lifts a hold for good: its next revision, with nothing left."""
    return InventoryHold(
        hold_id=hold.hold_id,
        revision=hold.revision + 1,
        sku=sku,
        source_code=hold.source_code,
        kind="ALLOCATION" if hold.kind == "ALLOCATION" else "SHIPPED_NOT_POSTED",
        quantity=0,
        order_id=hold.order_id or None,
        effective_at=at,
    )


def held_at(entry: StockEntry, source_code: str, kind: str, quantity: int) -> StockEntry:
    """The entry with so much more (or less, below zero) held at a source."""
    state: SourceState = entry.source(source_code)
    if kind == "SHIPPED_NOT_POSTED":
        return with_source(entry, msgspec.structs.replace(state, shipped=state.shipped + quantity))
    return with_source(entry, msgspec.structs.replace(state, allocated=state.allocated + quantity))
