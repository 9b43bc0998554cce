"""What comes late: within the horizon it counts, beyond it asks for a recount, and what is folded is not lost."""

import pytest

from streams.domain import scope as scope_rules
from streams.domain.stock_rules import StockRules
from tests.unit.streams.domain.ledger import HOUR, HOURLY, T0, UNIT, H, Ledger, count, delta, ledger_of

# ── horizon ──────────────────────────────────────────────────────────────────────────────────────


def test_a_late_delta_within_the_horizon_counts() -> None:
    ledger = ledger_of([count(10), delta(1, H)], HOURLY)

    assert ledger.take(delta(5, 1)) == ["accepted"]
    assert ledger.quantity() == 16


@pytest.mark.parametrize("lateness", [H, H + 1, 5 * H])
def test_a_delta_as_late_as_the_horizon_is_ignored_and_asks_for_a_recount(lateness: int) -> None:
    ledger = ledger_of([count(10), delta(1, 10 * H)], HOURLY)

    assert ledger.take(delta(5, 10 * H - lateness)) == ["too-old"]
    assert ledger.quantity() == 11
    assert ledger.doubt == "TOO_OLD"


def test_a_count_as_late_as_the_horizon_is_ignored_and_asks_for_a_recount() -> None:
    ledger = ledger_of([count(10), delta(1, 10 * H)], HOURLY)

    assert ledger.take(count(99, 9 * H)) == ["too-old"]
    assert ledger.quantity() == 11
    assert ledger.doubt == "TOO_OLD"


def test_a_record_that_the_base_contains_is_contained_however_late_it_comes() -> None:
    ledger = ledger_of([count(10, 10 * H)], HOURLY)

    assert ledger.take(delta(5, 0), count(5, 0)) == ["contained", "stale"]
    assert ledger.doubt is None


def test_a_repeat_of_a_folded_delta_changes_nothing() -> None:
    old = delta(5, 1, source_sequence=2)
    ledger = ledger_of([count(10, source_sequence=1), old, delta(1, 10 * H, source_sequence=3)], HOURLY)

    assert ledger.book.of(0).has(b"s" + (2).to_bytes(8, "big")) is False
    assert ledger.take(old) == ["too-old"]
    assert ledger.quantity() == 16


def test_the_horizon_is_event_time_not_the_time_of_arrival() -> None:
    ledger = Ledger(HOURLY)
    ledger.take(count(10), appended_at=T0 + 1000 * HOUR)

    assert ledger.take(delta(5, 1), appended_at=T0 + 9000 * HOUR) == ["accepted"]


def test_folding_moves_deltas_into_the_base_and_forgets_them() -> None:
    ledger = ledger_of([count(10), delta(5, 1), delta(1, 10 * H)], HOURLY)
    scope = ledger.scope()

    assert (scope.base, scope.after_base, scope.remembered) == (15 * UNIT, 1 * UNIT, 1)
    assert len(ledger.book.of(0)) == 1


def test_folding_drops_deltas_that_a_newer_count_contains() -> None:
    ledger = ledger_of([count(10), delta(5, 1), count(20, 2), delta(1, 10 * H)], HOURLY)

    assert (ledger.scope().base, ledger.quantity()) == (20 * UNIT, 21)


def test_a_horizon_that_is_set_longer_does_not_reach_behind_what_is_folded() -> None:
    old = delta(5, 1, source_sequence=2)
    ledger = ledger_of([count(10, source_sequence=1), old, delta(1, 10 * H, source_sequence=3)], HOURLY)

    ledger.rules = StockRules(horizon=24 * HOUR)

    assert ledger.take(old, delta(7, 2, source_sequence=4), count(50, 1.5, source_sequence=5)) == ["too-old"] * 3
    assert ledger.quantity() == 16


def test_folding_waits_until_it_serves_many_records() -> None:
    ledger = ledger_of([count(10), delta(5, 1), delta(1, H + 2)], HOURLY)

    assert ledger.scope().remembered == 3
    assert ledger.take(delta(5, 1.5)) == ["too-old"]


def test_beyond_the_bound_the_oldest_are_folded_as_if_the_horizon_had_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope_rules, "REMEMBERED_AT_MOST", 5)
    monkeypatch.setattr(scope_rules, "FOLDED_AT_ONCE", 3)
    ledger = ledger_of([count(10), *(delta(1, at) for at in range(1, 6))])

    assert ledger.scope().remembered == 3
    assert ledger.scope().base == 12 * UNIT
    assert ledger.take(delta(9, 1.5)) == ["too-old"]
    assert ledger.take(delta(1, 2.5)) == ["accepted"]
    assert ledger.quantity() == 16


def test_a_late_record_that_makes_the_bound_overflow_is_counted_once_and_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scope_rules, "REMEMBERED_AT_MOST", 4)
    monkeypatch.setattr(scope_rules, "FOLDED_AT_ONCE", 3)
    ledger = ledger_of([count(10), delta(1, 10), delta(1, 20), delta(1, 30)])
    late = delta(5, 5, source_sequence=77)

    assert ledger.take(late) == ["accepted"]
    assert ledger.scope().remembered == 1
    assert ledger.take(late) == ["too-old"]
    assert ledger.quantity() == 18


def test_when_nothing_is_left_to_remember_the_next_record_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope_rules, "REMEMBERED_AT_MOST", 2)
    monkeypatch.setattr(scope_rules, "FOLDED_AT_ONCE", 2)
    same = [delta(1, 5, source_sequence=number) for number in range(3)]
    ledger = ledger_of([*same])

    assert ledger.scope().remembered == 0
    assert ledger.take(delta(1, 5, source_sequence=9), delta(1, 6)) == ["too-old", "accepted"]
    assert (ledger.scope().remembered, ledger.scope().oldest_at) == (1, T0 + 6 * UNIT)
    assert ledger.scope().value == 4 * UNIT
