"""Whose order it is, by ids alone, and what that account adds to it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.order import Customer, Order, Payment
from schemas.models.reference import AccountMember
from streams.domain.order_account import account_of, as_stated, completed, keys_of, keys_of_order
from tests.unit.streams.domain.accounts import account, by_key
from tests.unit.streams.domain.order_histories import UNIT, order

OURS = order(customer=Customer(customer_id="7"))


def of(**customer: str | None) -> Order:
    return order(customer=Customer(**customer))  # type: ignore[arg-type]  # texts only


def test_an_account_is_found_by_each_id_that_names_it() -> None:
    members = (AccountMember(channel="commerce", customer_id="7"), AccountMember(channel="commerce", company_id="12"))
    known = account(members=members)

    for stated in (of(customer_id="7"), of(company_id="12"), of(account_code="C-1004")):
        assert account_of(stated, by_key(known)) == known


@pytest.mark.parametrize(
    "stated",
    [
        of(),
        of(customer_id="8"),
        of(customer_id="7", account_code="C-9"),
        of(email="buyer@example.com"),
        order(channel="dealer", customer=Customer(customer_id="7")),
    ],
    ids=["a guest", "somebody else", "another code than the account has", "an e-mail alone", "another channel's 7"],
)
def test_what_proves_no_account_is_nobodys(stated: Order) -> None:
    assert account_of(stated, by_key(account())) is None


def test_an_id_that_two_accounts_claim_is_nobodys() -> None:
    assert account_of(OURS, by_key(account("ACC-1"), account("ACC-2"))) is None


def test_the_most_exact_id_decides() -> None:
    buyer = account("ACC-1")
    company = account("ACC-2", members=(AccountMember(channel="commerce", company_id="12"),), account_code="C-2")

    assert account_of(of(customer_id="7", company_id="12"), by_key(buyer, company)) == buyer
    assert account_of(of(customer_id="9", company_id="12"), by_key(buyer, company)) == company
    assert keys_of_order(of(customer_id="7", company_id="12", account_code="C")) == (
        ("customer", "commerce", "7"),
        ("company", "commerce", "12"),
        ("code", "", "C"),
    )


def test_an_account_is_kept_once_under_each_key() -> None:
    member = AccountMember(channel="commerce", customer_id="7")

    assert keys_of(account(members=(member, member, AccountMember(channel="x")), account_code=None)) == (
        ("customer", "commerce", "7"),
    )


def test_the_account_fills_in_what_the_channel_left_out_and_nothing_else() -> None:
    made, filled = completed(OURS, account())

    assert filled == ("customer.account_code", "customer.cost_centre", "payment.terms")
    assert (made.customer.account_code, made.customer.cost_centre, made.payment.terms) == ("C-1004", "CC-20", "NET30")
    assert as_stated(made, filled) == as_stated(OURS, ())


def test_what_the_channel_stated_stays() -> None:
    stated = order(customer=Customer(account_code="C-1", cost_centre="CC-1"), payment=Payment(terms="NET10"))

    assert completed(stated, account()) == (stated, ())
    assert completed(stated, None) == (stated, ())


@pytest.mark.parametrize("paid", [{"transaction_id": "t"}, {"authorised": UNIT}, {"captured": UNIT}])
def test_an_order_that_is_paid_is_given_no_terms(paid: dict[str, object]) -> None:
    stated = order(customer=Customer(), payment=Payment(**paid))  # type: ignore[arg-type]  # of their types

    made = completed(stated, account())

    assert made.order.payment == stated.payment
    assert "payment.terms" not in made.filled


def test_an_account_without_a_value_fills_in_nothing() -> None:
    bare = account(account_code=None, cost_centre=None, terms=None)

    assert completed(OURS, bare) == (OURS, ())


texts = st.sampled_from([None, "", "x"])


@settings(deadline=None)
@given(code=texts, centre=texts, terms=texts)
def test_completing_twice_adds_nothing(code: str | None, centre: str | None, terms: str | None) -> None:
    stated = order(customer=Customer(account_code=code, cost_centre=centre), payment=Payment(terms=terms))
    once = completed(stated, account())

    assert completed(once.order, account()) == (once.order, ())
    assert msgspec.structs.asdict(as_stated(once.order, once.filled)) == msgspec.structs.asdict(
        as_stated(stated, once.filled)
    )
