"""What a bucket counts from: its first base, one that is assumed, one that a person states, and what fits none."""

import pytest

from streams.domain.stock_rules import StockRules
from tests.unit.streams.domain.ledger import HOUR, HOURLY, T0, UNIT, H, Ledger, count, delta, ledger_of

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
