"""Which records may enter the ledger: one example for each settled rule on names, codes, units, signs and times."""

from fractions import Fraction
from typing import Any, Literal

import pytest

from schemas.models.stock_reservation import ReservationRequest
from streams.domain.stock_door import Admitted, Arrival, Refused, admit, is_sku, refuse_reservation
from streams.domain.stock_rules import StockRules
from tests.unit.streams.domain.ledger import T0, UNIT, Ledger, count, delta, ledger_of, stock_change

UNITS = StockRules(
    units={
        "EA": Fraction(1),
        "CASE": Fraction(12),
        "GROSS": Fraction(144),
        "THIRD": Fraction(1, 3),
        "A/CASE": Fraction(6),
    }
)
ARRIVAL = Arrival(0, T0)


def _told(rules: StockRules | None = None, **fields: Any) -> str:  # noqa: ANN401  any field of a record
    return Ledger(rules).take(stock_change(**fields), appended_at=T0)[0]


# ── names ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sku", ["A", "x" * 64, "24-MB01", "ä ö", "..", "a/b", "a b", "😀" * 64, "%2e", "SKU|1", "\u200bA", "A\u00ad"]
)
def test_a_sku_of_1_to_64_characters_is_well_formed(sku: str) -> None:
    assert is_sku(sku)
    assert _told(sku=sku) == "accepted"


@pytest.mark.parametrize(
    "sku",
    [
        *("", " ", " A", "A ", "\tA", "A\n", "\u00a0A", "A\u2003", "A\u2028", "x" * 65, "😀" * 65),
        *("A\x00B", "A\nB", "A\x1fB", "A\x7fB", "A\x85B", "A\x9fB", "A\ud800B"),
    ],
)
def test_any_other_sku_is_a_dead_letter(sku: str) -> None:
    assert not is_sku(sku)
    assert _told(sku=sku) == "bad-sku"


@pytest.mark.parametrize("name", ["source_system", "location_code", "owner_code"])
def test_codes_have_at_most_128_characters(name: str) -> None:
    fits: dict[str, Any] = {name: "x" * 128}
    too_long: dict[str, Any] = {name: "x" * 129}

    assert (_told(**fits), _told(**too_long)) == ("accepted", "name-too-long")


def test_a_refusal_never_quotes_more_than_a_skus_length() -> None:
    refused = admit(stock_change(sku="x" * 5000), ARRIVAL, StockRules())

    assert isinstance(refused, Refused)
    assert len(refused.detail) < 150


# ── symbols, range, sign, time ───────────────────────────────────────────────────────────────────


def test_an_unknown_kind_or_bucket_is_a_dead_letter() -> None:
    assert _told(kind="UNKNOWN") == "unknown-kind"
    assert _told(bucket="UNKNOWN") == "unknown-bucket"


def test_an_unknown_reason_is_applied() -> None:
    assert _told(reason="OTHER") == "accepted"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_quantity_beyond_any_stock_is_a_dead_letter(sign: int) -> None:
    limit = 10**18
    assert _told(quantity=sign * limit) == "accepted"
    assert _told(quantity=sign * (limit + 1)) == "quantity-out-of-range"


@pytest.mark.parametrize("field", ["previous_quantity", "resulting_quantity"])
@pytest.mark.parametrize("stated", [10**24 - 1, -(10**24) + 1, 10**18 + 1])
def test_what_the_source_saw_is_bounded_too_because_it_is_stored(field: str, stated: int) -> None:
    seen: dict[str, Any] = {field: stated}

    assert _told(**seen) == "quantity-out-of-range"


def test_a_negative_count_is_a_dead_letter() -> None:
    assert _told(kind="ABSOLUTE", units=-1) == "negative-absolute"
    assert _told(kind="ABSOLUTE", units=0) == "accepted"
    assert _told(kind="DELTA", units=-1) == "accepted"


def test_a_negative_count_is_taken_from_a_system_that_allows_negative_stock() -> None:
    rules = StockRules(negative_allowed=frozenset({"wms"}))

    assert ledger_of([count(-5)], rules).scope().value == -5 * UNIT
    assert _told(rules, kind="ABSOLUTE", units=-1, source_system="erp") == "negative-absolute"


