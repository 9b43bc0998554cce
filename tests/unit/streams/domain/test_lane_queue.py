"""Which rows go out next: none is lost or taken twice, urgent ones go first, and the oldest are not starved."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.models.source_item import StockPair
from streams.domain.lane_queue import PASSED_OVER, REPLACED_AT_LEAST, Due, LaneQueue

A, B, C = (StockPair("W1", sku) for sku in "ABC")


def _queue(*waiting: Due, urgent: tuple[Due, ...] = ()) -> LaneQueue:
    queue = LaneQueue()
    for due in waiting:
        queue.add(due, urgent=False)
    for due in urgent:
        queue.add(due, urgent=True)
    return queue


def _taken(queue: LaneQueue, now: int, limit: int) -> list[StockPair]:
    return [due.pair for due in queue.take(now, limit)]


def _many(name: str, number: int, at: int = 0) -> list[Due]:
    return [Due(at, index, StockPair(name, f"{index:04d}")) for index in range(number)]


# ── order ────────────────────────────────────────────────────────────────────────────────────────


def test_rows_go_out_when_they_are_due_and_not_before() -> None:
    queue = _queue(Due(10, 0, A), Due(20, 0, B))

    assert _taken(queue, 9, 5) == []
    assert _taken(queue, 10, 5) == [A]
    assert _taken(queue, 20, 5) == [B]


def test_what_is_due_first_goes_first_and_of_equals_the_oldest() -> None:
    queue = _queue(Due(10, 7, A), Due(10, 3, B), Due(9, 9, C))

    assert _taken(queue, 100, 5) == [C, B, A]


def test_urgent_rows_go_before_older_ones() -> None:
    queue = _queue(Due(1, 1, A), Due(2, 2, B), urgent=(Due(9, 9, C),))

    assert _taken(queue, 10, 3) == [C, A, B]


def test_a_fifth_of_every_call_is_kept_for_the_oldest() -> None:
    queue = _queue(*_many("slow", 50), urgent=tuple(_many("fast", 50)))

    taken = _taken(queue, 10, 20)

    assert [pair.source_code for pair in taken] == ["fast"] * 16 + ["slow"] * 4


def test_calls_are_full_where_there_is_enough_of_either_kind() -> None:
    assert len(_queue(*_many("slow", 50), urgent=tuple(_many("fast", 3))).take(10, 20)) == 20
    assert len(_queue(*_many("slow", 2), urgent=tuple(_many("fast", 50))).take(10, 20)) == 20


def test_nothing_is_kept_for_rows_that_are_not_due() -> None:
    queue = _queue(*_many("slow", 50, at=99), urgent=tuple(_many("fast", 50)))

    assert {pair.source_code for pair in _taken(queue, 10, 20)} == {"fast"}


def test_calls_with_a_single_row_are_urgent_four_times_of_five() -> None:
    queue = _queue(*_many("slow", 50), urgent=tuple(_many("fast", 50)))

    taken = [_taken(queue, 10, 1)[0].source_code for _ in range(20)]

    assert taken.count("slow") == 4
    assert taken[0] == "fast"


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 60))
def test_no_flood_of_urgent_rows_stops_the_others(limit: int, calls: int) -> None:
    queue = _queue(*_many("slow", 1000))
    fresh = itertools.count()

    slow = 0
    for now in range(calls):
        for _ in range(limit):
            queue.add(Due(now, now, StockPair("fast", f"{next(fresh):06d}")), urgent=True)
        taken = _taken(queue, now, limit)
        slow += sum(pair.source_code == "slow" for pair in taken)

        assert len(taken) == limit

    assert slow == calls * limit // 5


# ── rows that come again ─────────────────────────────────────────────────────────────────────────


def test_a_row_that_is_known_keeps_the_earlier_time() -> None:
    queue = _queue(Due(10, 0, A), Due(50, 0, A))

    assert _taken(queue, 10, 5) == [A]
    assert _taken(queue, 99, 5) == []


def test_a_row_can_become_due_earlier() -> None:
    queue = _queue(Due(50, 0, A), Due(10, 0, A))

    assert queue.next_at() == 10
    assert _taken(queue, 10, 5) == [A]
    assert _taken(queue, 99, 5) == []


def test_a_row_that_becomes_urgent_goes_first_and_once() -> None:
    queue = _queue(Due(5, 0, B), Due(50, 0, A), urgent=(Due(10, 0, A),))

    assert _taken(queue, 10, 5) == [A, B]
    assert _taken(queue, 99, 5) == []


def test_an_urgent_row_stays_urgent_and_keeps_its_place() -> None:
    queue = _queue(urgent=(Due(1, 0, A), Due(2, 0, B)))

    queue.add(Due(9, 0, A), urgent=True)
    queue.add(Due(0, 0, B), urgent=False)
    queue.add(Due(0, 0, C), urgent=False)

    assert _taken(queue, 10, 5) == [B, A, C]


def test_a_row_that_was_taken_can_come_again() -> None:
    queue = _queue(Due(1, 0, A))
    _taken(queue, 1, 1)

    queue.add(Due(2, 0, A), urgent=False)

    assert _taken(queue, 2, 1) == [A]


# ── what it tells ────────────────────────────────────────────────────────────────────────────────


def test_it_tells_when_the_next_row_is_due_and_since_when_the_first_that_may_go_waits() -> None:
    queue = _queue(Due(10, 3, A), urgent=(Due(20, 1, B),))

    assert (queue.next_at(), queue.oldest_since(9), queue.oldest_since(10), len(queue)) == (10, None, 3, 2)
    assert queue.oldest_since(20) == 1
    _taken(queue, 10, 5)
    assert (queue.next_at(), queue.oldest_since(10), queue.oldest_since(20), len(queue)) == (20, None, 1, 1)
    _taken(queue, 20, 5)
    assert (queue.next_at(), queue.oldest_since(20), len(queue)) == (None, None, 0)


def test_memory_is_bounded_by_rows_however_often_they_change_while_nothing_goes_out() -> None:
    queue = _queue(*_many("row", 10, at=10**9))

    for at in range(10**4):
        pair = StockPair("row", f"{at % 10:04d}")
        queue.add(Due(at, 0, pair), urgent=True)
        queue.add(Due(10**9 - at, 0, pair), urgent=False)

    assert len(queue._waiting) + len(queue._urgent) <= 2 * (REPLACED_AT_LEAST + 2 * 10 + 1)
    assert len(queue) == 10


def test_memory_is_bounded_by_rows_however_often_they_go_out_before_their_time() -> None:
    queue = _queue(Due(10**8, 0, B))

    for at in range(10**4):
        queue.add(Due(10**9, 0, A), urgent=False)
        queue.add(Due(at, 0, A), urgent=True)
        _taken(queue, at, 1)

    assert len(queue._waiting) <= REPLACED_AT_LEAST + 2 * 2 + 1
    assert _taken(queue, 10**9, 5) == [B]


# ── against a plain model ────────────────────────────────────────────────────────────────────────


class Queue(RuleBasedStateMachine):
    """Every row that was added is taken once, at its time, urgent ones before others."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = LaneQueue()
        self.at: dict[StockPair, int] = {}
        self.urgent: set[StockPair] = set()
        self.now = 0

    @rule(sku=st.sampled_from("ABCDEFGH"), wait=st.integers(0, 30), urgent=st.booleans())
    def add(self, sku: str, wait: int, urgent: bool) -> None:  # noqa: FBT001
        pair, at = StockPair("W1", sku), self.now + wait
        self.queue.add(Due(at, 0, pair), urgent=urgent)
        known = self.at.get(pair)
        if known is None or at < known or (urgent and pair not in self.urgent):
            self.at[pair] = at
        if urgent:
            self.urgent.add(pair)

    @rule(passed=st.integers(0, 10), limit=st.integers(1, 6))
    def take(self, passed: int, limit: int) -> None:
        self.now += passed
        due = {pair for pair, at in self.at.items() if at <= self.now}
        taken = _taken(self.queue, self.now, limit)

        assert len(taken) == len(set(taken)) == min(limit, len(due))
        assert set(taken) <= due
        kept_back = due - set(taken)
        others = [pair for pair in taken if pair not in self.urgent]
        assert len(others) <= -(-limit // 5) or not kept_back & self.urgent
        for pair in taken:
            del self.at[pair]
            self.urgent.discard(pair)

    @invariant()
    def knows_what_is_left(self) -> None:
        assert len(self.queue) == len(self.at)
        assert self.queue.next_at() == min(self.at.values(), default=None)


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# ── filling up ───────────────────────────────────────────────────────────────────────────────────


def test_a_call_that_leaves_takes_along_what_would_have_to_leave_next() -> None:
    queue = _queue(Due(30, 0, C, fills=True), Due(10, 0, A, fills=True), Due(20, 0, B, fills=True))

    assert _taken(queue, 9, 5) == []
    assert _taken(queue, 10, 2) == [A, B]
    assert (len(queue), queue.next_at()) == (1, 30)


def test_an_urgent_row_takes_waiting_ones_along() -> None:
    queue = _queue(Due(30, 0, A, fills=True), urgent=(Due(5, 0, B),))

    assert _taken(queue, 5, 5) == [B, A]


def test_a_row_that_has_its_own_time_fills_nothing_and_stays_due() -> None:
    queue = _queue(Due(10, 0, A), Due(20, 0, B), Due(30, 0, C, fills=True))

    assert _taken(queue, 10, 5) == [A, C]
    assert _taken(queue, 20, 5) == [B]


def test_not_more_than_a_few_are_passed_over_in_search_of_one_that_fills() -> None:
    nightly = [due._replace(at=50) for due in _many("nightly", PASSED_OVER)]
    queue = _queue(Due(10, 0, A), *nightly, Due(60, 0, B, fills=True))

    assert _taken(queue, 10, 5) == [A]
    assert len(_taken(queue, 50, 1000)) == PASSED_OVER + 1


def test_an_entry_that_was_replaced_fills_nothing() -> None:
    queue = _queue(Due(10, 0, A), Due(30, 0, B, fills=True), Due(20, 0, B, fills=True))

    assert _taken(queue, 10, 5) == [A, B]
    assert (len(queue), queue.next_at()) == (0, None)
