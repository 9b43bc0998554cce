"""What counts as catching a seeded bug: the invariant that was expected to break, or what the fault was to say."""

from tests.faults.grid import bugs
from tests.faults.grid.bugs import EXPECTED, Expected, judge
from tests.faults.grid.claims import CLAIMS
from tests.faults.grid.kinds import Cell, Claim, Played, State
from tests.faults.grid.nemeses import NEMESES
from tests.faults.seeded_stock import BUGS

EXPECTING = Expected("N14", frozenset({"I1", "I5"}))


def _played(trouble: str = "", **cells: State) -> Played:
    return Played("N14", 7, (), {name: Cell(state, "as seen") for name, state in cells.items()}, trouble=trouble)


def test_an_expected_invariant_that_broke_catches_the_bug_and_others_are_told_besides() -> None:
    caught = judge("a bug", EXPECTING, _played(I1=State.BROKEN, I5=State.HELD, I9=State.BROKEN))

    assert caught.is_caught
    assert (caught.by, caught.also, caught.seen) == (("I1",), ("I9",), "as seen")
    assert "caught by I1 (also I9): as seen" in bugs.line(caught)


def test_another_invariant_or_a_run_that_came_to_nothing_catches_nothing() -> None:
    for played in (_played(I9=State.BROKEN), _played("TimeoutError: no broker"), _played(I1=State.HELD)):
        assert "NOT CAUGHT" in bugs.line(judge("a bug", EXPECTING, played))


def test_what_the_fault_was_to_say_of_the_shop_catches_the_bug() -> None:
    expected = Expected("N10", says="before the time")

    assert judge("a bug", expected, _played("AssertionError: 3 calls came before the time")).by == ("N10",)
    assert not judge("a bug", expected, _played("AssertionError: no broker")).is_caught


def test_every_bug_is_expected_to_break_what_its_fault_claims() -> None:
    assert EXPECTED.keys() == BUGS.keys()
    for expected in EXPECTED.values():
        assert expected.nemesis in NEMESES
        assert expected.breaks or expected.says
        assert all(CLAIMS[expected.nemesis][name] is not Claim.NOT_HERE for name in expected.breaks)


def test_a_bug_that_was_not_played_says_so() -> None:
    rows = bugs.table([]).splitlines()[1:]

    assert len(rows) == len(BUGS)
    assert all(row.endswith("not run") for row in rows)