@pytest.mark.parametrize(("ahead", "told"), [(300 * UNIT, "accepted"), (300 * UNIT + 1, "effective-in-future")])
def test_more_than_five_minutes_after_its_append_time_a_record_is_in_the_future(ahead: int, told: str) -> None:
    assert _told(effective_at=T0 + ahead) == told


def test_how_far_a_clock_may_be_ahead_is_a_setting() -> None:
    assert _told(StockRules(future_tolerance=0), effective_at=T0 + 1) == "effective-in-future"


def test_the_first_rule_that_refuses_names_the_reason() -> None:
    assert _told(sku="", kind="UNKNOWN", quantity=10**20) == "bad-sku"


# ── allocated totals ─────────────────────────────────────────────────────────────────────────────


def test_an_allocated_total_of_unknown_contents_is_a_dead_letter() -> None:
    assert _told(bucket="ALLOCATED", kind="ABSOLUTE") == "ambiguous-allocation"
    assert _told(StockRules(allocations={"erp": "all"}), bucket="ALLOCATED", kind="ABSOLUTE") == "ambiguous-allocation"


@pytest.mark.parametrize("contents", ["other", "all"])
def test_an_allocated_total_counts_once_the_setting_says_what_it_contains(contents: Literal["other", "all"]) -> None:
    assert _told(StockRules(allocations={"wms": contents}), bucket="ALLOCATED", kind="ABSOLUTE") == "accepted"


# ── units ────────────────────────────────────────────────────────────────────────────────────────


def _admitted(rules: StockRules, **fields: Any) -> Admitted:  # noqa: ANN401  any field of a record
    found = admit(stock_change(**fields), ARRIVAL, rules)
    assert isinstance(found, Admitted)
    return found


def test_without_a_table_units_are_not_converted() -> None:
    assert _admitted(StockRules(), units=2, uom="FURLONG").change.quantity == 2 * UNIT


def test_a_record_without_a_unit_is_in_sales_units() -> None:
    assert _admitted(UNITS, units=2, uom=None).change.quantity == 2 * UNIT


def test_a_unit_is_converted_exactly_and_the_items_own_factor_comes_first() -> None:
    assert _admitted(UNITS, units=2, uom="GROSS").change.quantity == 288 * UNIT
    assert _admitted(UNITS, units=2, uom="CASE").change.quantity == 12 * UNIT
    assert _admitted(UNITS, units=2, uom="CASE", sku="B").change.quantity == 24 * UNIT


def test_a_negative_quantity_is_converted_as_exactly() -> None:
    assert _admitted(UNITS, units=-3, uom="THIRD").change.quantity == -1 * UNIT
    assert _told(UNITS, units=-1, uom="THIRD") == "unit-not-exact"


def test_an_unknown_unit_is_a_dead_letter_that_names_it() -> None:
    refused = admit(stock_change(uom="FURLONG"), ARRIVAL, UNITS)

    assert isinstance(refused, Refused)
    assert (refused.reason, "FURLONG" in refused.detail) == ("unknown-unit", True)


def test_a_conversion_that_is_not_exact_is_a_dead_letter() -> None:
    assert _told(UNITS, units=3, uom="THIRD") == "accepted"
    assert _told(UNITS, units=1, uom="THIRD") == "unit-not-exact"


def test_a_quantity_is_bounded_in_sales_units_as_well() -> None:
    assert _told(UNITS, quantity=10**18, uom="EA") == "accepted"
    assert _told(UNITS, quantity=10**18, uom="CASE") == "quantity-out-of-range"
    assert _told(UNITS, kind="ABSOLUTE", quantity=10**18, uom="GROSS") == "quantity-out-of-range"
    assert isinstance(admit(stock_change(quantity=10**17, sku="B", uom="CASE"), ARRIVAL, UNITS), Refused)


