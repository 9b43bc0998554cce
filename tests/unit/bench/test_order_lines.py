"""What the lines of orders make of journals and of memory."""

import pytest

from bench.lines.drain import Drained
from bench.lines.open_orders import Growth, Held
from bench.order_seen import FIRST, THEN, ideal_s
from bench.simulator import Called


def call(begun: float, status: int = 200, *, at: float | None = None) -> Called:
    return Called(begun, begun + 0.5 if at is None else at, "POST", "/rest/all/V1/orders", status, status == 200)


def test_refused_calls_are_counted_and_are_no_part_of_what_was_taken() -> None:
    drained = Drained(back=8.0, calls=[call(10.0), call(11.0, 429), call(12.0)], orders=2)

    assert drained.refused == 1
    assert [one.begun for one in drained.taken] == [10.0, 12.0]
    assert (drained.first_s, drained.seconds) == (2.0, 2.5)
    assert drained.figures("shop")["shop calls an order"] == 1.0


def test_a_write_is_known_by_target_path_and_effect() -> None:
    number = FIRST["number"]

    assert number.is_of(call(1.0))
    assert not number.is_of(call(1.0, 429))
    assert not number.is_of(call(1.0)._replace(path="/rest/all/V1/orders/7/comments"))
    assert not THEN["invoice"].is_of(call(1.0))


def test_the_first_quarter_is_no_part_of_the_growth() -> None:
    held = [Held(100, 50_000), Held(200, 51_000), Held(300, 52_000), Held(400, 54_000)]

    growth = Growth.of(held)

    assert growth.each == pytest.approx(4_000 / 300)
    assert growth.last == 20.0


def test_what_was_not_filled_is_computed_by_the_steeper_growth() -> None:
    assert Growth(each=10.0, last=20.0).whole(Held(400, 54_000), 1_000) == 66_000
    assert Growth(each=30.0, last=20.0).whole(Held(400, 54_000), 1_000) == 72_000
    assert Growth(each=-5.0, last=-1.0).whole(Held(400, 54_000), 1_000) == 54_000
    assert Growth(each=30.0, last=20.0).whole(Held(1_000, 54_000), 1_000) == 54_000


def test_the_ideal_of_orders_waits_for_the_sink_that_has_most_to_do() -> None:
    assert ideal_s(400, 0.05) == pytest.approx(100 * 0.05)
