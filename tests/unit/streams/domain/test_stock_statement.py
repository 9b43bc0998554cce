"""A warehouse's statement of one moment against what the ledger held then, whatever has happened since."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.stock_change import StockChange
from streams.domain.movements import MovementList
from streams.domain.stock_door import Admitted, Arrival, Refused, admit
from streams.domain.stock_rules import StockRules
from streams.domain.stock_statement import WRONG, Comparison, Finding, compare
from tests.unit.streams.domain.ledger import HOURLY, UNIT, H, Ledger, count, delta


def stated(change: StockChange) -> Admitted:
    admitted = admit(change, Arrival(0, change.effective_at), StockRules())
    assert not isinstance(admitted, Refused)
    return admitted


def compared(ledger: Ledger, units: float, at: float, **fields: object) -> Comparison:
    one = stated(count(units, at, **fields))
    scope = ledger.entry.scope(one.location, one.bucket)
    movements = MovementList() if scope is None else ledger.book.of(scope.number)
    return compare(one, scope, movements)


def ledger(*changes: StockChange, rules: StockRules | None = None) -> Ledger:
    made = Ledger(rules)
    made.one_by_one(changes)
    return made


def test_what_came_after_the_statement_does_not_make_it_differ() -> None:
    one = ledger(count(10, 0), delta(-3, 5), delta(-2, 9))

    assert compared(one, 7, 6) == (Finding.AGREES, 7 * UNIT)
    assert compared(one, 10, 1) == (Finding.AGREES, 10 * UNIT)
    assert compared(one, 5, 9) == (Finding.AGREES, 5 * UNIT)


def test_another_quantity_differs_and_says_what_was_held() -> None:
    assert compared(ledger(count(10, 0), delta(-3, 5)), 8, 6) == (Finding.DIFFERS, 7 * UNIT)


def test_a_bucket_that_the_ledger_never_heard_of_is_unknown_unless_it_is_empty() -> None:
    assert compared(Ledger(), 4, 1) == (Finding.UNKNOWN, 0)
    assert compared(Ledger(), 0, 1) == (Finding.AGREES, 0)


@pytest.mark.parametrize(
    ("one", "at", "finding"),
    [
        (ledger(delta(-3, 5)), 6, Finding.UNCOUNTED),
        (ledger(count(10, 0), count(4, 8)), 6, Finding.COUNTED_SINCE),
        (ledger(count(10, 0, source_system="erp")), 6, Finding.OTHER_OWNER),
        (ledger(count(10, 0), delta(-1, 1), delta(-1, 3 * H), delta(-1, 5 * H), rules=HOURLY), 0.5, Finding.TOO_OLD),
    ],
    ids=["no count yet", "counted since", "stated by another system", "before the horizon"],
)
def test_what_cannot_be_compared_is_not_called_wrong(one: Ledger, at: float, finding: Finding) -> None:
    assert compared(one, 99, at) == (finding, None)
    assert finding not in WRONG


TIMES = st.integers(0, 40)
MOVES = st.lists(st.tuples(TIMES, st.integers(-5, 9)), max_size=12)


@given(counted=st.integers(0, 50), moves=MOVES, at=TIMES, off=st.integers(-3, 3))
def test_a_true_statement_of_any_moment_agrees_and_a_wrong_one_never_does(
    counted: int, moves: list[tuple[int, int]], at: int, off: int
) -> None:
    changes = [delta(units, when + 1, event_id=f"m{number}") for number, (when, units) in enumerate(moves)]
    one = ledger(count(counted, 0), *changes)
    truth = counted + sum(units for when, units in moves if when + 1 <= at)
    if truth + off < 0:
        off = 0 if truth >= 0 else -truth

    said = compared(one, truth + off, at)

    assert said == (Finding.DIFFERS if off else Finding.AGREES, truth * UNIT)
