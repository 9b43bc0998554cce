"""From what an operator wrote to the tables that the rules work with."""

from datetime import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from streams.domain.lane_rules import Window
from streams.domain.order_checks import OrderFacts
from streams.domain.stock_rules import HOUR, Owner, StockRules
from streams.settings import InventorySettings
from streams.settings.inventory import OwnerSettings, SkuClass
from streams.settings.rules import lane_rules, look_up_rules, stock_rules
from tests.unit.streams.settings.test_read_settings import read, wrong

UNIT = 1_000_000


def test_the_defaults_are_the_settled_ones() -> None:
    assert stock_rules(InventorySettings()) == StockRules(last_units=3 * UNIT)
    rules = lane_rules(InventorySettings())
    assert (rules.default, rules.classes, rules.last_units) == (Window(UNIT), (), 3 * UNIT)


def test_every_table_of_the_stock_rules_is_taken_over() -> None:
    rules = stock_rules(
        InventorySettings(
            locations={"W1": "main"},
            items={"4711": "A"},
            units={"CASE": Decimal(12), "G": Decimal("0.001")},
            owners={"W1": OwnerSettings(source_system="wms", owner_code="o")},
            allocations={"wms": "all"},
            negative_allowed=("wms",),
            buffer=Decimal("0.5"),
            buffers={"main|A": Decimal(2)},
            threshold=Decimal(1),
            thresholds={"*|A": Decimal(3)},
            low_stock=Decimal(5),
            low_stocks={"main|*": Decimal(7)},
            backorders=("A",),
            count_wip=True,
            assume_zero_base=True,
            horizon_s=3600,
            future_tolerance_s=60,
        )
    )

    assert (rules.locations, rules.items) == ({"W1": "main"}, {"4711": "A"})
    assert rules.units == {"CASE": Fraction(12), "G": Fraction(1, 1000)}
    assert rules.owners == {"W1": Owner("wms", "o")}
    assert dict(rules.allocations) == {"wms": "all"}
    assert (rules.negative_allowed, rules.backorders) == (frozenset({"wms"}), frozenset({"A"}))
    assert [rules.buffers.of("main", sku) for sku in "AB"] == [2 * UNIT, UNIT // 2]
    assert [rules.thresholds.of("main", sku) for sku in "AB"] == [3 * UNIT, UNIT]
    assert [rules.low_stock.of(source, "A") for source in ("main", "x")] == [7 * UNIT, 5 * UNIT]
    assert (rules.count_wip, rules.assume_zero_base) == (True, True)
    assert (rules.horizon, rules.future_tolerance) == (HOUR, 60 * UNIT)


def test_classes_keep_the_order_in_which_they_are_written() -> None:
    rules = lane_rules(
        InventorySettings(
            window_ms=500,
            classes={
                "z": SkuClass(window_ms=0, skus=("HOT-*",)),
                "a": SkuClass(at="02:30", skus=("SLOW-*", "B")),
            },
            last_units=Decimal("1.5"),
        )
    )

    assert rules.default == Window(500_000)
    assert rules.classes == (("z", ("HOT-*",), Window(0)), ("a", ("SLOW-*", "B"), Window(at=time(2, 30))))
    assert rules.last_units == 1_500_000


def test_rules_cannot_be_changed() -> None:
    rules: Any = stock_rules(InventorySettings(locations={"W1": "main"}))

    with pytest.raises(TypeError):
        rules.locations["W2"] = "main"
    with pytest.raises(TypeError):
        rules.buffers.entries["a|b"] = 1


# ── what would do harm later, or nothing at all ─────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["BUFFERS", "THRESHOLDS", "LOW_STOCKS"])
def test_a_negative_number_of_a_pair_is_refused(name: str) -> None:
    assert wrong(**{f"INVENTORY__{name}": '{"*|A": -5}'}).startswith(f"STREAMS_INVENTORY__{name}")


@pytest.mark.parametrize("key", ["A", "main", "*|*", "main/A", "|A", "main|", "main|HOT-*", "ma*|A", "main | A"])
def test_a_pair_that_no_look_up_can_find_is_refused(key: str) -> None:
    assert key in wrong(INVENTORY__BUFFERS=f'{{"{key}": 5}}')


@pytest.mark.parametrize("factor", ["0", "-1"])
def test_a_unit_that_is_not_above_zero_is_refused(factor: str) -> None:
    assert "CASE" in wrong(INVENTORY__UNITS=f'{{"CASE": {factor}}}')


@pytest.mark.parametrize("name", ["BUFFER", "THRESHOLD", "LOW_STOCK", "LAST_UNITS"])
def test_a_quantity_with_more_than_six_decimals_is_refused_by_name(name: str) -> None:
    line = wrong(**{f"INVENTORY__{name}": "0.0000001"})

    assert line.startswith(f"STREAMS_INVENTORY__{name}: Decimal input should have no more than 6 decimal places")


@pytest.mark.parametrize("name", ["BUFFERS", "THRESHOLDS", "LOW_STOCKS"])
@pytest.mark.parametrize("units", ["0.0000001", "1000000000001", "1e300"])
def test_an_entry_is_bounded_as_the_plain_setting_is(name: str, units: str) -> None:
    assert wrong(**{f"INVENTORY__{name}": f'{{"*|A": "{units}"}}'}).startswith(f"STREAMS_INVENTORY__{name}__*|A: ")


def test_bounds_take_what_the_rules_can_count() -> None:
    settings = read(INVENTORY__BUFFER="0.0000010", INVENTORY__BUFFERS='{"main|A|B": 1e12, "M6*20|*": 0.000001}')
    buffers = stock_rules(settings.inventory).buffers

    assert (buffers.of("main", "A|B"), buffers.of("M6*20", "x"), buffers.of("x", "x")) == (10**12 * UNIT, 1, 1)


@pytest.mark.parametrize("sku", ["HOT-*", "", " A"])
def test_backorders_are_whole_skus_or_all(sku: str) -> None:
    assert f"{sku!r} is no SKU; allowed are whole SKUs, or * alone for all" in wrong(
        INVENTORY__BACKORDERS=f'["A", "{sku}"]'
    )


# ── checks of orders ─────────────────────────────────────────────────────────────────────────────


def test_no_order_is_checked_unless_it_is_set() -> None:
    rules = look_up_rules(read().orders)

    assert rules.plan.names == frozenset()
    assert rules.tables == frozenset()
    assert not rules.completes


def test_every_table_of_the_checks_is_taken_over() -> None:
    orders = read(
        ORDERS__CHECKS='["customer-known", "address-valid"]',
        ORDERS__CHECKS_BY_CHANNEL='{"dealer": ["credit"], "edi": []}',
        ORDERS__COMPLETE_FROM_ACCOUNT="true",
        ORDERS__PRICE_TOLERANCE_PPM="10000",
        ORDERS__APPROVED_WORDS='["Approved ", "ok"]',
        ORDERS__COUNTRIES='["DE", "AT"]',
        ORDERS__REGION_COUNTRIES='["US"]',
        ORDERS__POSTCODE_PATTERNS='{"DE": "\\\\d{5}"}',
    ).orders
    rules = look_up_rules(orders)

    assert rules.plan.of("commerce") == ("customer-known", "address-valid")
    assert (rules.plan.of("dealer"), rules.plan.of("edi")) == (("credit",), ())
    assert rules.completes
    assert rules.shop == OrderFacts(
        price_tolerance=10_000,
        countries=frozenset({"DE", "AT"}),
        postcodes={"DE": r"\d{5}"},
        regions=frozenset({"US"}),
        approved=frozenset({"approved", "ok"}),
    )


def test_countries_are_those_of_iso_3166_where_addresses_are_checked() -> None:
    rules = look_up_rules(read(ORDERS__CHECKS='["address-valid"]').orders)

    assert rules.shop.countries is not None
    assert {"DE", "US", "XK"} <= rules.shop.countries
    assert "ZZ" not in rules.shop.countries


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ORDERS__CHECKS", '["cerdit"]', "STREAMS_ORDERS__CHECKS__0: no such check; allowed are customer-known, sku-"),
        ("ORDERS__CHECKS_BY_CHANNEL", '{"dealer": ["x"]}', "no such check; allowed are"),
        ("ORDERS__CHECKS_BY_CHANNEL", '{"a b": []}', "a channel's name has only letters"),
        ("ORDERS__PRICE_TOLERANCE_PPM", "-1", "STREAMS_ORDERS__PRICE_TOLERANCE_PPM"),
        ("ORDERS__COUNTRIES", '["Germany"]', "two capital letters"),
        ("ORDERS__POSTCODE_PATTERNS", '{"DE": "("}', "not a regular expression"),
    ],
)
def test_a_mistake_in_the_checks_stops_the_start_with_one_line(name: str, value: str, said: str) -> None:
    assert said in wrong(**{name: value})
