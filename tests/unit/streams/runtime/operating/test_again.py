"""What a reprocess orders of each partition: only what the workers have read, and one range at a time."""

from collections.abc import Sequence
from typing import cast

import pytest

from schemas.errors import DecodeError
from schemas.models.operations import OperatorControl
from streams.runtime.operating.again import Following, plan_of
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Range, RangeError
from streams.runtime.operating.wire import Wire
from streams.runtime.reprocess_order import DONE, REFUSED, RUNNING, WANTED, Again, again_of

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


# ── how far the workers are ──────────────────────────────────────────────────────────────────────


class Control:
    """The topic of orders, as a reader follows it and a wire decodes it."""

    def __init__(self, *orders: OperatorControl | DecodeError) -> None:
        self.said = list(orders)
        self.followed: dict[Partition, int] = {}

    def partitions(self, topic: str) -> list[Partition]:
        return [Partition(topic, 0)]

    def spans(self, partitions: Sequence[Partition]) -> dict[Partition, Span]:
        return {part: Span(3, 9) for part in partitions}

    def follow(self, ends: dict[Partition, int]) -> None:
        self.followed = ends

    def poll(self, within_s: float) -> list[LogRecord]:
        assert self.said, "nothing more was said"
        return [LogRecord("operator.control.v1", 0, 9, 0, b"", b"", ())]

    def decode(self, contract: object, value: bytes | None) -> OperatorControl | DecodeError:
        return self.said.pop(0)


def test_the_orders_say_how_far_the_workers_are_until_each_partition_has_ended() -> None:
    plan = plan_of(WHOLE, {ONE: 40, TWO: 30}, {})
    control = Control(
        _order(RUNNING, "10-40@30"),
        DecodeError("undecodable", "of somebody else"),
        OperatorControl(key="sink/commerce", state="paused", actor="", reason="", at=0),
        OperatorControl(key="replay/t/9", state=DONE, value="0-1@1", actor="", reason="", at=0),
        _order(DONE, "10-40@40"),
        OperatorControl(key="replay/t/1", state=REFUSED, value="10-30@20", actor="", reason="left the log", at=0),
    )
    told: list[tuple[int, int]] = []
    following = Following(cast("LogReader", control), control, cast("Wire", control))

    ended = following.until_done(plan, lambda done, total: told.append((done, total)))

    assert control.followed == {Partition("operator.control.v1", 0): 9}
    assert told == [(20, 50), (20, 50), (20, 50), (20, 50), (30, 50), (40, 50)]
    assert {part: order.state for part, order in ended.items()} == {ONE: DONE, TWO: REFUSED}
