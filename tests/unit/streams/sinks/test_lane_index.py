"""What the stock lane holds in memory: due, under way or frozen rows, each in the queue of its group."""

from datetime import time
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.models.cause import Cause
from schemas.models.source_item import StockPair
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import Row, RowState, Shown, SkuRows
from streams.domain.lane_rules import LaneRules, Window
from streams.domain.version import Version
from streams.sinks.lane_index import FIRST_GROUP, LaneIndex
from tests.fakes.still_clock import StillClock

SECOND = 1_000_000
RULES = LaneRules(Window(SECOND), (("nightly", ("SLOW-*",), Window(at=time(2, 0))),), last_units=3 * SECOND)
GROUPS = {"north": 0, "south": 1, "east": 1}


def row(source: str = "north", units: float = 5, **fields: Any) -> Row:  # noqa: ANN401  any field of a row
    plain = Row(source, Shown(round(units * SECOND), units > 0), Version(1, 1), 1, 0, Cause("t", 0, 0), dirty_since=1)
    return msgspec.structs.replace(plain, **fields)


def rows(*some: Row) -> SkuRows:
    return SkuRows(Version(1, 1), some)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def index(clock: StillClock) -> LaneIndex:
    made = LaneIndex(RULES, clock, BatchSize(10, 5000))
    made.regroup(GROUPS, [])
    return made


def test_a_changed_row_is_due_after_the_window_of_its_class(index: LaneIndex, clock: StillClock) -> None:
    index.add("A", row())

    assert index.next_in(0) == 1
    assert index.take(0) == []
    clock.after(1)
    assert index.take(0) == [StockPair("north", "A")]


def test_a_row_of_a_daily_class_is_due_at_its_hour(index: LaneIndex, clock: StillClock) -> None:
    index.add("SLOW-1", row())

    assert index.next_in(0) == 14 * 3600
    clock.after(14 * 3600)
    assert index.take(0) == [StockPair("north", "SLOW-1")]


def test_an_urgent_row_is_due_at_once(index: LaneIndex) -> None:
    index.add("SLOW-1", row(units=0, acked=Shown(5 * SECOND, in_stock=True)))

    assert index.take(0) == [StockPair("north", "SLOW-1")]


@pytest.mark.parametrize("state", [RowState.CLEAN, RowState.PARKED, RowState.DEAD])
def test_only_dirty_rows_go_out(index: LaneIndex, clock: StillClock, state: RowState) -> None:
    index.add("A", row(state=state))
    clock.after(99)

    assert index.take(0) == []


def test_each_source_stands_in_the_queue_of_its_group(index: LaneIndex, clock: StillClock) -> None:
    for source in ("north", "south", "east", "unknown"):
        index.add("A", row(source))
    clock.after(1)

    assert sorted(index.group_numbers) == [0, 1]
    assert index.take(0) == [StockPair("north", "A"), StockPair("unknown", "A")]
    assert index.take(1) == [StockPair("east", "A"), StockPair("south", "A")]


def test_before_the_sources_are_known_there_is_one_group(clock: StillClock) -> None:
    index = LaneIndex(RULES, clock, BatchSize(10, 5000))

    assert index.group_numbers == (FIRST_GROUP,)


def test_a_call_has_as_many_rows_as_its_size_says(index: LaneIndex, clock: StillClock) -> None:
    index.size = BatchSize(3, 10)
    for number in range(5):
        index.add(f"{number}", row())
    clock.after(1)

    assert len(index.take(0)) == 3
    assert len(index.take(0)) == 2
    assert index.pending == 5


def test_a_row_that_changes_while_it_is_under_way_waits_for_the_outcome(index: LaneIndex, clock: StillClock) -> None:
    index.add("A", row())
    clock.after(1)
    pairs = index.take(0)

    index.add("A", row(units=4))
    clock.after(9)

    assert index.is_held(pairs[0])
    assert index.take(0) == []
    index.release(pairs, {"A": rows(row(units=4))}, acked_since=1)
    assert index.take(0) == pairs


