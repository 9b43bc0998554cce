"""A change is in time when it reached the shop within its window and the target after it."""

from datetime import time

import pytest

from streams.domain.lane_rules import LaneRules, Window

SECOND = 1_000_000
DAY = 86_400 * SECOND
RULES = LaneRules(
    default=Window(SECOND),
    classes=(("slow", ("SLOW-*",), Window(60 * SECOND)), ("nightly", ("NIGHT-*",), Window(at=time(2, 0)))),
    target=5 * SECOND,
)


@pytest.mark.parametrize(
    ("sku", "longest"),
    [("PUMP-200", 6 * SECOND), ("SLOW-1", 65 * SECOND), ("NIGHT-1", DAY + 5 * SECOND)],
    ids=["of no class", "of a slow class", "once a day"],
)
def test_a_change_is_in_time_up_to_its_window_and_the_target(sku: str, longest: int) -> None:
    assert RULES.is_fresh(sku, longest)
    assert not RULES.is_fresh(sku, longest + 1)
