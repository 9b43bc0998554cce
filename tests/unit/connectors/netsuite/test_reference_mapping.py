"""Items, prices and customers of NetSuite as rows that orders are checked against."""

from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.netsuite.opening import reference_words_of
from connectors.netsuite.reference_mapping import (
    ReferenceWords,
    credit_of,
    micros_of,
    to_account,
    to_prices,
    to_product,
)
from connectors.netsuite.wire import CustomerRow, ItemRow, PriceRow
from tests.unit.connectors.netsuite.accounts import settings

ZONE = ZoneInfo("America/Los_Angeles")
WORDS = ReferenceWords(groups={"1": (None,), "5": ("wholesale",)}, units={"1": "piece"}, terms={"2": "NET30"})
ITEM = ItemRow(id="501", sku="A", modified="2026-03-02 00:15:30")


def cell(price: str, quantity: str | None = "0", *, level: str = "1", currency: str = "USD") -> PriceRow:
    known = None if quantity is None else Decimal(quantity)
    return PriceRow(item="501", level=level, currency=currency, price=Decimal(price), quantity=known)


def customer(**changes: object) -> CustomerRow:
    return CustomerRow(**{"id": "101", "code": "C-1", "modified": "2026-03-02 00:15:30", **changes})  # type: ignore[arg-type]  # any field


@hypothesis.given(st.decimals(min_value=0, max_value=10**12, places=8))
def test_a_price_is_rounded_to_micros_and_never_further_off_than_half_of_one(price: Decimal) -> None:
    micros = micros_of(price)

    assert micros is not None
    assert abs(Decimal(micros) - price * 1_000_000) <= Decimal("0.5")
    assert Decimal(micros) == (price * 1_000_000).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


@hypothesis.given(st.decimals(allow_nan=True, allow_infinity=True))
def test_whatever_stands_in_a_price_it_is_a_price_that_a_record_can_carry_or_none(price: Decimal) -> None:
    micros = micros_of(price)

    assert micros is None or 0 <= micros < 10**24


@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity", "1e18", "1e30"])
def test_what_is_no_price_is_left_out(price: str) -> None:
    assert to_prices(ITEM, [cell(price), cell("3", currency="EUR")], WORDS, ZONE).prices[0].price == 3_000_000


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10**6)), min_size=1, unique_by=lambda one: one[0])
)
def test_of_the_breaks_of_a_price_the_first_is_told(breaks: list[tuple[int, int]]) -> None:
    told = to_prices(ITEM, [cell(str(price), str(quantity)) for quantity, price in breaks], WORDS, ZONE).prices

    assert [one.price for one in told] == [min(breaks)[1] * 1_000_000]


def test_a_price_without_a_quantity_is_the_first() -> None:
    assert to_prices(ITEM, [cell("2", "5"), cell("3", None)], WORDS, ZONE).prices[0].price == 3_000_000


def test_prices_are_those_of_everybody_and_of_the_groups_that_are_named() -> None:
    told = to_prices(ITEM, [cell("9"), cell("7", level="5"), cell("1", level="8")], WORDS, ZONE)

    assert [(one.customer_group, one.price) for one in told.prices] == [(None, 9_000_000), ("wholesale", 7_000_000)]
    assert (told.sku, told.source_system, told.changed_at) == ("A", "netsuite", 1_772_439_330_000_000)


def test_groups_that_share_a_level_with_each_other_or_with_everybody_have_each_its_price() -> None:
    words = reference_words_of(
        settings(base_price_level="1", group_price_levels={"wholesale": "5", "dealer": "5", "retail": "1"})
    )

    told = to_prices(ITEM, [cell("9"), cell("7", level="5")], words, ZONE)

    assert [(one.customer_group, one.price) for one in told.prices] == [
        (None, 9_000_000),
        ("retail", 9_000_000),
        ("dealer", 7_000_000),
        ("wholesale", 7_000_000),
    ]


@pytest.mark.parametrize("names", [("box", "carton"), ("carton", "box")])
def test_of_several_words_for_one_id_the_first_by_the_alphabet_is_said_however_they_were_set(
    names: tuple[str, str],
) -> None:
    given = dict.fromkeys(names, "1")

    words = reference_words_of(settings(units=given, terms=given))

    assert to_product(ItemRow(id="1", sku="B", modified=ITEM.modified, unit="1"), words, ZONE).unit == "box"
    assert to_account(customer(terms="1"), words, ZONE).terms == "box"


def test_an_item_without_prices_says_that_it_has_none() -> None:
    assert to_prices(ITEM, (), WORDS, ZONE).prices == ()


def test_an_item_says_whether_it_is_sold_made_to_order_and_in_which_unit() -> None:
    sold = to_product(ITEM, WORDS, ZONE)
    over = to_product(ItemRow(id="1", sku="B", modified=ITEM.modified, inactive="T", made="T", unit="1"), WORDS, ZONE)
    named = to_product(ItemRow(id="1", sku="B", modified=ITEM.modified, unit="9", unit_name="Box"), WORDS, ZONE)

    assert (sold.is_discontinued, sold.make_to_order, sold.unit) == (False, False, None)
    assert (over.is_discontinued, over.make_to_order, over.unit) == (True, True, "piece")
    assert named.unit == "Box"


@pytest.mark.parametrize(
    ("changes", "credit"),
    [
        ({}, "GIVEN"),
        ({"inactive": "T"}, "REFUSED"),
        ({"hold": "ON"}, "REFUSED"),
        ({"hold": "AUTO", "balance": Decimal(11), "credit_limit": Decimal(10)}, "REFUSED"),
        ({"hold": "AUTO", "balance": Decimal(10), "credit_limit": Decimal(10)}, "GIVEN"),
        ({"hold": "AUTO", "balance": Decimal(11)}, "GIVEN"),
        ({"hold": "OFF", "balance": Decimal(11), "credit_limit": Decimal(10)}, "GIVEN"),
        ({"hold": "OFF", "inactive": "T"}, "REFUSED"),
    ],
)
def test_credit_is_refused_on_hold_beyond_the_limit_and_to_who_is_inactive(
    changes: dict[str, object], credit: str
) -> None:
    assert credit_of(customer(**changes)) == credit


def test_a_customer_is_known_by_its_code_and_its_terms_by_our_word() -> None:
    account = to_account(customer(terms="2", terms_name="Net 30"), WORDS, ZONE)
    other = to_account(customer(terms="3", terms_name="Net 60"), WORDS, ZONE)

    assert (account.account_id, account.account_code, account.terms, account.members) == ("101", "C-1", "NET30", ())
    assert other.terms == "Net 60"
