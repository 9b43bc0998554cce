"""Checks: all of them made, every reason told, none passed because nobody looked, and no person named."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.order import Address, Order, OrderLine
from streams.domain.order_checks import (
    ACCOUNTS,
    CHECKS,
    NEEDS,
    PRICES,
    PRODUCTS,
    CheckPlan,
    Item,
    OrderFacts,
    failing,
)
from tests.unit.streams.domain.order_histories import UNIT, line, order

ALL = tuple(CHECKS)
GOOD = OrderFacts(is_customer_known=True, items={"A": Item()}, prices={"A": 10 * UNIT}, is_credit_given=True)


def address(**fields: Any) -> Address:  # noqa: ANN401  any field of the model
    return Address(**{"country": "DE", "city": "Berlin", "street": ("Teststrasse 1",), "postcode": "10115", **fields})


def facts(**fields: Any) -> OrderFacts:  # noqa: ANN401  any field of the facts
    return dataclasses.replace(GOOD, **fields)


def test_an_order_that_passes_every_check_has_no_reason() -> None:
    assert failing(order(), GOOD, ALL) == ()


def test_a_channel_without_checks_holds_nothing() -> None:
    assert failing(order(), OrderFacts(), ()) == ()


def test_every_failing_check_is_told_in_the_order_that_the_channel_names() -> None:
    bad = facts(is_customer_known=False, is_credit_given=False, items={})

    assert failing(order(), bad, ("sku-known", "credit", "customer-known")) == (
        "sku-known: A",
        "credit",
        "customer-known",
    )


def test_what_was_not_looked_up_does_not_pass() -> None:
    unlooked = {name: reason for name in ALL for reason in failing(order(), OrderFacts(), (name,))}

    assert unlooked == {
        name: f"{name}: not looked up"
        for name in ("customer-known", "sku-known", "sku-not-discontinued", "price-current", "credit")
    }


def test_a_name_that_is_no_check_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such check: cerdit"):
        failing(order(), GOOD, ("credit", "cerdit"))


def test_a_discontinued_sku_is_named_once() -> None:
    found = failing(order(line(), line("2")), facts(items={"A": Item(is_discontinued=True)}), ("sku-not-discontinued",))

    assert found == ("sku-not-discontinued: A",)


def test_of_many_skus_a_reason_names_ten_and_counts_the_rest() -> None:
    lines = [line(str(number), f"S{number:02}") for number in range(13)]

    assert failing(order(*lines), facts(items={}), ("sku-known",)) == (
        "sku-known: S00, S01, S02, S03, S04, S05, S06, S07, S08, S09 and 3 more",
    )


def test_the_sku_of_a_bundle_is_the_shops_own_and_is_not_asked_of_the_erp() -> None:
    lines = (line("1", "SET-A"), line("2", "A", parent_line_id="1"))

    assert failing(order(*lines), GOOD, ALL) == ()


def test_a_sku_that_the_erp_does_not_know_cannot_be_said_to_be_sold_still() -> None:
    known = facts(items={"A": Item(is_discontinued=True)})

    assert failing(order(line(), line("2", "B")), known, ("sku-not-discontinued",)) == (
        "sku-not-discontinued: A; not known: B",
    )


@pytest.mark.parametrize(
    ("erp_price", "tolerance", "passes"),
    [
        (10 * UNIT, 0, True),
        (10 * UNIT + 1, 0, False),
        (10 * UNIT - 1, 0, False),
        (10 * UNIT + 1, 1, True),
        (11 * UNIT, 90_909, False),
        (11 * UNIT, 90_910, True),
        (0, 1_000_000, False),
    ],
)
def test_a_price_may_differ_by_the_tolerance_and_no_more(erp_price: int, tolerance: int, passes: bool) -> None:  # noqa: FBT001
    known = facts(prices={"A": erp_price}, price_tolerance=tolerance)

    assert failing(order(), known, ("price-current",)) == (() if passes else ("price-current: A",))


def test_a_price_that_the_order_does_not_state_is_not_compared() -> None:
    unpriced = order(OrderLine(line_id="1", sku="A", quantity=UNIT))

    assert failing(unpriced, facts(prices={"A": 1}), ("price-current",)) == ()
    assert failing(unpriced, facts(prices={}), ("price-current",)) == ()


def test_a_price_that_the_erp_does_not_have_does_not_pass() -> None:
    lines = (line(), line("2", "B"), line("3", "C"))

    assert failing(order(*lines), facts(prices={"A": 1, "C": 10 * UNIT}), ("price-current",)) == (
        "price-current: A; no price: B",
    )


def test_a_part_at_zero_is_paid_with_its_parent() -> None:
    free = OrderLine(line_id="2", parent_line_id="1", sku="A", quantity=UNIT, price=0)

    assert failing(order(line("1", "SET"), free), GOOD, ("price-current",)) == ()
    alone = OrderLine(line_id="2", sku="A", quantity=UNIT, price=0)
    assert failing(order(alone), GOOD, ("price-current",)) == ("price-current: A",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"street": ()}, "street"),
        ({"street": (" ", "")}, "street"),
        ({"city": " "}, "city"),
        ({"country": ""}, "country"),
        ({"country": "de"}, "country"),
        ({"country": "DEU"}, "country"),
        ({"country": "US"}, "region"),
        ({"country": "US", "region_code": "NY"}, None),
        ({"region_code": "N Y"}, "region"),
        ({"postcode": None}, None),
        ({"postcode": "1"}, "postcode"),
        ({"postcode": "SW1A 1AA"}, None),
        ({"postcode": "10115; DROP"}, "postcode"),
    ],
)
def test_an_address_is_checked_field_by_field(fields: dict[str, Any], reason: str | None) -> None:
    found = failing(order(billing=address(**fields)), GOOD, ("address-valid",))

    assert found == (() if reason is None else (f"address-valid: billing.{reason}",))


def test_both_addresses_are_checked_and_every_wrong_field_is_named() -> None:
    found = failing(order(billing=address(city=""), shipping=Address()), GOOD, ("address-valid",))

    assert found == ("address-valid: billing.city, shipping.street, shipping.city, shipping.country",)


def test_an_order_without_a_shipping_address_is_checked_for_its_bill() -> None:
    assert failing(order(shipping=None), GOOD, ("address-valid",)) == ()


@pytest.mark.parametrize(("postcode", "passes"), [("10115", True), ("1011", False), (None, False)])
def test_a_country_with_a_pattern_has_its_own_postcodes(postcode: str | None, passes: bool) -> None:  # noqa: FBT001
    known = facts(postcodes={"DE": r"\d{5}"}, countries=frozenset({"DE"}))

    assert (failing(order(billing=address(postcode=postcode)), known, ("address-valid",)) == ()) is passes


def test_a_country_must_be_one_of_those_that_are_given() -> None:
    known = facts(countries=frozenset({"AT"}))

    assert failing(order(shipping=None), known, ("address-valid",)) == ("address-valid: billing.country",)


@pytest.mark.parametrize(("word", "passes"), [(None, True), ("approved", True), ("Approved", True), ("pending", False)])
def test_an_approval_is_waited_for(word: str | None, passes: bool) -> None:  # noqa: FBT001
    assert (failing(order(approval=word), GOOD, ("approval",)) == ()) is passes


@pytest.mark.parametrize(("word", "passes"), [(None, False), ("", False), ("approved", True), ("pending", False)])
def test_where_the_account_needs_an_approval_silence_is_none(word: str | None, passes: bool) -> None:  # noqa: FBT001
    known = facts(needs_approval=True)

    assert failing(order(approval=word), known, ("approval",)) == (() if passes else ("approval: waits",))


def test_a_check_that_looks_into_a_table_is_a_check_and_names_one_that_is_there() -> None:
    assert NEEDS.keys() <= CHECKS.keys()
    assert set(NEEDS.values()) == {ACCOUNTS, PRICES, PRODUCTS}


def test_each_channel_has_its_own_checks() -> None:
    plan = CheckPlan(channels={"dealer": ("credit",)}, default=("customer-known",))

    assert (plan.of("dealer"), plan.of("commerce")) == (("credit",), ("customer-known",))
    assert plan.names == {"credit", "customer-known"}


SECRET = "Zaphod"
secret_texts = st.sampled_from(["", SECRET, f"{SECRET} 1"])


@st.composite
def orders_with_people(draw: st.DrawFn) -> Order:
    where = Address(
        first_name=SECRET,
        last_name=SECRET,
        street=(draw(secret_texts),),
        city=draw(secret_texts),
        postcode=draw(st.sampled_from([None, f"{SECRET};"])),
        region_code=draw(st.sampled_from([None, f"{SECRET} {SECRET}"])),
        country=draw(st.sampled_from(["DE", "US", SECRET])),
    )
    return order(billing=where, shipping=where, instructions=SECRET, approval=SECRET)


@settings(max_examples=100, deadline=None)
@given(orders_with_people(), st.sampled_from([GOOD, OrderFacts()]))
def test_no_reason_carries_what_stands_in_a_persons_fields(one: Order, known: OrderFacts) -> None:
    assert SECRET not in " ".join(failing(one, known, ALL))
