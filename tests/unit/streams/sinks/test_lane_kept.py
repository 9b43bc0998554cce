"""Rows that a shipment keeps: none of them goes out, and none is forgotten."""

import pytest

from schemas.models.cause import Cause
from schemas.models.source_item import StockPair
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import Row, RowState, Shown, SkuRows
from streams.domain.lane_rules import LaneRules, Window
from streams.domain.version import Version
from streams.sinks.lane_index import FIRST_GROUP, LaneIndex
from tests.fakes.still_clock import StillClock

A, B = StockPair("north", "A"), StockPair("north", "B")


def row(state: RowState = RowState.DIRTY, *, rest_until: int = 0, dirty_since: int = 7) -> Row:
    shown = Shown(5, in_stock=True)
    return Row(
        "north",
        shown,
        Version(1, 1),
        1,
        0,
        Cause("t", 0, 0),
        state=state,
        dirty_since=dirty_since,
        rest_until=rest_until,
    )


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def index(clock: StillClock) -> LaneIndex:
    return LaneIndex(LaneRules(Window(0)), clock, BatchSize(10, 10))


def entries(one: Row) -> dict[str, SkuRows]:
    return {sku: SkuRows(Version(1, 1), (one,)) for sku in "AB"}


def test_a_kept_row_does_not_go_out_until_it_is_freed(index: LaneIndex) -> None:
    index.add("A", row())
    assert index.keep("s1", {A: row()})
    index.add("A", row())

    assert (index.take(FIRST_GROUP), index.pending, index.oldest_since(), index.is_held(A)) == ([], 1, 7, True)
    index.free("s1", entries(row()))
    assert (index.take(FIRST_GROUP), index.is_held(A)) == ([A], True)


def test_a_row_that_two_shipments_keep_is_free_when_both_are_over(index: LaneIndex) -> None:
    index.keep("s1", {A: row()})
    index.keep("s2", {A: row(), B: row()})

    index.free("s1", entries(row()))
    assert index.take(FIRST_GROUP) == []

    index.free("s2", entries(row()))
    assert index.take(FIRST_GROUP) == [A, B]


def test_a_row_that_is_under_way_is_kept_from_the_next_write_on(index: LaneIndex) -> None:
    index.add("A", row())
    index.take(FIRST_GROUP)

    assert not index.keep("s1", {A: row()})
    index.release([A], entries(row()), acked_since=0, later={A})

    assert index.keep("s1", {A: row()})
    assert index.take(FIRST_GROUP) == []


def test_a_kept_row_that_is_clean_misses_nothing_and_is_no_probe(index: LaneIndex) -> None:
    index.keep("s1", {A: row(RowState.CLEAN)})

    assert (index.pending, index.oldest_since()) == (0, None)
    assert not index.claim(A, row(RowState.CLEAN))
    index.add("A", row())
    assert index.pending == 1
    index.add("A", row(RowState.CLEAN))
    assert index.pending == 0


def test_a_row_that_is_gone_is_freed_all_the_same(index: LaneIndex) -> None:
    index.keep("s1", {A: row()})

    index.free("s1", {})
    index.free("s1", {})

    assert (index.is_held(A), index.pending) == (False, 0)


def test_a_resting_row_is_found_when_its_rest_is_over(index: LaneIndex, clock: StillClock) -> None:
    resting = row(RowState.CLEAN, rest_until=clock.micros() + 60_000_000)
    index.add("A", resting)
    assert (index.rested(), index.pending) == ([], 0)

    clock.after(60)
    assert index.rested() == [A]

    index.add("A", row(RowState.CLEAN))
    assert index.rested() == []


def test_a_lane_that_begins_anew_keeps_nothing(index: LaneIndex, clock: StillClock) -> None:
    index.keep("s1", {A: row()})
    index.add("B", row(RowState.CLEAN, rest_until=clock.micros()))

    index.clear()

    assert (index.is_held(A), index.rested(), index.pending) == (False, [], 0)
