"""Where a partition of an input starts after an assignment.

Three sources speak: the committed offset, the log's beginning, and the table, which knows below which offset every
record is accounted for.  The table is right about what was lost: its word was written together with the state it
describes.  It does not say that the commands decided with that state have left, so reading begins at the committed
offset, or at the log's beginning where there is none: a record that is accounted for changes nothing when it comes
again, and has its commands sent.

A table that knows nothing (0) although offsets were committed was lost: what the log still holds is read again, and
what it does not hold is a gap, unless a person let the table begin anew from the committed offset.
"""

from typing import NamedTuple


class Start(NamedTuple):
    """`offset` None: a gap; records from `lost_from` to `lost_to` are gone from the log and were never read."""

    offset: int | None
    lost_from: int = 0
    lost_to: int = 0
    note: str = ""


def start_of(committed: int | None, earliest: int, accounted: int | None, accepted_to: int | None = None) -> Start:
    """`accounted` None: no table speaks.  `accepted_to`: below it a person accepted that records are missing."""
    if committed is None and not accounted:
        return Start(earliest)
    is_wanted = accepted_to is not None and committed is not None and earliest <= committed <= accepted_to
    if accounted == 0 and is_wanted:
        return Start(committed, note=f"the table begins anew at {committed}, as an operator wanted")
    reached = (committed or 0) if accounted is None else accounted
    if earliest > reached:
        return _gap(reached, earliest, accepted_to)
    if committed is not None and committed > reached:
        return Start(reached, note=f"the committed offset {committed} passes records that are not accounted for")
    return Start(max(committed or 0, earliest))


def _gap(reached: int, earliest: int, accepted_to: int | None) -> Start:
    if accepted_to is not None and accepted_to >= earliest:
        return Start(earliest, note=f"an accepted gap: offsets {reached} to {earliest - 1} were never read")
    return Start(None, reached, earliest)
