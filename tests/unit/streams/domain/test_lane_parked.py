"""A parked row waits for its next version or for its next try, and every record of it stays counted once."""

import msgspec
import pytest

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.source_item import StockPair
from streams.domain import lane_rows
from streams.domain.lane_queue import Due, LaneQueue
from streams.domain.lane_rows import CHANGES, HOLDS, Count, Row, RowState, Shown, SkuRows
from streams.domain.lane_waits import MINUTE
from streams.domain.reasons import ParkReason
from streams.domain.version import Version

REASON = ParkReason.REFUSED_ALONE
NOW = 5_000_000_000
DIRTY = Row("W1", Shown(9, in_stock=True), Version(1, 4), 3, 1, Cause(CHANGES, 0, 7), dirty_since=42)


def test_a_parked_row_knows_when_it_gets_its_next_try_and_waits_twice_as_long_after_each() -> None:
    row, waits = DIRTY, []
    for _ in range(8):
        row = lane_rows.parked(row, row, REASON, NOW).row
        assert (row.state, row.reason) == (RowState.PARKED, REASON)
        waits.append((row.retry_at - NOW) // MINUTE)
        row = lane_rows.tried_again(row).row

    assert waits == [10, 20, 40, 80, 160, 320, 360, 360]


def test_a_try_takes_the_records_back_and_the_row_is_dirty_since_it_was_dirty_first() -> None:
    parked = lane_rows.parked(DIRTY, DIRTY, REASON, NOW)
    again = lane_rows.tried_again(parked.row)

    assert parked.counts == (Count(CHANGES, "parked", 3), Count(HOLDS, "parked", 1))
    assert again.counts == (Count(CHANGES, "parked", -3), Count(HOLDS, "parked", -1))
    assert (again.row.state, again.row.dirty_since, again.row.reason) == (RowState.DIRTY, 42, "")
    assert (again.row.retry_at, again.row.parks) == (0, 1)


@pytest.mark.parametrize("state", [RowState.CLEAN, RowState.DIRTY, RowState.DEAD])
def test_only_parked_rows_are_tried_again(state: RowState) -> None:
    row = msgspec.structs.replace(DIRTY, state=state)

    assert lane_rows.tried_again(row) == (row, ())


def test_a_version_that_was_never_tried_is_not_parked() -> None:
    newer = msgspec.structs.replace(DIRTY, version=Version(1, 5), wanted=Shown(0, in_stock=False))

    assert lane_rows.parked(newer, DIRTY, REASON, NOW) == (newer, ())


def test_a_row_that_is_taken_begins_with_the_short_wait_again() -> None:
    again = lane_rows.tried_again(lane_rows.parked(DIRTY, DIRTY, REASON, NOW).row).row

    taken = lane_rows.acknowledged(again, again, NOW).row

    assert (taken.parks, taken.retry_at) == (0, 0)


def test_rows_that_were_stored_before_there_were_tries_are_read() -> None:
    fields = msgspec.structs.astuple(DIRTY)[:-2]
    entry = msgspec.msgpack.encode((Version(1, 4), (fields,)))

    assert lane_rows.decode(entry) == SkuRows(Version(1, 4), (DIRTY,))


def test_a_row_that_is_dropped_from_the_queue_does_not_go_out() -> None:
    queue, kept, gone = LaneQueue(), StockPair("W1", "A"), StockPair("W1", "B")
    for urgent in (False, True):
        queue.add(Due(1, 1, kept), urgent=urgent)
        queue.add(Due(1, 1, gone), urgent=urgent)
        queue.drop(gone)
        queue.drop(StockPair("W1", "never seen"))

    assert len(queue) == 1
    assert [due.pair for due in queue.take(9, 9)] == [kept]


def test_a_newer_version_of_a_row_that_was_parked_begins_with_the_short_wait() -> None:
    again = lane_rows.tried_again(lane_rows.parked(DIRTY, DIRTY, REASON, NOW).row).row
    source = SourceQuantity("W1", 5, 1, 6, 4, 1, Cause(CHANGES, 0, 8))

    for version, parks in ((4, 1), (6, 0)):
        told = DesiredStock("A", 1, 6, 1, (msgspec.structs.replace(source, version=version),))
        folded = lane_rows.fold(SkuRows(Version(1, 5), (again,)), told, NOW)
        assert [row.parks for row in folded.entry.rows] == [parks]