def test_a_row_that_was_acknowledged_and_changed_meanwhile_waits_for_its_window(
    index: LaneIndex, clock: StillClock
) -> None:
    index.add("A", row())
    clock.after(1)
    pairs = index.take(0)

    index.release(pairs, {"A": rows(row(acked_at=50, acked=Shown(9 * SECOND, in_stock=True)))}, acked_since=50)

    assert index.take(0) == []
    clock.after(1)
    assert index.take(0) == pairs


def test_a_row_that_is_clean_when_it_is_released_goes_out_no_more(index: LaneIndex, clock: StillClock) -> None:
    index.add("A", row())
    clock.after(1)
    pairs = index.take(0)

    index.release(pairs, {"A": rows(row(state=RowState.CLEAN))}, acked_since=0)
    clock.after(9)

    assert (index.take(0), index.pending) == ([], 0)


def test_a_frozen_row_does_not_go_out_until_its_outcome_is_known(index: LaneIndex, clock: StillClock) -> None:
    pair = StockPair("north", "A")
    index.hold([pair])
    index.add("A", row())
    clock.after(99)

    assert index.take(0) == []
    index.release([pair], {"A": rows(row())}, acked_since=1)
    assert index.take(0) == [pair]


def test_a_row_that_nothing_is_stored_of_can_be_released(index: LaneIndex) -> None:
    index.hold([StockPair("north", "A"), StockPair("north", "B")])

    index.release([StockPair("north", "A"), StockPair("north", "B")], {"B": rows()}, acked_since=0)

    assert index.pending == 0


def test_regrouping_makes_every_dirty_row_due_at_once_but_what_is_held(index: LaneIndex) -> None:
    index.hold([StockPair("north", "held")])

    index.regroup(
        {"north": 4},
        [
            ("held", rows(row())),
            ("A", rows(row(), row("south"))),
            ("SLOW-1", rows(row(), row("x", state=RowState.DEAD))),
        ],
    )

    assert sorted(index.group_numbers) == [FIRST_GROUP, 4]
    assert index.take(4) == [StockPair("north", "A"), StockPair("north", "SLOW-1")]
    assert index.take(FIRST_GROUP) == [StockPair("south", "A")]


def test_a_lane_that_begins_anew_holds_nothing_back(index: LaneIndex, clock: StillClock) -> None:
    index.add("A", row())
    clock.after(1)
    pairs = index.take(0)

    index.clear()
    index.regroup(GROUPS, [("A", rows(row()))])

    assert index.take(0) == pairs


def test_it_tells_since_when_the_first_row_waits_that_may_go_out(index: LaneIndex, clock: StillClock) -> None:
    assert (index.oldest_since(), index.next_in(0), index.pending) == (None, None, 0)

    index.add("A", row(dirty_since=7))
    index.add("A", row("south", dirty_since=3))

    assert (index.oldest_since(), index.pending) == (None, 2)
    clock.after(60)
    assert (index.oldest_since(), index.pending) == (3, 2)
    assert len(index.queue(0)) == len(index.queue(1)) == 1


