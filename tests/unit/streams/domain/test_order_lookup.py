"""What is looked up of an order, and that none passes because nobody looked."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.order import Customer, OrderLine
from schemas.models.reference import Price
from streams.domain.order_checks import CHECKS, NEEDS, CheckPlan, Item, OrderFacts
from streams.domain.order_lookup import LookUpRules, Reference, look_up
from tests.unit.streams.domain.accounts import account, by_key
from tests.unit.streams.domain.order_histories import UNIT, line, order

OURS = order(customer=Customer(customer_id="7", group="dealers"))
PRICES = {"A": (Price(currency="EUR", price=10 * UNIT),)}
FED = Reference({"A": Item()}, PRICES, by_key(account()))
ALL = tuple(CHECKS)
EVERYTHING = LookUpRules(CheckPlan(default=ALL))


def reasons(reference: Reference, *names: str, **fields: Any) -> tuple[str, ...]:  # noqa: ANN401  any field of the order
    stated = order(**{"customer": OURS.customer, **fields})
    return look_up(stated, reference, LookUpRules(CheckPlan(default=names))).failing


def test_an_order_of_a_known_account_with_known_goods_passes_every_check() -> None:
    assert look_up(OURS, FED, EVERYTHING).failing == ()


def test_an_order_that_nobody_could_look_up_does_not_pass() -> None:
    assert look_up(OURS, Reference(), EVERYTHING).failing == tuple(
        f"{name}: not looked up" for name in ALL if name in NEEDS and name != "approval"
    )


names = st.lists(st.sampled_from(ALL), unique=True)


@settings(max_examples=200, deadline=None)
@given(names, st.sets(st.sampled_from(["products", "prices", "accounts"])))
def test_what_is_not_fed_holds_every_order_that_a_check_needs_it_for(chosen: list[str], gone: set[str]) -> None:
    reference = FED._replace(**dict.fromkeys(gone))

    found = look_up(OURS, reference, LookUpRules(CheckPlan(default=tuple(chosen)))).failing

    assert found == tuple(f"{name}: not looked up" for name in chosen if NEEDS.get(name) in gone and name != "approval")


@settings(max_examples=200, deadline=None)
@given(names)
def test_reasons_come_in_the_order_of_the_plan(chosen: list[str]) -> None:
    wrong = Reference({"A": Item(is_discontinued=True)}, {}, by_key(account("ACC-9", members=())))
    found = look_up(order(approval="pending"), wrong, LookUpRules(CheckPlan(default=tuple(chosen)))).failing

    told = [reason.partition(":")[0] for reason in found]
    assert told == [name for name in chosen if name not in {"sku-known", "address-valid"}]


def test_a_channel_with_a_list_of_its_own_is_checked_by_that_alone() -> None:
    plan = CheckPlan({"dealer": (), "edi": ("credit",)}, default=("sku-known",))
    nothing = Reference({"B": Item()}, None, by_key(account(credit="REFUSED")))

    def held(channel: str) -> tuple[str, ...]:
        return look_up(order(channel=channel, customer=Customer(account_code="C-1004")), nothing, LookUpRules(plan))[1]

    assert (held("dealer"), held("edi"), held("commerce")) == ((), ("credit",), ("sku-known: A",))


@pytest.mark.parametrize(
    ("credit", "told"), [("GIVEN", ()), ("REFUSED", ("credit",)), ("UNKNOWN", ("credit: not looked up",))]
)
def test_credit_is_what_the_account_says(credit: str, told: tuple[str, ...]) -> None:
    assert reasons(FED._replace(accounts=by_key(account(credit=credit))), "credit") == told


def test_nobodys_order_has_no_credit_and_no_account() -> None:
    assert reasons(FED, "customer-known", "credit", customer=Customer()) == ("customer-known", "credit")


def test_the_account_may_ask_for_an_approval() -> None:
    strict = FED._replace(accounts=by_key(account(needs_approval=True)))

    assert reasons(strict, "approval") == ("approval: waits",)
    assert reasons(strict, "approval", approval="approved") == ()


def test_the_price_is_that_of_the_customers_group_in_the_orders_currency() -> None:
    offered = (
        Price(currency="USD", price=10 * UNIT, customer_group="dealers"),
        Price(currency="EUR", price=9 * UNIT, customer_group="staff"),
        Price(currency="EUR", price=12 * UNIT),
    )
    dear = FED._replace(prices={"A": offered})
    ours = FED._replace(prices={"A": (*offered, Price(currency="EUR", price=10 * UNIT, customer_group="dealers"))})

    assert reasons(dear, "price-current") == ("price-current: A",)
    assert reasons(ours, "price-current") == ()
    assert reasons(ours, "price-current", currency="GBP") == ("price-current: no price: A",)


def test_the_child_of_a_configurable_is_checked_at_the_price_of_its_parent() -> None:
    child = OrderLine(line_id="2", parent_line_id="1", sku="A", quantity=3 * UNIT, price=0)
    stated = order(line("1", "SHIRT"), child, customer=OURS.customer)
    wrong = FED._replace(prices={"A": (Price(currency="EUR", price=11 * UNIT),)})

    assert look_up(stated, FED, EVERYTHING).failing == ()
    assert look_up(stated, wrong, EVERYTHING).failing == ("price-current: A",)


def test_an_order_is_completed_only_where_that_is_wanted_and_before_it_is_checked() -> None:
    assert look_up(OURS, FED, EVERYTHING).completed == (OURS, ())

    made = look_up(OURS, FED, LookUpRules(completes=True)).completed
    assert made.order.customer.account_code == "C-1004"
    assert "customer.account_code" in made.filled


def test_the_shops_own_tables_stay() -> None:
    shop = OrderFacts(countries=frozenset({"AT"}))

    assert look_up(OURS, FED, LookUpRules(CheckPlan(default=("address-valid",)), shop)).failing == (
        "address-valid: billing.country, shipping.country",
    )


@pytest.mark.parametrize(
    ("rules", "needed"),
    [
        (LookUpRules(), set()),
        (LookUpRules(CheckPlan(default=("address-valid",))), set()),
        (LookUpRules(CheckPlan({"dealer": ("sku-known", "price-current")})), {"products", "prices"}),
        (LookUpRules(completes=True), {"accounts"}),
        (EVERYTHING, {"accounts", "prices", "products"}),
    ],
)
def test_only_tables_that_some_check_needs_are_waited_for(rules: LookUpRules, needed: set[str]) -> None:
    assert rules.tables == needed
