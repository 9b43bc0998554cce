"""How long nothing came through is told per group of keys; what came twice is counted."""

from math import inf

from bench.gaps import MICROS, Counted, History, Pair, Window, longest_gap, take_states, worst_gap
from bench.shop import Effect


def effect(at: float, sku: str = "A", quantity: float = 1.0) -> Effect:
    return Effect(at, 0, "north", sku, quantity)


def test_the_last_effect_before_the_disturbance_begins_the_gap() -> None:
    assert longest_gap([1.0, 9.5, 13.0, 14.0], Window(10.0, 13.5)) == 3.5


def test_a_gap_that_reaches_beyond_the_end_is_told_whole() -> None:
    assert longest_gap([9.5, 10.5, 20.0, 40.0], Window(10.0, 12.0)) == 9.5


def test_gaps_before_and_after_the_disturbance_are_none_of_its() -> None:
    assert longest_gap([0.0, 8.0, 10.0, 11.0, 12.0, 30.0], Window(10.0, 12.0)) == 2.0


def test_where_nothing_comes_afterwards_the_gap_has_no_end() -> None:
    assert longest_gap([9.0, 11.0], Window(10.0, 12.0)) == inf
    assert longest_gap([], Window(10.0, 12.0)) == inf


def test_without_an_earlier_effect_the_gap_begins_with_the_disturbance() -> None:
    assert longest_gap([11.0, 12.5], Window(10.0, 12.0)) == 1.5


def test_the_group_that_waited_longest_counts() -> None:
    effects = [effect(9.0), effect(9.0, "B"), effect(11.0), effect(12.5), effect(14.0, "B"), effect(14.5, "unknown")]

    assert worst_gap(effects, {"A": 0, "B": 1}, Window(10.0, 12.0)) == 5.0


def test_a_group_of_several_skus_waits_for_any_of_them() -> None:
    effects = [effect(9.0), effect(11.0, "B"), effect(13.0)]

    assert worst_gap(effects, {"A": 0, "B": 0}, Window(10.0, 12.0)) == 2.0


def history(*micros: int) -> History:
    made = History()
    for one in micros:
        made.was(("north", "A"), one * MICROS)
    return made


def test_a_row_that_is_written_again_as_it_was_is_a_repeat() -> None:
    states = history(1, 2, 3)

    assert states.repeats([effect(1.0, quantity=1.0), effect(2.0, quantity=3.0)]) == 0
    assert states.repeats([effect(3.0, quantity=3.0)]) == 1


def test_a_row_that_is_written_as_it_was_before_is_a_repeat() -> None:
    assert history(1, 2, 3).repeats([effect(1.0, quantity=3.0), effect(2.0, quantity=1.0)]) == 1


def test_a_quantity_that_came_back_is_no_repeat() -> None:
    assert history(1, 2, 1).repeats([effect(1.0), effect(2.0)]) == 0


def test_what_a_source_shows_is_the_sum_of_its_places_rounded_as_the_product_does() -> None:
    made, balances = History(), dict[Pair, int]()
    sources = {"P1": "north", "P2": "north", "P3": "south"}
    changes = [
        Counted("P1", "A", is_count=True, micros=5_000_050),
        Counted("P2", "A", is_count=True, micros=2_000_000),
        Counted("P3", "A", is_count=True, micros=9_000_000),
        Counted("P1", "A", is_count=False, micros=-9_000_000),
    ]

    take_states(made, changes, balances, sources)

    assert made.repeats([effect(1.0, quantity=5.0), effect(2.0, quantity=7.0), effect(3.0, quantity=0.0)]) == 0
    assert made.repeats([effect(4.0, quantity=9.0)]) == 1
    assert balances["P1", "A"] == -3_999_950
