"""A row waits longer each time, and never for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.lane_waits import HOUR, MINUTE, PARKED, PUT_OFF, SECOND, Waits


@pytest.mark.parametrize(("tries", "wait"), [(0, 10), (1, 20), (2, 40), (5, 320), (6, 360), (7, 360), (10**9, 360)])
def test_a_parked_row_waits_ten_minutes_then_twice_as_long_and_six_hours_at_most(tries: int, wait: int) -> None:
    assert PARKED.after(tries) == wait * MINUTE
    assert PARKED.longest == 6 * HOUR


def test_a_row_that_is_put_off_waits_seconds_and_five_minutes_at_most() -> None:
    assert [PUT_OFF.after(tries) // SECOND for tries in range(8)] == [5, 10, 20, 40, 80, 160, 300, 300]


@given(st.integers(1, 10**6), st.integers(1, 10**9), st.integers(-3, 10**6))
def test_no_wait_is_shorter_than_the_one_before_or_longer_than_the_longest(first: int, more: int, tries: int) -> None:
    waits = Waits(first, first + more)

    assert waits.first <= waits.after(tries) <= waits.after(tries + 1) <= waits.longest
    assert waits.after(10**6) == waits.longest
