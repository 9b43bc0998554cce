"""The ideal schedule follows from delay, calls and orders side by side alone."""

import pytest

from bench.schedule import Share, busy_share, ideal_seconds, paced_share

SLOW = Share(calls=2, at_once=4, delay_s=0.5)
QUICK = Share(calls=1, at_once=8, delay_s=0.5)


def test_a_sink_works_in_rounds_and_the_last_one_takes_as_long() -> None:
    assert SLOW.seconds(4) == 1.0
    assert SLOW.seconds(5) == 2.0
    assert SLOW.seconds(0) == 0.0


def test_sinks_work_side_by_side_and_the_slowest_says_how_long_it_takes() -> None:
    assert ideal_seconds(16, {"erp": SLOW, "wms": QUICK}) == 4.0
    assert ideal_seconds(16, {"wms": QUICK}) == 1.0


def test_twice_the_orders_side_by_side_take_half_the_time() -> None:
    assert ideal_seconds(64, {"erp": SLOW._replace(at_once=8)}) == ideal_seconds(64, {"erp": SLOW}) / 2


def test_calls_at_exactly_the_permitted_rate_are_all_of_it() -> None:
    assert paced_share([10 + number / 4 for number in range(41)], 4) == 1.0


def test_a_pause_is_missing_from_the_permitted_rate() -> None:
    assert paced_share([0, 1, 2, 7, 8, 9, 10], 1) == 0.6
    with pytest.raises(ValueError, match="1 calls have no pace"):
        paced_share([3.0], 1)


def test_places_that_stand_empty_are_missing_from_what_may_be_called_at_once() -> None:
    full = [(0.0, 1.0), (0.0, 1.0), (1.0, 2.0), (1.0, 2.0)]

    assert busy_share(full, 2) == 1.0
    assert busy_share(full[:3], 2) == 0.75
    with pytest.raises(ValueError, match="no call took a place"):
        busy_share([], 2)
