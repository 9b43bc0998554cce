"""The offline optimum: no plan of calls is better, which a search over all plans of small streams confirms."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.coalescing import Change, Fewest, fewest
from bench.lines.coalesce import Cell, counted, lateness
from bench.shop import Effect
from bench.traffic import Told


def _changes(*pairs: tuple[float, str]) -> list[Change]:
    return [Change(at, key) for at, key in pairs]


def test_changes_of_a_row_within_the_window_are_one_write() -> None:
    assert fewest(_changes((0, "A"), (1, "A"), (4, "A")), 5, 20) == Fewest(1, 1)


def test_a_change_after_the_call_left_needs_another() -> None:
    assert fewest(_changes((0, "A"), (6, "A")), 5, 20) == Fewest(2, 2)


def test_a_change_at_the_very_moment_of_the_call_is_in_it() -> None:
    assert fewest(_changes((0, "A"), (5, "B")), 5, 20) == Fewest(1, 2)


def test_a_call_takes_no_more_rows_than_it_may() -> None:
    assert fewest(_changes(*((0, f"{n}") for n in range(45))), 5, 20) == Fewest(3, 45)


def test_without_changes_there_is_no_call() -> None:
    assert fewest([], 5, 20) == Fewest(0, 0)


def _can_do_with(changes: list[Change], window: int, rows: int, calls: int) -> bool:
    """Whether any choice of call times serves all changes; times are whole, so are the changes'."""
    times = range(max(change.at for change in changes).__int__() + window + 1)
    return any(_serves(chosen, changes, window, rows) for chosen in _multisets(times, calls))


def _multisets(times: range, size: int) -> list[tuple[int, ...]]:
    return [
        tuple(one - number for number, one in enumerate(chosen))
        for chosen in combinations(range(len(times) + size - 1), size)
    ]


def _serves(calls: tuple[int, ...], changes: list[Change], window: int, rows: int) -> bool:
    """Greedy over the calls in order: the earliest deadlines first."""
    left = list(changes)
    for at in calls:
        waiting: dict[str, float] = {}
        for change in left:
            if change.at <= at:
                waiting.setdefault(change.key, change.at + window)
        if any(deadline < at for deadline in waiting.values()):
            return False
        taken = set(sorted(waiting, key=lambda key: waiting[key])[:rows])
        left = [change for change in left if change.at > at or change.key not in taken]
    return not left


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ABC")), min_size=1, max_size=6),
    st.integers(0, 3),
    st.integers(1, 2),
)
def test_no_plan_does_with_fewer_calls(pairs: list[tuple[int, str]], window: int, rows: int) -> None:
    changes = sorted(Change(at, key) for at, key in pairs)

    best = fewest(changes, window, rows)

    assert _can_do_with(changes, window, rows, best.calls)
    assert not any(_can_do_with(changes, window, rows, fewer) for fewer in range(best.calls))


# ── what a line counts ───────────────────────────────────────────────────────────────────────────


def _told(at: float, sku: str) -> Told:
    return Told(at, "north", sku)


def _effect(at: float, call: int, sku: str) -> Effect:
    return Effect(at, call, "north", sku, 1.0)


def test_a_change_is_late_by_what_its_effect_came_after_the_window() -> None:
    changes = [_told(0, "A"), _told(2, "A"), _told(3, "B")]
    effects = [_effect(5.5, 0, "A"), _effect(9, 1, "B")]

    assert lateness(changes, effects, 5) == [0.5, -1.5, 1.0]


def test_a_change_that_never_came_through_is_late_for_ever() -> None:
    assert lateness([_told(0, "A"), _told(6, "A")], [_effect(5, 0, "A")], 5) == [0.0, float("inf")]


def test_calls_are_counted_not_rows() -> None:
    changes = [_told(0, "A"), _told(0, "B"), _told(0, "C")]
    effects = [_effect(5, 0, "A"), _effect(5, 0, "B"), _effect(5, 1, "C")]

    found = counted(changes, effects, Cell(1_000, 5, 20))

    assert (found.changes, found.calls, found.rows, found.best, found.ratio) == (3, 2, 3, 1, 2.0)
