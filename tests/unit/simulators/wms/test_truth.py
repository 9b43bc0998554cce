"""The oracle: one example for each settled rule, and the laws that hold whatever the records are."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.wms.record import SECOND
from simulators.wms.rules import Fact, Rules
from simulators.wms.truth import Shown, Truth, tell

T0 = 1_763_700_000 * SECOND
HOUR = 3600 * SECOND


def fact(quantity: str, *, at: int = 0, number: int | None = None, **fields: Any) -> Fact:  # noqa: ANN401 - any field
    """A DELTA on hand; `at` is in seconds after T0."""
    plain: dict[str, Any] = {
        "source_system": "wms",
        "owner_code": None,
        "sku": "A",
        "uom": "EA",
        "location_code": "W1",
        "kind": "DELTA",
        "bucket": "ON_HAND",
        "commerce_order": None,
        "source_sequence": number,
        "effective_at": T0 + at * SECOND,
        "recorded_at": T0 + at * SECOND,
        **fields,
    }
    plain.setdefault("event_id", f"{plain['location_code']}-{plain['bucket']}-{at}-{number}-{quantity}")
    return Fact(quantity=Decimal(quantity), **plain)


def stated(quantity: str, *, at: int = 0, **fields: Any) -> Fact:  # noqa: ANN401 - any field
    return fact(quantity, at=at, kind="ABSOLUTE", **fields)


def shown(facts: Sequence[Fact], rules: Rules | None = None, source: str = "W1", sku: str = "A") -> Shown:
    return tell(facts, rules or Rules()).shown[source, sku]


def quantity(facts: Sequence[Fact], rules: Rules | None = None) -> Decimal:
    return shown(facts, rules).quantity


def verdicts(*facts: Fact, rules: Rules | None = None) -> list[str]:
    return tell(facts, rules or Rules()).verdicts


# ── state ────────────────────────────────────────────────────────────────────────────────────────


def test_deltas_after_the_statement_are_added() -> None:
    assert quantity([stated("10"), fact("-3", at=1), fact("5", at=2)]) == 12


def test_deltas_at_or_before_the_statement_are_contained() -> None:
    facts = [fact("4", at=1), fact("7", at=5), stated("10", at=5), fact("-1", at=6)]

    assert quantity(facts) == 9


def test_a_contained_delta_that_comes_late_adds_nothing() -> None:
    facts = [stated("10", at=5), fact("-1", at=6), fact("7", at=4)]

    assert quantity(facts) == 9
    assert verdicts(*facts) == ["counted", "counted", "contained"]


def test_an_older_statement_is_stale() -> None:
    facts = [stated("10", at=5), stated("99", at=4)]

    assert quantity(facts) == 10
    assert verdicts(*facts) == ["counted", "stale"]


def test_a_newer_statement_replaces_its_own_bucket_and_location_only() -> None:
    rules = Rules({"W1": "main", "W2": "main"})
    facts = [stated("10"), stated("2", bucket="ON_HOLD"), stated("5", location_code="W2"), stated("7", at=1)]

    assert shown(facts, rules, "main").quantity == 7 - 2 + 5


def test_sequence_never_decides_order() -> None:
    facts = [stated("10", at=5, number=1), stated("99", at=4, number=2)]

    assert quantity(facts) == 10


# ── ties ─────────────────────────────────────────────────────────────────────────────────────────


def test_of_two_statements_with_one_time_the_later_recorded_holds() -> None:
    first = stated("10", recorded_at=T0 + 2, event_id="a")
    second = stated("20", recorded_at=T0 + 1, event_id="b")

    assert quantity([first, second]) == quantity([second, first]) == 10
    assert len(tell([first, second], Rules()).tied) == 1


def test_then_the_higher_number_holds_and_then_the_later_in_the_log() -> None:
    assert quantity([stated("10", number=2), stated("20", number=1)]) == 10
    assert quantity([stated("10", event_id="a"), stated("20", event_id="b")]) == 20


# ── duplicates and the horizon ───────────────────────────────────────────────────────────────────


def test_a_repeated_number_counts_once() -> None:
    facts = [stated("10", number=1), fact("-3", at=1, number=2), fact("-3", at=1, number=2)]

    assert quantity(facts) == 7
    assert verdicts(*facts)[-1] == "duplicate"


def test_without_a_number_the_event_id_is_the_identity() -> None:
    once, again = fact("-3", at=1, event_id="x"), fact("-3", at=1, event_id="y")

    assert quantity([stated("10"), once, once, again]) == 4


def test_equal_numbers_of_different_scopes_are_no_duplicates() -> None:
    facts = [stated("10", number=1), stated("2", number=1, bucket="ON_HOLD")]

    assert quantity(facts) == 8


def test_a_record_beyond_the_horizon_is_ignored_whatever_it_is() -> None:
    facts = [stated("10"), fact("-3", at=90_000), fact("-4", at=3_600, number=7), stated("50", at=3_599, number=8)]

    assert quantity(facts) == 7
    assert verdicts(*facts)[2:] == ["too-old", "too-old"]


def test_a_record_inside_the_horizon_counts_however_late_it_comes() -> None:
    assert quantity([stated("10"), fact("-3", at=86_000), fact("-4", at=3_600, number=7)]) == 3


def test_beyond_the_bound_of_identities_the_oldest_are_folded() -> None:
    rules = Rules(remembered=2)
    facts = [stated("10"), fact("1", at=1), fact("1", at=2), fact("1", at=3), fact("1", at=1)]

    assert verdicts(*facts, rules=rules) == ["counted"] * 4 + ["too-old"]
    assert quantity(facts, rules) == 13


def test_a_dead_letter_does_not_use_up_its_identity() -> None:
    broken = fact("-3", at=1, number=2, uom="FURLONG", event_id="x")
    corrected = fact("-3", at=1, number=2, event_id="x")
    rules = Rules(units={"EA": Decimal(1)})

    assert verdicts(stated("10"), broken, corrected, rules=rules) == ["counted", "unknown-unit", "counted"]


# ── base ─────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_statement_nothing_is_shown_and_the_pair_is_parked() -> None:
    truth = tell([fact("5")], Rules())

    assert truth.shown == {}
    assert truth.parked == {("W1", "A")}
    assert truth.without_base == {("W1", "A")}


def test_a_statement_of_a_hold_is_no_base() -> None:
    assert tell([stated("5", bucket="ON_HOLD")], Rules()).shown == {}


def test_one_location_with_a_base_is_enough_and_the_other_counts_nothing() -> None:
    rules = Rules({"W1": "main", "W2": "main"})
    truth = tell([stated("10"), fact("5", location_code="W2"), fact("2", location_code="W2", bucket="ON_HOLD")], rules)

    assert truth.shown == {("main", "A"): Shown(Decimal("10.0000"), 1)}
    assert truth.without_base == {("W2", "A")}
    assert not truth.parked


def test_a_base_of_zero_may_be_assumed() -> None:
    assert quantity([fact("5")], Rules(assume_zero_base=True)) == 5


# ── formula ──────────────────────────────────────────────────────────────────────────────────────


def test_holds_are_subtracted() -> None:
    assert quantity([stated("10"), fact("3", at=1, bucket="ON_HOLD"), fact("-1", at=2, bucket="ON_HOLD")]) == 8


def test_web_allocations_are_not_subtracted_and_others_are() -> None:
    web = fact("4", at=1, bucket="ALLOCATED", commerce_order="000000001")
    other = fact("3", at=2, bucket="ALLOCATED")

    assert quantity([stated("10"), web, other]) == 7


def test_a_stated_allocation_needs_to_be_known_for_what_it_is() -> None:
    facts = [stated("10"), fact("1", bucket="ALLOCATED"), stated("3", at=1, bucket="ALLOCATED")]

    assert verdicts(*facts)[-1] == "ambiguous-allocation"
    assert quantity(facts) == 9
    assert quantity(facts, Rules(allocated_absolute={"wms": "other"})) == 7
    assert quantity(facts, Rules(allocated_absolute={"wms": "web"})) == 9


@pytest.mark.parametrize("bucket", ["IN_TRANSIT", "WIP", "ON_ORDER"])
def test_goods_that_are_not_there_never_count(bucket: str) -> None:
    assert quantity([stated("10"), stated("50", bucket=bucket)]) == 10


def test_available_replaces_the_formula() -> None:
    facts = [stated("10", bucket="AVAILABLE"), fact("-2", at=1, bucket="AVAILABLE"), stated("3", bucket="ON_HOLD")]

    assert quantity(facts) == 8


def test_where_a_location_states_both_the_newest_statement_picks() -> None:
    available, physical = stated("8", at=1, bucket="AVAILABLE"), stated("10", at=2)

    assert quantity([physical, available]) == 10
    assert quantity([physical, available, stated("6", at=3, bucket="AVAILABLE")]) == 6


def test_holds_of_the_application_add_what_is_shipped_and_take_what_others_claim() -> None:
    plain = {"source_code": "W1", "sku": "A"}
    holds = [
        {"hold_id": "s", "revision": 2, "kind": "SHIPPED_NOT_POSTED", "quantity": Decimal(4), **plain},
        {"hold_id": "s", "revision": 1, "kind": "SHIPPED_NOT_POSTED", "quantity": Decimal(9), **plain},
        {"hold_id": "c", "revision": 1, "kind": "ALLOCATION", "quantity": Decimal(1), **plain},
        {"hold_id": "u", "revision": 1, "kind": "UNKNOWN", "quantity": Decimal(50), **plain},
    ]

    assert tell([stated("10")], Rules(), holds).shown["W1", "A"].quantity == 13


# ── result ───────────────────────────────────────────────────────────────────────────────────────


def test_below_zero_is_shown_as_zero_and_out_of_stock() -> None:
    assert shown([stated("1"), fact("-3", at=1)]) == Shown(Decimal("0.0000"), 0)


def test_a_location_below_zero_takes_from_the_others_of_its_source() -> None:
    rules = Rules({"W1": "main", "W2": "main"})
    facts = [stated("10"), stated("1", location_code="W2"), fact("-4", at=1, location_code="W2")]

    assert shown(facts, rules, "main") == Shown(Decimal("7.0000"), 1)


def test_rounding_down_happens_once_and_on_the_result() -> None:
    rules = Rules({"W1": "main", "W2": "main"})
    facts = [stated("0.000060"), stated("0.000060", location_code="W2")]

    assert shown(facts, rules, "main").quantity == Decimal("0.0001")
    assert quantity([stated("1.999999")]) == Decimal("1.9999")


def test_the_buffer_is_taken_once_per_source_and_item() -> None:
    rules = Rules({"W1": "main", "W2": "main"}, buffer=Decimal(2), buffers={("main", "B"): Decimal(5)})
    facts = [stated("10", sku=sku, location_code=place) for sku in "AB" for place in ("W1", "W2")]

    assert shown(facts, rules, "main", "A").quantity == 18
    assert shown(facts, rules, "main", "B").quantity == 15


def test_status_is_in_stock_only_above_the_threshold() -> None:
    rules = Rules(threshold=Decimal(3))

    assert shown([stated("3")], rules).status == 0
    assert shown([stated("3.0001")], rules).status == 1


def test_backorders_keep_the_status_in_stock() -> None:
    assert shown([stated("0")], Rules(backorders=frozenset({("W1", "A")}))) == Shown(Decimal("0.0000"), 1)


def test_units_are_converted_to_sales_units() -> None:
    assert quantity([stated("3", uom="BOX")], Rules(units={"BOX": Decimal(12)})) == 36


# ── dead letters ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (stated("1", sku=""), "bad-sku"),
        (stated("1", sku="S" * 65), "bad-sku"),
        (stated("1", sku=" A"), "bad-sku"),
        (stated("1", sku="A\x07B"), "bad-sku"),
        (fact("1", kind="UNKNOWN"), "unknown-kind"),
        (fact("1", bucket="UNKNOWN"), "unknown-bucket"),
        (stated("1", location_code="W9"), "unknown-location"),
        (stated("1", uom="FURLONG"), "unknown-unit"),
        (stated("-1"), "negative-absolute"),
        (stated("1", at=301, appended_at=T0), "effective-in-future"),
    ],
)
def test_a_record_that_breaks_a_rule_is_a_dead_letter_with_its_reason(record: Fact, reason: str) -> None:
    rules = Rules({"W1": "W1"}, units={"EA": Decimal(1)})

    truth = tell([record], rules)

    assert truth.verdicts == [reason]
    assert truth.shown == {}


@pytest.mark.parametrize("sku", ["..", "a/b", "S" * 64, "Größe 7", "SKU-00001"])
def test_odd_but_well_formed_skus_count(sku: str) -> None:
    assert verdicts(stated("1", sku=sku)) == ["counted"]


def test_five_minutes_in_the_future_is_still_well_formed() -> None:
    assert verdicts(stated("1", at=300, appended_at=T0)) == ["counted"]


def test_negative_stock_counts_where_its_system_may_state_it() -> None:
    rules = Rules(negative_stock=frozenset({"wms"}))

    assert verdicts(stated("-1"), rules=rules) == ["counted"]
    assert quantity([stated("-1")], rules) == 0


def test_the_first_sender_in_the_log_owns_a_bucket_of_a_place() -> None:
    stranger = stated("99", at=1, source_system="erp")
    depositor = stated("99", at=1, owner_code="X")
    elsewhere = stated("1", at=1, source_system="erp", bucket="ON_HOLD")

    assert verdicts(stated("10"), stranger, depositor, elsewhere) == ["counted", "not-owner", "not-owner", "counted"]


def test_a_configured_owner_is_not_outrun() -> None:
    rules = Rules(owners={"W1": ("erp", None)})

    assert verdicts(stated("10"), stated("99", source_system="erp"), rules=rules) == ["not-owner", "counted"]


def test_two_systems_may_use_one_code_where_the_map_tells_them_apart() -> None:
    rules = Rules({"wms/W1": "north", "erp/W1": "south"})
    facts = [stated("10"), stated("20", source_system="erp"), stated("1", source_system="pim")]

    truth = tell(facts, rules)

    assert {pair: shown.quantity for pair, shown in truth.shown.items()} == {("north", "A"): 10, ("south", "A"): 20}
    assert truth.verdicts[-1] == "unknown-location"


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────

amounts = st.integers(-50_000_000, 50_000_000).map(lambda micros: Decimal(micros).scaleb(-6))
changes = st.tuples(
    st.sampled_from(["DELTA", "DELTA", "DELTA", "ABSOLUTE"]),
    st.sampled_from(["ON_HAND", "ON_HAND", "ON_HOLD", "AVAILABLE", "ALLOCATED", "IN_TRANSIT"]),
    st.sampled_from(["W1", "W2"]),
    amounts,
    st.integers(0, 80_000),
    st.sampled_from([None, "000000001"]),
)
RULES = Rules({"W1": "main", "W2": "main"}, allocated_absolute={"wms": "other"})


def numbered(drawn: Sequence[tuple[str, str, str, Decimal, int, str | None]]) -> list[Fact]:
    return [
        fact(
            str(abs(amount) if kind == "ABSOLUTE" else amount),
            at=at,
            number=number,
            kind=kind,
            bucket=bucket,
            location_code=place,
            commerce_order=order if kind == "DELTA" else None,
        )
        for number, (kind, bucket, place, amount, at, order) in enumerate(drawn)
    ]


def essence(truth: Truth) -> tuple[object, ...]:
    return truth.shown, truth.parked, truth.without_base, truth.tied


@given(st.lists(changes, max_size=25), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_the_truth(drawn: Any, chance: Random) -> None:  # noqa: ANN401 - tuples
    facts = numbered(drawn)
    repeated = facts + [one for one in facts if chance.random() < 0.5]
    chance.shuffle(repeated)

    assert essence(tell(repeated, RULES)) == essence(tell(facts, RULES))


@given(st.lists(st.tuples(amounts, st.integers(1, 80_000)), max_size=25), st.integers(0, 1_000))
def test_what_is_shown_is_the_base_plus_the_sum_of_the_deltas(deltas: list[tuple[Decimal, int]], base: int) -> None:
    facts = [stated(str(base)), *(fact(str(one), at=at, number=n) for n, (one, at) in enumerate(deltas, 1))]

    expected = max(base + sum((one for one, _ in deltas), Decimal(0)), Decimal(0))

    assert quantity(facts) == expected.quantize(Decimal("0.0001"), rounding="ROUND_FLOOR")


@given(st.lists(st.tuples(amounts, st.integers(0, 500)), max_size=25), st.integers(0, 1_000))
def test_deltas_up_to_the_statement_change_nothing(deltas: list[tuple[Decimal, int]], base: int) -> None:
    facts = [fact(str(one), at=at, number=n) for n, (one, at) in enumerate(deltas, 1)]

    assert quantity([*facts, stated(str(base), at=500)]) == base
    assert quantity([stated(str(base), at=500), *facts]) == base


@given(st.lists(changes, max_size=25))
def test_what_is_shown_is_never_negative_and_has_at_most_four_decimals(drawn: Any) -> None:  # noqa: ANN401 - tuples
    for item in tell(numbered(drawn), RULES).shown.values():
        assert item.quantity >= 0
        assert item.quantity == item.quantity.quantize(Decimal("0.0001"))
        assert item.status == int(item.quantity > 0)


@given(st.lists(changes, max_size=25))
def test_every_record_gets_one_verdict(drawn: Any) -> None:  # noqa: ANN401 - tuples
    facts = numbered(drawn)

    assert len(tell(facts, RULES).verdicts) == len(facts)
