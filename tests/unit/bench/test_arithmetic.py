"""Medians, ratios and goals say what they should, and nothing is a success that was not measured."""

import math

import pytest

from bench.arithmetic import Goal, at_least, at_most, drift, is_met, percentile, ratio, spread


def test_a_ratio_is_taken_in_each_round_and_then_the_median() -> None:
    ours, theirs = [10.0, 40.0, 30.0], [10.0, 20.0, 10.0]

    assert ratio(ours, theirs) == (2.0, 1.0, 3.0)


def test_a_slow_round_of_both_sides_changes_no_ratio() -> None:
    assert ratio([10.0, 1.0, 12.0], [20.0, 2.0, 24.0]).median == 0.5


def test_rounds_that_do_not_pair_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="2 rounds of ours, 1 of theirs"):
        ratio([1.0, 2.0], [1.0])


def test_where_no_round_was_kept_there_is_no_median() -> None:
    with pytest.raises(ValueError, match="no round was kept"):
        spread([])


def test_the_median_of_an_even_number_lies_between() -> None:
    assert spread([4.0, 1.0, 2.0, 3.0]) == (2.5, 1.0, 4.0)


@pytest.mark.parametrize(("before", "after"), [(1.0, 1.25), (1.25, 1.0)])
def test_drift_is_the_same_in_both_directions(before: float, after: float) -> None:
    assert drift(before, after) == 0.25


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_seen(share: float, value: int) -> None:
    assert percentile([*range(100, 0, -1)], share) == value


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (at_least("rate", 0.55, 0.55), True),
        (at_least("rate", 0.54, 0.55), False),
        (at_most("calls", 1.1, 1.1), True),
        (at_most("calls", 1.11, 1.1), False),
        (at_most("calls", None, 1.1), False),
        (at_most("calls", math.nan, 1.1), False),
        (at_most("late", math.inf, 1.0), False),
    ],
)
def test_a_goal_is_met_at_its_bound_and_never_without_a_value(goal: Goal, met: bool) -> None:  # noqa: FBT001
    assert goal.is_met is met


def test_a_missed_stretch_is_no_failure_and_any_other_miss_is() -> None:
    stretch = at_least("more", 0.7, 1.0, stretch=True)

    assert is_met([at_least("rate", 0.7, 0.55), stretch])
    assert not is_met([at_least("rate", 0.5, 0.55), stretch])
    assert not is_met([])
