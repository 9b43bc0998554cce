"""From buckets to what Commerce should show: an example for each settled rule on buckets, allocations, the result."""

from decimal import Decimal
from types import MappingProxyType
from typing import Literal

import pytest

from streams.domain.quantities import to_decimal
from streams.domain.stock_position import Terms
from streams.domain.stock_rules import PairTable, StockRules
from tests.unit.streams.domain.ledger import SKU, UNIT, Ledger, count, delta, ledger_of


def _pairs(default: float = 0, **entries: float) -> PairTable:
    """Quantities in units."""
    table = {key: round(units * UNIT) for key, units in entries.items()}
    return PairTable(round(default * UNIT), MappingProxyType(table))


def _allocating(contents: Literal["other", "all"]) -> StockRules:
    return StockRules(allocations={"wms": contents})


# ── the formula ──────────────────────────────────────────────────────────────────────────────────


def test_holds_and_allocations_of_other_channels_are_subtracted() -> None:
    ledger = ledger_of([count(10), count(2, bucket="ON_HOLD"), delta(3, 1, bucket="ALLOCATED")])

    assert ledger.terms["W1"] == Terms(on_hand=10 * UNIT, on_hold=2 * UNIT, allocated=3 * UNIT, has_base=True)
    assert ledger.quantity() == 5


@pytest.mark.parametrize("bucket", ["IN_TRANSIT", "WIP", "ON_ORDER"])
def test_what_is_not_there_yet_never_changes_what_is_shown(bucket: str) -> None:
    ledger = ledger_of([count(10), count(5, bucket=bucket), delta(3, 1, bucket=bucket)])

    assert ledger.quantity() == 10


def test_work_in_progress_counts_where_the_shop_says_so() -> None:
    ledger = ledger_of([count(10), count(5, bucket="WIP"), count(5, bucket="IN_TRANSIT")], StockRules(count_wip=True))

    assert ledger.quantity() == 15
    assert ledger_of([count(10)], StockRules(count_wip=True)).quantity() == 10


def test_available_replaces_the_formula_of_its_location() -> None:
    rules = StockRules(locations={"W1": "main", "W2": "main"})
    ledger = Ledger(rules)

    ledger.take(
        count(100, 0),
        count(30, 0, bucket="ON_HOLD"),
        count(7, 1, bucket="AVAILABLE"),
        count(5, location_code="W2"),
        delta(1, 1, location_code="W2", bucket="ALLOCATED"),
    )

    assert ledger.quantity("main") == 7 + 5 - 1
    assert ledger.terms["main"].available == 7 * UNIT


def test_where_a_location_states_both_the_newest_count_picks() -> None:
    newer_available = ledger_of([count(10, 1), count(7, 2, bucket="AVAILABLE")])
    newer_on_hand = ledger_of([count(7, 1, bucket="AVAILABLE"), count(10, 2)])

    assert (newer_available.quantity(), newer_on_hand.quantity()) == (7, 10)


def test_of_both_at_one_moment_the_later_recorded_picks_and_else_on_hand() -> None:
    later = ledger_of([count(10, 1), count(7, 1, bucket="AVAILABLE", recorded_at=2**60)])
    equal = ledger_of([count(7, 1, bucket="AVAILABLE"), count(10, 1)])

    assert (later.quantity(), equal.quantity()) == (7, 10)


def test_a_delta_does_not_pick() -> None:
    assert ledger_of([count(10, 1), count(7, 2, bucket="AVAILABLE"), delta(1, 9)]).quantity() == 7


def test_a_bucket_that_was_only_moved_does_not_stand_against_one_that_was_counted() -> None:
    assert ledger_of([delta(10, 5), count(7, 2, bucket="AVAILABLE")]).quantity() == 7


# ── allocations ──────────────────────────────────────────────────────────────────────────────────