def test_what_the_source_saw_is_converted_too_before_it_is_compared() -> None:
    ledger = ledger_of([count(24, 0, source_sequence=1, uom="EA")], UNITS)

    ledger.take(delta(-1, 1, source_sequence=2, uom="CASE", sku="A", previous_quantity=4 * UNIT))

    assert ledger.quantity() == 18
    assert ledger.doubt is None


def test_what_the_source_saw_is_not_compared_where_it_does_not_convert_exactly() -> None:
    change = _admitted(UNITS, units=3, uom="THIRD", previous_quantity=1 * UNIT, resulting_quantity=1 * UNIT).change

    assert (change.previous, change.result) == (None, None)


# ── the inputs that are ours ─────────────────────────────────────────────────────────────────────


def _refused(**fields: Any) -> Refused | None:  # noqa: ANN401  any field of a request
    plain = {"request_id": "q", "reservation_id": "r1", "sku": "A", "action": "CREATE", "client": "pos", "at": T0}
    return refuse_reservation(ReservationRequest(**{"quantity": UNIT, **plain, **fields}))


def test_a_request_of_a_channel_may_enter_whatever_it_asks_for() -> None:
    assert [_refused(action=action) for action in ("CREATE", "CONFIRM", "RELEASE", "EXPIRE")] == [None] * 4
    assert _refused(quantity=None, action="RELEASE") is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sku": " A"}, "bad-sku"),
        ({"quantity": -1}, "negative-absolute"),
        ({"quantity": 10**18 + 1}, "quantity-out-of-range"),
        ({"action": "UNKNOWN"}, "unknown-kind"),
        *(({name: "x" * 129}, "name-too-long") for name in ("reservation_id", "client", "order_id")),
    ],
)
def test_a_request_that_the_ledger_cannot_keep_is_refused_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    found = _refused(**fields)

    assert found is not None
    assert found.reason == reason


def test_names_of_a_request_have_at_most_128_characters() -> None:
    assert _refused(reservation_id="x" * 128, client="x" * 128, order_id="x" * 128) is None
    found = _refused(client="x" * 500)
    assert found is not None
    assert found.detail == "a name of 500 characters, at most 128"


# ── locations and items ──────────────────────────────────────────────────────────────────────────


def test_without_a_table_location_codes_are_source_codes() -> None:
    found = _admitted(StockRules(), location_code="W9")

    assert (found.location, found.source_code) == ("W9", "W9")


def test_a_plain_entry_maps_the_code_of_every_system() -> None:
    found = _admitted(StockRules(locations={"W1": "main"}), location_code="W1")

    assert (found.location, found.source_code) == ("W1", "main")


def test_a_qualified_entry_maps_the_code_of_its_system_and_comes_first() -> None:
    rules = StockRules(locations={"wms/W1": "north", "erp/W1": "south", "W1": "main"})

    found = [_admitted(rules, source_system=system) for system in ("wms", "erp", "pos")]

    assert [(one.location, one.source_code) for one in found] == [
        ("wms/W1", "north"),
        ("erp/W1", "south"),
        ("W1", "main"),
    ]


def test_an_unknown_location_is_a_dead_letter_that_names_it() -> None:
    refused = admit(stock_change(location_code="W9"), ARRIVAL, StockRules(locations={"W1": "main"}))

    assert isinstance(refused, Refused)
    assert (refused.reason, "W9" in refused.detail) == ("unknown-location", True)


def test_a_code_is_plain_where_only_its_bare_name_is_in_the_table() -> None:
    rules = StockRules(locations={"wms/W1": "north", "W1": "main"})

    assert rules.is_plain("erp", "W1")
    assert not rules.is_plain("wms", "wms/W1")
    assert not StockRules().is_plain("wms", "W1")


def test_two_systems_with_one_qualified_code_keep_two_places() -> None:
    ledger = Ledger(StockRules(locations={"wms/W1": "main", "erp/W1": "main"}))

    ledger.take(count(10), count(5, source_system="erp"))

    assert ledger.quantity("main") == 15


def test_an_item_number_is_the_shops_sku_unless_the_table_says_otherwise() -> None:
    rules = StockRules(items={"4711": "PUMP"})

    assert (rules.sku_of("4711"), rules.sku_of("4712")) == ("PUMP", "4712")
