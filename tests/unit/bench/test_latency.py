"""A change is in the shop with the first call that left after it was taken."""

from bench.lines.latency import TARGET_S, delays_of
from bench.shop import Effect
from bench.traffic import Told


def effect(at: float, sku: str = "A") -> Effect:
    return Effect(at, 0, "north", sku, 1.0)


def test_a_call_that_was_on_its_way_already_does_not_hold_the_change() -> None:
    assert delays_of([Told(10.0, "north", "A")], [effect(10.0 + TARGET_S / 2), effect(11.0)]) == [1.0]


def test_several_changes_of_a_row_are_in_one_call() -> None:
    changes = [Told(10.0, "north", "A"), Told(10.5, "north", "A"), Told(10.5, "north", "B")]

    assert delays_of(changes, [effect(11.0), effect(12.0, "B")]) == [1.0, 0.5, 1.5]


def test_a_change_without_a_later_call_never_reached_the_shop() -> None:
    assert delays_of([Told(10.0, "north", "A"), Told(10.0, "south", "A")], [effect(9.0)]) == [float("inf")] * 2
