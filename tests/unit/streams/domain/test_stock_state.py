"""What a bucket holds: one example for each settled rule on state, time, ties, repeats, horizon, doubt and bases."""

import pytest

from streams.domain import scope as scope_rules
from streams.domain.stock_rules import StockRules
from tests.unit.streams.domain.ledger import HOUR, T0, UNIT, Ledger, count, delta, ledger_of

HOURLY = StockRules(horizon=HOUR)
H = 3600
"""Seconds of HOURLY's horizon."""


# ── state ────────────────────────────────────────────────────────────────────────────────────────


def test_deltas_after_the_newest_count_are_added_to_it() -> None:
    assert ledger_of([count(10), delta(-3, 1), delta(5, 2)]).quantity() == 12


def test_a_delta_at_the_very_time_of_the_count_is_contained_in_it() -> None:
    ledger = ledger_of([count(10, 5), delta(-1, 6)])

    assert ledger.take(delta(7, 5), delta(7, 4)) == ["contained", "contained"]
    assert ledger.quantity() == 9


def test_a_count_voids_what_was_added_before_it_and_keeps_what_came_after() -> None:
    assert ledger_of([count(1), delta(4, 1), delta(7, 5), delta(2, 6), count(10, 5)]).quantity() == 12


def test_a_count_of_the_newest_moment_has_nothing_after_it() -> None:
    assert ledger_of([count(1), delta(4, 5), count(10, 5)]).quantity() == 10


def test_an_older_count_is_stale() -> None:
    ledger = ledger_of([count(10, 5)])

    assert ledger.take(count(99, 4)) == ["stale"]
    assert ledger.quantity() == 10


def test_a_count_replaces_its_own_bucket_at_its_own_location_only() -> None:
    rules = StockRules(locations={"W1": "main", "W2": "main"})
    ledger = Ledger(rules)

    ledger.take(count(10), count(2, bucket="ON_HOLD"), count(5, location_code="W2"), count(7, 1))

    assert ledger.quantity("main") == 7 - 2 + 5


def test_a_source_sums_its_locations() -> None:
    ledger = Ledger(StockRules(locations={"W1": "main", "W2": "main", "W3": "other"}))

    ledger.take(count(10), count(5, location_code="W2"), count(1, location_code="W3"))

    assert ledger.quantity("main") == 15
    assert ledger.quantity("other") == 1


def test_the_sequence_never_decides_which_count_is_newer() -> None:
    ledger = ledger_of([count(10, 5, source_sequence=1), count(99, 4, source_sequence=2)])

    assert ledger.quantity() == 10


def test_a_gap_in_the_sequence_is_normal() -> None:
    ledger = ledger_of([count(10, 0, source_sequence=1), delta(-1, 1, source_sequence=900, previous_quantity=7 * UNIT)])

    assert ledger.quantity() == 9
    assert ledger.doubt is None


# ── ties ─────────────────────────────────────────────────────────────────────────────────────────


def test_of_two_counts_of_one_moment_the_later_recorded_wins_whichever_came_first() -> None:
    early, late = count(10, 5, recorded_at=T0 + 1), count(20, 5, recorded_at=T0 + 2)

    assert ledger_of([early, late]).quantity() == ledger_of([late, early]).quantity() == 20


def test_then_the_higher_sequence_wins_whichever_came_first() -> None:
    low, high = count(10, 5, source_sequence=1), count(20, 5, source_sequence=2)

    assert ledger_of([low, high]).quantity() == ledger_of([high, low]).quantity() == 20


def test_then_the_later_in_the_log_wins() -> None:
    one, other = count(10, 5), count(20, 5)

    assert ledger_of([one, other]).quantity() == 20
    assert ledger_of([other, one]).quantity() == 10


def test_a_tie_keeps_the_deltas_after_it_and_makes_the_number_suspect() -> None:
    ledger = ledger_of([count(10, 5), delta(3, 6)])

    told = ledger.take(count(20, 5, recorded_at=T0 + 100 * UNIT))

    assert told == ["accepted"]
    assert ledger.quantity() == 23
    assert ledger.scope().suspect
    assert ledger.doubt == "TIE"


