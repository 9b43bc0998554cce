"""Whether a shop shows what it acknowledged, pair by pair; what differs has one of four names.

Only a row at rest can be judged: one that is about to be written, may be being written, or of which goods are under
way, shows a number that is about to change.  It is looked at again later, and never reported.
"""

from enum import StrEnum

import msgspec

from schemas.models.source_item import SourceItem, StockPair
from streams.domain.lane_rows import Row, RowState, Shown
from streams.domain.quantities import MICROS


class Verdict(StrEnum):
    """What one look at a pair says; the words stand in metrics, settings and the audit."""

    AGREES = "agrees"
    UNSETTLED = "unsettled"
    """Its row is not at rest: nothing can be said now."""
    SET_ASIDE = "set-aside"
    """Its row is parked or dead: a letter or the next try tells of it already."""
    MISSING = "missing"
    """The shop acknowledged the row and does not show it."""
    STALE = "stale"
    """The shop shows the value before the one that it acknowledged last: a lost write, or a restored copy."""
    FOREIGN_EDIT = "foreign-edit"
    """The shop shows a value that is neither: somebody else wrote it."""
    ORPHAN = "orphan"
    """The shop shows a row at a source of ours that no record of ours ever led to."""


KINDS = (Verdict.MISSING, Verdict.STALE, Verdict.FOREIGN_EDIT, Verdict.ORPHAN)
"""What is drift."""
REPAIRABLE = KINDS[:3]
"""What the lane can write again: it knows no quantity for an orphan."""


class Drift(msgspec.Struct, frozen=True):
    """A pair that differs, proven by a second look; `ours` None: no such row here, `theirs` None: none there."""

    kind: Verdict
    pair: StockPair
    ours: Shown | None
    theirs: Shown | None
    at: int
    is_repaired: bool = False


def judge(row: Row | None, shown: Shown | None, *, is_held: bool) -> Verdict:
    """`row` as it is stored, `shown` as the shop shows it; `is_held` while a call or a shipment may change it."""
    if row is None:
        return Verdict.AGREES if shown is None else Verdict.ORPHAN
    if is_held or row.state is RowState.DIRTY or row.rest_until or row.shipped:
        return Verdict.UNSETTLED
    if row.state is not RowState.CLEAN or row.acked is None:
        return Verdict.SET_ASIDE
    if shown == row.acked:
        return Verdict.AGREES
    if shown is None:
        return Verdict.MISSING
    return Verdict.STALE if shown == row.acked_before else Verdict.FOREIGN_EDIT


def shown_of(item: SourceItem | None) -> Shown | None:
    """What a shop shows, in micros; whatever stands beyond six decimals is cut off: no row of ours has it."""
    return None if item is None else Shown(int(item.quantity * MICROS), item.in_stock)
