"""What stood still for too long: sources that nobody counted, shipments that nobody posted."""

from streams.domain.stock_entry import SourceState, StockEntry
from streams.domain.stock_hold import OpenHold

FORGOTTEN_AFTER = 7 * 86_400_000_000
"""A lifted hold is remembered this long (µs), to know its older revisions."""


def without_base(entry: StockEntry, now: int, limit: int) -> tuple[SourceState, ...]:
    """Sources whose records have been parked for longer than `limit` µs, because no location of theirs was counted."""
    return tuple(state for state in entry.sources if state.since and not state.shown and now - state.since > limit)


def is_expired(hold: OpenHold, now: int, limit: int) -> bool:
    """A shipment that was not posted for longer than `limit` µs: its plus term is dropped, to undersell at worst."""
    return hold.kind == "SHIPPED_NOT_POSTED" and hold.quantity > 0 and now - hold.effective_at > limit


def is_forgotten(hold: OpenHold, now: int) -> bool:
    """A hold that was lifted so long ago that no older revision can still come."""
    return hold.quantity == 0 and now - hold.effective_at > FORGOTTEN_AFTER