def test_a_newer_count_ends_the_suspicion() -> None:
    ledger = ledger_of([count(10, 5), count(20, 5)])

    ledger.take(count(15, 6))

    assert not ledger.scope().suspect


def test_a_tie_that_comes_after_its_time_was_folded_does_not_lose_the_folded_deltas() -> None:
    ledger = ledger_of([count(10), delta(5, 1), delta(1, 3 * H)], HOURLY)

    told = ledger.take(count(11, 0, recorded_at=T0 + 4 * HOUR))

    assert told == ["too-old"]
    assert ledger.quantity() == 16


# ── repeats ──────────────────────────────────────────────────────────────────────────────────────


def test_a_known_sequence_is_a_duplicate_whatever_the_event_id_says() -> None:
    ledger = ledger_of([count(10), delta(-3, 1, source_sequence=7, event_id="a")])

    assert ledger.take(delta(-3, 1, source_sequence=7, event_id="b")) == ["duplicate"]
    assert ledger.quantity() == 7


def test_without_a_sequence_the_event_id_tells_a_duplicate() -> None:
    ledger = ledger_of([count(10), delta(-3, 1, event_id="a")])

    assert ledger.take(delta(-3, 1, event_id="a"), delta(-3, 1, event_id="b")) == ["duplicate", "accepted"]
    assert ledger.quantity() == 4


def test_a_repeated_count_is_a_duplicate() -> None:
    ledger = ledger_of([count(10, 1, source_sequence=1)])

    assert ledger.take(count(10, 1, source_sequence=1)) == ["duplicate"]
    assert not ledger.scope().suspect


def test_one_sequence_in_two_buckets_or_at_two_locations_is_two_records() -> None:
    one = delta(1, 1, source_sequence=7)
    ledger = ledger_of([count(10), count(10, location_code="W2"), one])

    told = ledger.take(
        delta(1, 1, source_sequence=7, bucket="ON_HOLD"), delta(1, 1, source_sequence=7, location_code="W2")
    )

    assert told == ["accepted", "accepted"]


def test_a_dead_letter_does_not_use_up_its_identity() -> None:
    ledger = ledger_of([count(10)])
    wrong = delta(-3, 1, source_sequence=7, source_system="stranger")

    assert ledger.take(wrong) == ["not-owner"]
    assert ledger.take(delta(-3, 1, source_sequence=7)) == ["accepted"]
    assert ledger.quantity() == 7


def test_an_ignored_record_does_not_use_up_its_identity_either() -> None:
    ledger = ledger_of([count(10, 5)])

    assert ledger.take(delta(1, 4, source_sequence=7), delta(1, 6, source_sequence=7)) == ["contained", "accepted"]


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


# ── doubt ────────────────────────────────────────────────────────────────────────────────────────


def _followed(previous: int | None, **first: object) -> Ledger:
    ledger = ledger_of([count(10, 0, source_sequence=1, **first)])
    ledger.take(delta(-1, 1, source_sequence=2, previous_quantity=previous))
    return ledger


def test_a_record_that_fits_the_one_before_is_not_suspect() -> None:
    assert _followed(10 * UNIT).doubt is None
    assert _followed(None).doubt is None


def test_a_record_that_misfits_the_directly_preceding_one_is_applied_and_suspect() -> None:
    ledger = _followed(8 * UNIT)

    assert ledger.quantity() == 9
    assert ledger.scope().suspect
    assert ledger.doubt == "SUSPECT"


def test_what_the_source_saw_afterwards_is_what_the_next_record_is_compared_with() -> None:
    assert _followed(8 * UNIT, resulting_quantity=8 * UNIT).doubt is None


def test_the_result_of_a_delta_is_worked_out_from_what_it_saw_before() -> None:
    ledger = _followed(10 * UNIT)

    ledger.take(delta(-1, 2, source_sequence=3, previous_quantity=9 * UNIT))
    assert ledger.doubt is None
    ledger.take(delta(-1, 3, source_sequence=4, previous_quantity=9 * UNIT))
    assert ledger.doubt == "SUSPECT"


def test_a_delta_that_says_neither_before_nor_after_leaves_nothing_to_compare_with() -> None:
    ledger = _followed(None)

    ledger.take(delta(-1, 2, source_sequence=3, previous_quantity=123 * UNIT))

    assert ledger.doubt is None