class Index(RuleBasedStateMachine):
    """Every dirty row is waiting or held; nothing that is held goes out; no pair is in two calls."""

    most = 100

    def __init__(self) -> None:
        super().__init__()
        self.clock = StillClock()
        self.index = LaneIndex(RULES, self.clock, BatchSize(3, 5000), self.most)
        self.groups: dict[str, int] = {}
        self.stored: dict[str, SkuRows] = {}
        self.calls: list[list[StockPair]] = []
        self.index.regroup({}, [])

    @rule(
        sku=st.sampled_from(["A", "B", "SLOW-1"]),
        source=st.sampled_from(["north", "south", "x"]),
        units=st.integers(0, 9),
    )
    def a_snapshot_changes_a_row(self, sku: str, source: str, units: int) -> None:
        known = self.stored.get(sku, SkuRows())
        old = known.row(source)
        new = row(source, units, acked=None if old is None else old.acked)
        self.stored[sku] = known.with_row(new)
        self.index.add(sku, new)

    @rule(seconds=st.integers(0, 4000))
    def time_passes(self, seconds: int) -> None:
        self.clock.after(seconds)

    @rule(data=st.data())
    def a_call_leaves(self, data: st.DataObject) -> None:
        self._refill()
        pairs = self.index.take(data.draw(st.sampled_from(self.index.group_numbers)))
        held = {pair for call in self.calls for pair in call}

        assert len(pairs) == len(set(pairs))
        assert not held & set(pairs)
        assert all(self._row(pair).state is RowState.DIRTY for pair in pairs)
        if pairs:
            self.calls.append(pairs)

    @rule(data=st.data(), taken=st.booleans())
    def a_call_ends(self, data: st.DataObject, taken: bool) -> None:  # noqa: FBT001
        if not self.calls:
            return
        pairs = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        for pair in pairs if taken else ():
            old = self._row(pair)
            clean = row(pair.source_code, state=RowState.CLEAN, wanted=old.wanted, acked=old.wanted, acked_at=2)
            self.stored[pair.sku] = self.stored[pair.sku].with_row(clean)
        self.index.release(pairs, self.stored, acked_since=1)

    @rule(groups=st.dictionaries(st.sampled_from(["north", "south"]), st.integers(0, 3)))
    def sources_are_grouped(self, groups: dict[str, int]) -> None:
        self.groups = groups
        self.index.regroup(groups, self.stored.items())

    def _refill(self) -> None:
        if self.index.wants_more:
            self.index.refill(lambda sku: [(one, self.stored[one]) for one in sorted(self.stored) if one > sku])

    def _row(self, pair: StockPair) -> Row:
        found = self.stored[pair.sku].row(pair.source_code)
        assert found is not None
        return found

    @invariant()
    def every_dirty_row_is_waiting_or_held(self) -> None:
        held = {pair for call in self.calls for pair in call}
        dirty = {
            StockPair(one.source_code, sku)
            for sku, entry in self.stored.items()
            for one in entry.rows
            if one.state is RowState.DIRTY
        }
        assert self.index.pending == len(dirty | held)
        assert all(self.index.is_held(pair) for pair in held)

    def teardown(self) -> None:
        """Nothing that is dirty is forgotten: with time, all of it goes out."""
        while self.calls:
            self.index.release(self.calls.pop(), self.stored, acked_since=1)
        self.clock.after(100_000)
        out: list[StockPair] = []
        for _ in range(9):
            self._refill()
            out += [pair for group in self.index.group_numbers for pair in self.index.take(group)]
        dirty = [one for entry in self.stored.values() for one in entry.rows if one.state is RowState.DIRTY]
        assert len(out) == len(set(out)) == len(dirty)


TestIndex = Index.TestCase
TestIndex.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


class SmallIndex(Index):
    """The same, where most rows do not fit into memory."""

    most = 2


TestSmallIndex = SmallIndex.TestCase
TestSmallIndex.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


# ── more rows than memory ────────────────────────────────────────────────────────────────────────


def test_memory_is_bounded_by_rows_and_an_urgent_one_goes_in_all_the_same(clock: StillClock) -> None:
    index = LaneIndex(RULES, clock, BatchSize(10, 5000), 2)
    for sku in "ABCD":
        index.add(sku, row())
    index.add("E", row(units=0, acked=Shown(5, in_stock=True)))

    assert len(index.queue(0)) == 3
    assert index.pending == 5
    clock.after(1)
    assert {pair.sku for pair in index.take(0)} == {"A", "B", "E"}


def test_a_row_that_is_clean_by_now_is_forgotten_after_one_pass(clock: StillClock) -> None:
    index = LaneIndex(RULES, clock, BatchSize(10, 5000), 1)
    index.add("A", row())
    index.add("B", row())
    clock.after(1)
    index.take(0)
    assert index.wants_more

    index.refill(lambda _sku: [])

    assert (index.wants_more, index.pending) == (False, 1)


def test_a_call_is_filled_with_rows_whose_window_has_not_ended_but_not_with_daily_ones(
    index: LaneIndex, clock: StillClock
) -> None:
    index.add("A", row())
    clock.after(0.5)
    index.add("B", row())
    index.add("SLOW-1", row())

    clock.after(0.5)

    assert index.take(0) == [StockPair("north", "A"), StockPair("north", "B")]
