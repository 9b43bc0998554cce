"""What a bucket holds: one example for each settled rule on state, time, ties, repeats and doubt."""

from streams.domain.stock_rules import StockRules
from tests.unit.streams.domain.ledger import HOUR, HOURLY, T0, UNIT, H, Ledger, count, delta, ledger_of

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
