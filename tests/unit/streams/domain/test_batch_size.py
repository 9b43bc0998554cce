"""Rows per call: as many as the platform takes, as few as keep its answers quick."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.batch_size import QUICK_S, SLOW_S, BatchSize

sizes = st.integers(1, 5000).flatmap(lambda most: st.builds(BatchSize, st.integers(1, most), st.just(most)))
events = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), st.integers(-5, 6000), st.just(0.0)),
        st.tuples(st.just("answer"), st.integers(1, 5000), st.floats(0, 60)),
    )
)


@given(sizes, events)
def test_a_call_has_at_least_one_row_and_never_more_than_the_platform_takes(
    size: BatchSize, happened: list[tuple[str, int, float]]
) -> None:
    most = size.most
    for what, rows, seconds in happened:
        if what == "limit":
            size, most = size.limited(rows), max(1, min(most, rows))
        else:
            size = size.answered(min(rows, size.now), seconds)

        assert 1 <= size.now <= size.most == most


def test_it_grows_by_half_after_a_quick_full_call() -> None:
    assert BatchSize(100, 5000).answered(100, 0.1).now == 150
    assert BatchSize(1, 5000).answered(1, 0.1).now == 2
    assert BatchSize(4000, 5000).answered(4000, 0.1).now == 5000


def test_a_quick_call_that_was_not_full_says_nothing() -> None:
    assert BatchSize(100, 5000).answered(99, 0.1).now == 100


def test_it_halves_after_a_slow_call() -> None:
    assert BatchSize(100, 5000).answered(100, SLOW_S + 0.1).now == 50
    assert BatchSize(100, 5000).answered(3, SLOW_S + 0.1).now == 1


def test_a_slow_call_with_one_row_cannot_be_smaller() -> None:
    assert BatchSize(100, 5000).answered(1, 60).now == 100


@pytest.mark.parametrize("seconds", [QUICK_S, 3, SLOW_S])
def test_between_quick_and_slow_it_stays(seconds: float) -> None:
    assert BatchSize(100, 5000).answered(100, seconds).now == 100


@given(sizes)
def test_a_target_that_is_always_slow_gets_one_row_and_one_that_is_always_quick_gets_all(size: BatchSize) -> None:
    slow = quick = size
    for _ in range(60):
        slow, quick = slow.answered(slow.now, 60), quick.answered(quick.now, 0)

    assert (slow.now, quick.now) == (1, size.most)