def test_a_record_out_of_order_is_not_compared() -> None:
    ledger = ledger_of([count(10, 0, source_sequence=1), delta(-1, 2, source_sequence=3, previous_quantity=9 * UNIT)])

    ledger.take(delta(0, 1, source_sequence=2, previous_quantity=99 * UNIT))

    assert ledger.doubt is None


def test_records_without_sequence_are_not_compared() -> None:
    ledger = ledger_of([count(10), delta(-1, 1, previous_quantity=99 * UNIT)])

    assert ledger.doubt is None


def test_a_count_that_misfits_is_suspect_too() -> None:
    ledger = ledger_of([count(10, 0, source_sequence=1)])

    ledger.take(count(12, 1, source_sequence=2, previous_quantity=11 * UNIT))

    assert ledger.doubt == "SUSPECT"
    assert ledger.scope().suspect


# ── bases ────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_base_records_are_parked_and_the_location_is_listed() -> None:
    ledger = ledger_of([delta(5), delta(3, 1)])

    assert not ledger.source().shown
    assert ledger.terms["W1"].without_base == ("W1",)
    assert (ledger.moved.handed, ledger.moved.parked) == (0, 2)


def test_the_first_base_hands_on_what_was_parked() -> None:
    ledger = ledger_of([delta(5), delta(3, 1)])

    ledger.take(count(10, 2))

    assert ledger.source().shown
    assert ledger.quantity() == 10
    assert (ledger.moved.handed, ledger.moved.parked) == (3, 0)


def test_deltas_before_the_first_base_count_where_they_are_effective_after_it() -> None:
    assert ledger_of([delta(5, 3), count(10, 2)]).quantity() == 15


@pytest.mark.parametrize("bucket", ["ON_HAND", "AVAILABLE"])
def test_on_hand_or_available_is_a_base(bucket: str) -> None:
    assert ledger_of([count(4, bucket=bucket)]).quantity() == 4


@pytest.mark.parametrize("bucket", ["ON_HOLD", "IN_TRANSIT", "WIP", "ON_ORDER"])
def test_a_count_of_another_bucket_is_no_base(bucket: str) -> None:
    ledger = ledger_of([count(4, bucket=bucket)])

    assert not ledger.source().shown
    assert ledger.terms["W1"].without_base == ("W1",)


def test_a_location_without_a_base_counts_zero_beside_one_that_has_one() -> None:
    ledger = Ledger(StockRules(locations={"W1": "main", "W2": "main"}))

    ledger.take(count(10), delta(5, location_code="W2"), count(1, location_code="W2", bucket="ON_HOLD"))

    assert ledger.quantity("main") == 10
    assert ledger.terms["main"].without_base == ("W2",)


def test_holds_and_allocations_start_at_zero() -> None:
    ledger = ledger_of([count(10), delta(2, 1, bucket="ON_HOLD"), delta(3, 1, bucket="ALLOCATED")])

    assert ledger.quantity() == 5


@pytest.mark.parametrize("bucket", ["ON_HAND", "AVAILABLE"])
def test_zero_can_be_assumed_for_a_location_that_was_never_counted(bucket: str) -> None:
    ledger = ledger_of([delta(5, bucket=bucket), delta(-1, 1, bucket=bucket)], StockRules(assume_zero_base=True))

    assert ledger.source().shown
    assert ledger.quantity() == 4
    assert ledger.terms["W1"].without_base == ()


def test_where_zero_is_assumed_a_hold_at_a_location_without_stock_lowers_its_source() -> None:
    rules = StockRules(locations={"W1": "main", "W2": "main"}, assume_zero_base=True)
    ledger = Ledger(rules)

    ledger.take(count(10), delta(3, location_code="W2", bucket="ON_HOLD"))

    assert ledger.quantity("main") == 7


def test_where_zero_is_assumed_a_pair_is_written_with_its_first_record() -> None:
    ledger = ledger_of([delta(3, bucket="ON_HOLD")], StockRules(assume_zero_base=True))

    assert ledger.source().shown
    assert ledger.quantity() == 0


def test_a_counted_bucket_leads_over_one_that_is_assumed_zero() -> None:
    ledger = ledger_of([delta(50), count(3, 1, bucket="AVAILABLE")], StockRules(assume_zero_base=True))

    assert ledger.quantity() == 3


