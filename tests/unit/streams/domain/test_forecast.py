"""What is said of a queue, and how it is held against what then happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain import forecast
from streams.domain.cut_off import Urgency
from streams.domain.forecast import Due, Queue, Throughput

MICROS = 1_000_000
HOUR = 3600 * MICROS


def _due(*cut_offs: tuple[int, int]) -> tuple[Due, ...]:
    return tuple(Due(at, f"at {at}", orders) for at, orders in cut_offs)


def test_the_queue_is_what_waits_and_what_still_stands_in_the_topic() -> None:
    found = forecast.queue_of([Urgency(5, 100, "x"), Urgency(3, 100, "x"), Urgency(4)], more=7)

    assert found == Queue(10, (Due(100, "x", 2),), 3)


def test_who_cannot_be_there_in_time_is_counted_at_the_cut_off_that_it_misses() -> None:
    queue = Queue(4812, _due((HOUR, 7231), (2 * HOUR, 10)), 0)

    made = forecast.forecast(queue, 2.0, 0)

    assert (made.drain_s, made.will_miss) == (2406.0, (Due(HOUR, f"at {HOUR}", 31),))


def test_nobody_knows_how_fast_is_said_so() -> None:
    made = forecast.forecast(Queue(5, _due((HOUR, 5)), 0), None, 0)

    assert (made.drain_s, made.per_s, made.will_miss) == (None, None, None)


def test_what_waits_past_its_cut_off_has_missed_it_already() -> None:
    made = forecast.forecast(Queue(5, _due((HOUR, 5)), 0), 1.0, HOUR)

    assert (made.missed, made.will_miss) == (_due((HOUR, 5)), ())


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 60)), max_size=5),
    st.floats(0.01, 5),
)
def test_as_many_miss_as_in_the_best_schedule(cut_offs: list[tuple[int, int]], per_s: float) -> None:
    """One after the other, the nearest cut-off first, leaving out what is late."""
    by_time = sorted(dict(cut_offs).items())
    queue = Queue(sum(n for _, n in by_time), _due(*((at * MICROS, n) for at, n in by_time)), 0)
    done = 0
    for at, orders in by_time:
        for _ in range(orders):
            done += (done + 1) / per_s <= at + 1e-9

    made = forecast.forecast(queue, per_s, 0)

    assert made.will_miss is not None
    assert queue.waiting - sum(one.orders for one in made.will_miss) == pytest.approx(done, abs=1)


def test_the_rate_is_that_of_the_place_and_of_the_pace_whichever_is_less() -> None:
    seen = Throughput()
    for _ in range(10):
        seen = seen.worked(0.5, 2).done()

    assert Throughput().per_s(4, 0) is None
    assert seen.per_s(4, 0) == 8
    assert seen.per_s(4, 3.0) == 1.5


def test_what_was_long_ago_weighs_less_than_what_is_now() -> None:
    seen = Throughput()
    for _ in range(500):
        seen = seen.worked(0.1, 1).done()
    for _ in range(3 * forecast.KEPT):
        seen = seen.worked(1.0, 1).done()

    assert seen.per_s(1, 0) == pytest.approx(1.0, rel=0.15)


def test_a_forecast_is_compared_once_as_many_ended_as_waited() -> None:
    said = forecast.said(forecast.forecast(Queue(40, (), 0), 2.0, 0), ended=100, now=0)

    assert said is not None
    assert said.compared(139, 10 * MICROS) is None
    found = said.compared(140, 25 * MICROS)
    assert found is not None
    assert (found.said_s, found.took_s, found.error) == (20.0, 25.0, 0.2)


def test_nothing_is_said_of_a_handful() -> None:
    assert forecast.said(forecast.forecast(Queue(9, (), 0), 2.0, 0), ended=0, now=0) is None
    assert forecast.said(forecast.forecast(Queue(40, (), 0), None, 0), ended=0, now=0) is None
