"""What a reprocess orders of each partition: only what the workers have read, and one range at a time."""

import pytest

from schemas.models.operations import OperatorControl
from streams.runtime.operating.again import plan_of
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Range, RangeError
from streams.runtime.reprocess_order import DONE, RUNNING, WANTED, Again, again_of

ONE, TWO = Partition("t", 0), Partition("t", 1)
WHOLE = Range("t", {ONE: Span(0, 50), TWO: Span(0, 50)}, {ONE: Span(10, 50), TWO: Span(10, 30)}, None, None)


def _order(state: str, value: str) -> OperatorControl:
    return OperatorControl(key="replay/t/0", state=state, value=value, actor="me", reason="", at=0)


def test_only_what_the_group_has_read_comes_again() -> None:
    plan = plan_of(WHOLE, {ONE: 40, TWO: 50}, {})

    assert plan.parts == (Again("t", 0, 10, 40, 10), Again("t", 1, 10, 30, 10))
    assert (plan.records, plan.unread) == (50, 10)


def test_a_partition_that_the_group_has_not_reached_is_left_out() -> None:
    plan = plan_of(WHOLE, {ONE: 5, TWO: 20}, {})

    assert [one.partition for one in plan.parts] == [1]
    assert plan.unread == 40 + 10


def test_a_range_that_was_not_read_at_all_is_refused() -> None:
    with pytest.raises(RangeError, match="have not read this range of t yet: it comes anyway"):
        plan_of(WHOLE, {ONE: None}, {})


@pytest.mark.parametrize("state", [WANTED, RUNNING])
def test_a_second_range_waits_until_the_first_is_done(state: str) -> None:
    with pytest.raises(RangeError, match=r"t\[0\]: offsets 0 to 29 are being read again, as me wanted; 10 are left"):
        plan_of(WHOLE, {ONE: 40}, {"replay/t/0": _order(state, "0-30@20")})


def test_a_range_that_was_read_again_can_be_ordered_anew() -> None:
    assert plan_of(WHOLE, {ONE: 40}, {"replay/t/0": _order(DONE, "0-30@30")}).records == 30


# ── the order itself ─────────────────────────────────────────────────────────────────────────────


def test_an_order_is_read_as_it_is_written() -> None:
    again = Again("wms.stock-change.v1", 3, 10, 40, 25)
    order = OperatorControl(key=again.key, state=RUNNING, value=again.value, actor="", reason="", at=0)

    assert again.key == "replay/wms.stock-change.v1/3"
    assert again_of(order) == again
    assert again.left == 15


@pytest.mark.parametrize(
    ("key", "value"),
    [("gap/t/0", "1-2@1"), ("replay/t", "1-2@1"), ("replay/t/x", "1-2@1"), ("replay/t/0", "1-2"), ("replay/t/0", "")],
)
def test_what_is_no_such_order_is_left_alone(key: str, value: str) -> None:
    assert again_of(OperatorControl(key=key, state=WANTED, value=value, actor="", reason="", at=0)) is None