# ── range ────────────────────────────────────────────────────────────────────────────────────────


def test_a_sum_that_the_stored_form_cannot_hold_is_a_dead_letter_and_changes_nothing() -> None:
    huge = 10**12
    ledger = ledger_of([count(huge, 0), *(delta(huge, at) for at in range(1, 4))])
    before = ledger.entry

    assert ledger.take(delta(1, 9)) == ["quantity-out-of-range"]
    assert ledger.values() == {("W1", "ON_HAND"): 4 * huge * UNIT}
    assert ledger.entry.scopes == before.scopes


def test_a_late_count_between_huge_deltas_is_refused_where_the_sum_after_it_does_not_fit() -> None:
    huge = 10**12
    down = [delta(-huge, 1 + at / 10, source_sequence=at) for at in range(4)]
    up = [delta(huge, 5 + at / 10, source_sequence=10 + at) for at in range(8)]
    ledger = ledger_of([count(0), *down, *up])

    assert ledger.take(count(huge, 4)) == ["quantity-out-of-range"]
    assert ledger.scope().value == 4 * huge * UNIT


def test_a_sum_of_web_orders_that_does_not_fit_is_a_dead_letter() -> None:
    huge = 10**12
    allocated = [delta(huge, at, bucket="ALLOCATED", commerce_order="1") for at in range(1, 6)]

    assert ledger_of([count(1)]).take(*allocated)[-2:] == ["accepted", "quantity-out-of-range"]


# ── an operator's restatement ────────────────────────────────────────────────────────────────────


def test_a_rebase_states_a_bucket_as_of_a_time_and_newer_deltas_still_count() -> None:
    ledger = ledger_of([count(1000, 5), delta(-1, 6), delta(-2, 8)])

    assert ledger.rebase(10, at=7) == "accepted"
    assert ledger.quantity() == 8


def test_a_rebase_beats_a_newer_base_and_ends_the_suspicion() -> None:
    ledger = ledger_of([count(1000, 5), count(999, 5)])

    ledger.rebase(10, at=4)

    assert ledger.quantity() == 10
    assert not ledger.scope().suspect


def test_a_count_of_the_moment_of_a_rebase_does_not_replace_it() -> None:
    ledger = ledger_of([count(1000, 5)])
    ledger.rebase(10, at=7)

    ledger.take(count(500, 7, recorded_at=T0 + HOUR))

    assert ledger.quantity() == 10


def test_a_count_after_a_rebase_replaces_it() -> None:
    ledger = ledger_of([count(1000, 5)])
    ledger.rebase(10, at=7)

    ledger.take(count(500, 8))

    assert ledger.quantity() == 500


def test_a_rebase_that_is_repeated_changes_nothing() -> None:
    ledger = ledger_of([count(1000, 5)])
    ledger.rebase(10, at=7, name="r1")
    ledger.take(count(500, 8))

    assert ledger.rebase(10, at=7, name="r1") == "duplicate"
    assert ledger.quantity() == 500


def test_a_rebase_of_a_bucket_that_nobody_stated_is_a_dead_letter() -> None:
    assert ledger_of([count(1)]).rebase(10, at=7, bucket="ON_HOLD") == "unknown-location"


def test_a_rebase_before_the_fold_point_is_too_old_and_asks_for_a_recount() -> None:
    ledger = ledger_of([count(10), delta(5, 1), delta(1, 10 * H)], HOURLY)

    assert ledger.rebase(100, at=0.5) == "too-old"
    assert ledger.quantity() == 16
    assert ledger.doubt == "TOO_OLD"


def test_a_rebase_that_the_stored_form_cannot_hold_is_a_dead_letter() -> None:
    huge = 10**12
    ledger = ledger_of([count(0), *(delta(huge, at) for at in range(1, 5))])

    assert ledger.rebase(huge, at=0.5) == "quantity-out-of-range"
    assert ledger.scope().value == 4 * huge * UNIT


def test_a_rebase_hands_no_record_on() -> None:
    ledger = ledger_of([count(10)])
    before = ledger.moved

    ledger.rebase(5, at=1)

    assert ledger.moved == before
    assert ledger.quantity() == 5
