"""What is usual for a target follows it: slowly where it slows down, at once where it is quick again."""

import pytest

from streams.domain.governor_at_once import AtOnce, answered, at_most

MOST = 20


def _after(one: AtOnce, calls: int, seconds: float) -> AtOnce:
    """So many answers that each took so long, with as many calls under way as there may be."""
    for _ in range(calls):
        one = answered(one, seconds, one.limit, 0)
    return one


@pytest.mark.parametrize("slow", [2.0, 30.0])
def test_a_target_that_was_slow_for_long_and_is_quick_again_is_measured_by_its_quick_answers(slow: float) -> None:
    """A hundred answers later, which alone hardly move what is usual of thousands, 1 s is slow for it again."""
    settled = _after(at_most(MOST), 3000, slow)
    assert settled.limit == MOST
    quick = _after(settled, 100, 0.1)
    assert quick.limit == MOST

    assert _after(quick, 20, 1.0).limit < MOST / 2


def test_a_target_that_was_always_as_slow_is_not_asked_for_less() -> None:
    assert _after(at_most(MOST), 3000, 2.0).limit == MOST
    assert _after(_after(at_most(MOST), 3000, 2.0), 20, 2.5).limit == MOST
