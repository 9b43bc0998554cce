"""Accounts of an org as rows that orders are checked against."""

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.salesforce.account_mapping import from_moment, members_of, to_account, to_moment
from connectors.salesforce.mapping import account_key
from connectors.salesforce.wire import AccountRow
from schemas.models.order import Customer
from schemas.models.reference import AccountMember
from tests.contract.orders import order

WHEN = "2026-03-02T08:15:30.000+0000"
CHANNELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=12)
IDS = st.text(min_size=1, max_size=20)


def row(**changes: object) -> AccountRow:
    return AccountRow(**{"id": "001A", "commerce_id": "web-company-4", "modified": WHEN, **changes})  # type: ignore[arg-type]  # any field


@hypothesis.given(CHANNELS, IDS, st.booleans())
def test_an_account_is_the_members_whose_orders_made_its_key(channel: str, known: str, is_company: bool) -> None:  # noqa: FBT001
    customer = Customer(company_id=known) if is_company else Customer(customer_id=known)
    key = account_key("web-1", order(channel=channel, customer=customer))

    named = {"company_id": known} if is_company else {"customer_id": known}
    assert members_of(key) == (AccountMember(channel=channel, **named),)


@hypothesis.given(CHANNELS, st.emails())
def test_a_guests_account_is_nobodys(channel: str, email: str) -> None:
    key = account_key("web-1", order(channel=channel, customer=Customer(email=email)))

    assert to_account(row(commerce_id=key), 1) is None


def test_an_account_with_a_number_is_told_whoever_made_it() -> None:
    account = to_account(row(commerce_id=None, number="C-1"), 7)

    assert account is not None
    assert (account.account_id, account.account_code, account.members) == ("001A", "C-1", ())
    assert (account.credit, account.needs_approval, account.changed_at) == ("UNKNOWN", False, 7)


@pytest.mark.parametrize(
    ("word", "credit"),
    [("Given", "GIVEN"), (" refused ", "REFUSED"), ("REFUSED", "REFUSED"), ("Perhaps", "UNKNOWN"), ("", "UNKNOWN")],
)
def test_credit_is_given_or_refused_by_word_and_else_unknown(word: str, credit: str) -> None:
    account = to_account(row(credit=word), 1)

    assert account is not None
    assert account.credit == credit


@hypothesis.given(st.integers(0, 4_000_000_000_000))
def test_a_moment_is_the_same_there_and_back(millis: int) -> None:
    assert from_moment(to_moment(millis * 1000)) == millis * 1000


def test_a_moment_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="zone"):
        from_moment("2026-03-02T08:15:30")