def test_a_web_order_is_not_subtracted_because_commerce_has_reserved_it() -> None:
    ledger = ledger_of([count(10), delta(3, 1, bucket="ALLOCATED", commerce_order="100001")])

    assert ledger.quantity() == 10
    assert ledger.scope(bucket="ALLOCATED").web == 3 * UNIT


def test_a_web_order_that_ships_lowers_on_hand_only() -> None:
    web = {"bucket": "ALLOCATED", "commerce_order": "100001"}

    ledger = ledger_of([count(10), delta(3, 1, **web), delta(-3, 2), delta(-3, 2, **web)])

    assert ledger.quantity() == 7


def test_an_allocation_of_another_channel_that_ends_frees_the_goods() -> None:
    ledger = ledger_of([count(10), delta(3, 1, bucket="ALLOCATED"), delta(-3, 2, bucket="ALLOCATED")])

    assert ledger.quantity() == 10


def test_more_deallocated_than_was_ever_allocated_does_not_raise_what_is_shown() -> None:
    assert ledger_of([count(10), delta(-3, 1, bucket="ALLOCATED")]).quantity() == 10


def test_a_total_of_other_channels_is_subtracted_whole() -> None:
    ledger = Ledger(_allocating("other"))

    ledger.take(
        count(10),
        delta(2, 1, bucket="ALLOCATED", commerce_order="1"),
        count(4, 2, bucket="ALLOCATED"),
        delta(1, 3, bucket="ALLOCATED", commerce_order="2"),
        delta(1, 3.5, bucket="ALLOCATED"),
    )

    assert ledger.quantity() == 10 - 4 - 1


def test_from_a_total_of_all_channels_the_web_orders_are_taken_out() -> None:
    ledger = Ledger(_allocating("all"))

    ledger.take(
        count(10),
        delta(2, 1, bucket="ALLOCATED", commerce_order="1"),
        delta(1, 1.5, bucket="ALLOCATED"),
        count(3, 2, bucket="ALLOCATED"),
        delta(4, 3, bucket="ALLOCATED", commerce_order="2"),
    )

    assert ledger.quantity() == 10 - 1


def test_a_late_web_order_is_taken_out_of_the_total_that_contains_it() -> None:
    ledger = ledger_of([count(10), count(5, 2, bucket="ALLOCATED")], _allocating("all"))

    assert ledger.take(delta(2, 1, bucket="ALLOCATED", commerce_order="1")) == ["accepted"]
    assert ledger.quantity() == 10 - (5 - 2)


def test_a_repeat_of_a_late_web_order_is_taken_out_once() -> None:
    web = delta(2, 1, bucket="ALLOCATED", commerce_order="1")
    ledger = ledger_of([count(10), count(5, 2, bucket="ALLOCATED"), web], _allocating("all"))

    assert ledger.take(web) == ["duplicate"]
    assert ledger.quantity() == 7


def test_more_web_orders_than_the_total_says_do_not_raise_what_is_shown() -> None:
    ledger = ledger_of(
        [count(10), count(1, 1, bucket="ALLOCATED"), delta(5, 0.5, bucket="ALLOCATED", commerce_order="1")],
        _allocating("all"),
    )

    assert ledger.quantity() == 10


def test_an_order_number_matters_in_the_allocated_bucket_only() -> None:
    assert ledger_of([count(10), delta(-3, 1, commerce_order="100001")]).quantity() == 7


# ── the result ───────────────────────────────────────────────────────────────────────────────────


def test_below_zero_is_shown_as_zero_and_out_of_stock() -> None:
    ledger = ledger_of([count(1), delta(-5, 1)])

    assert (ledger.quantity(), ledger.source().in_stock) == (0, False)
    assert ledger.terms["W1"].total == -4 * UNIT


def test_a_negative_location_lowers_its_source() -> None:
    ledger = Ledger(StockRules(locations={"W1": "main", "W2": "main"}))

    ledger.take(count(10), count(0, location_code="W2"), delta(-4, 1, location_code="W2"))

    assert ledger.quantity("main") == 6


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(1_000_099, "1"), (1_000_100, "1.0001"), (999_999, "0.9999"), (99, "0"), (190_700_000, "190.7")],
)
def test_the_result_is_rounded_down_to_four_decimals_and_written_exactly(micros: int, shown: str) -> None:
    ledger = ledger_of([count(quantity=micros)])

    assert str(to_decimal(ledger.source().quantity)) == shown
    assert to_decimal(ledger.source().quantity) <= Decimal(micros).scaleb(-6)


def test_only_the_result_is_rounded() -> None:
    rules = StockRules(locations={"W1": "main", "W2": "main"})
    ledger = Ledger(rules)

    ledger.take(count(quantity=1_000_060), count(quantity=1_000_060, location_code="W2"))

    assert ledger.source("main").quantity == 2_000_100


@pytest.mark.parametrize(("units", "in_stock"), [(5, False), (5.0001, True), (0, False)])
def test_a_source_is_in_stock_above_its_threshold(units: float, in_stock: bool) -> None:  # noqa: FBT001
    ledger = ledger_of([count(units)], StockRules(thresholds=_pairs(5)))

    assert ledger.source().in_stock is in_stock


@pytest.mark.parametrize("backorders", [frozenset({SKU}), frozenset({"*"})])
def test_backorders_keep_a_sku_in_stock_at_any_quantity(backorders: frozenset[str]) -> None:
    ledger = ledger_of([count(0)], StockRules(backorders=backorders))

    assert (ledger.quantity(), ledger.source().in_stock) == (0, True)


def test_backorders_of_another_sku_do_not_count() -> None:
    assert not ledger_of([count(0)], StockRules(backorders=frozenset({"B"}))).source().in_stock


def test_the_buffer_is_held_back_once_per_source_not_per_location() -> None:
    rules = StockRules(locations={"W1": "main", "W2": "main"}, buffers=_pairs(3))
    ledger = Ledger(rules)

    ledger.take(count(10), count(5, location_code="W2"))

    assert ledger.quantity("main") == 12
    assert ledger.terms["main"].buffer == 3 * UNIT


def test_the_most_particular_number_of_a_pair_counts() -> None:
    table = _pairs(1, **{"W1|A": 2, "*|A": 3, "W1|*": 4})

    found = [table.of("W1", "A"), table.of("W2", "A"), table.of("W1", "B"), table.of("W2", "B")]

    assert found == [2 * UNIT, 3 * UNIT, 4 * UNIT, 1 * UNIT]
    assert _pairs(7).of("W1", "A") == 7 * UNIT


def test_numbers_of_pairs_are_looked_up_by_the_shops_sku() -> None:
    rules = StockRules(items={SKU: "SHOP-1"}, buffers=_pairs(0, **{"W1|SHOP-1": 4}))

    assert ledger_of([count(10)], rules).quantity() == 6


def test_a_quantity_beyond_the_stored_form_is_cut_off() -> None:
    codes = [f"W{number}" for number in range(20)]
    ledger = Ledger(StockRules(locations=dict.fromkeys(codes, "main")))

    ledger.take(*(count(10**12, location_code=code) for code in codes))

    assert ledger.source("main").quantity == 4 * 10**18
    assert ledger.stored_bytes > 0


def test_a_place_that_left_the_location_table_counts_no_more() -> None:
    ledger = Ledger(StockRules(locations={"W1": "main", "W2": "main"}))
    ledger.take(count(10), count(5, location_code="W2"))

    ledger.rules = StockRules(locations={"W1": "main"})
    ledger.take(delta(1, 1))

    assert ledger.quantity("main") == 11


def test_a_source_that_lost_its_last_place_is_shown_empty() -> None:
    ledger = ledger_of([count(10)], StockRules(locations={"W1": "old"}))

    ledger.rules = StockRules(locations={"W1": "new"})
    ledger.take(delta(1, 1))

    assert (ledger.quantity("old"), ledger.source("old").shown) == (0, True)
    assert ledger.quantity("new") == 11
