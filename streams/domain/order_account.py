"""Whose order is it?  The account behind an order, and what it adds to what the channel did not state.

An order is an account's by an id only: the channel's customer, its company, or the ERP's account code.  Never by an
e-mail address, which anybody may type at a checkout.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from schemas.models.order import Order
from schemas.models.reference import Account

AccountKey = tuple[str, str, str]
"""Kind of id, channel ("" for the ERP's own), id."""
Accounts = Mapping[AccountKey, Sequence[Account]]

CUSTOMER, COMPANY, CODE = "customer", "company", "code"
ACCOUNT_CODE, COST_CENTRE, TERMS = "customer.account_code", "customer.cost_centre", "payment.terms"


class Completed(NamedTuple):
    """An order, and which of its fields the account filled in."""

    order: Order
    filled: tuple[str, ...] = ()


def keys_of(account: Account) -> tuple[AccountKey, ...]:
    """Everything under which an order may name the account, each once."""
    return tuple(dict.fromkeys(_keys_of(account)))


def _keys_of(account: Account) -> Iterator[AccountKey]:
    for member in account.members:
        if member.customer_id:
            yield CUSTOMER, member.channel, member.customer_id
        if member.company_id:
            yield COMPANY, member.channel, member.company_id
    if account.account_code:
        yield CODE, "", account.account_code


def keys_of_order(order: Order) -> tuple[AccountKey, ...]:
    """What the order says of its account, the most exact first."""
    customer = order.customer
    named = (
        (CUSTOMER, order.channel, customer.customer_id),
        (COMPANY, order.channel, customer.company_id),
        (CODE, "", customer.account_code),
    )
    return tuple((kind, channel, one) for kind, channel, one in named if one)


def account_of(order: Order, accounts: Accounts) -> Account | None:
    """The account that the order's most exact known id names.

    None where no id is known, where one id names two accounts, and where the order states another account code than the
    account has: what contradicts itself is nobody's.
    """
    found = next((known for key in keys_of_order(order) if (known := accounts.get(key))), ())
    stated = order.customer.account_code
    if len(found) != 1 or (stated and stated != found[0].account_code):
        return None
    return found[0]


def completed(order: Order, account: Account | None) -> Completed:
    """Code and cost centre where the channel stated none; terms too, but not where something was paid already."""
    if account is None:
        return Completed(order)
    customer, payment = order.customer, order.payment
    filled: list[str] = []
    if account.account_code and not customer.account_code:
        customer = msgspec.structs.replace(customer, account_code=account.account_code)
        filled.append(ACCOUNT_CODE)
    if account.cost_centre and not customer.cost_centre:
        customer = msgspec.structs.replace(customer, cost_centre=account.cost_centre)
        filled.append(COST_CENTRE)
    if account.terms and not payment.terms and not _is_paid(order):
        payment = msgspec.structs.replace(payment, terms=account.terms)
        filled.append(TERMS)
    return Completed(msgspec.structs.replace(order, customer=customer, payment=payment), tuple(filled))


def _is_paid(order: Order) -> bool:
    """By card or in advance: the account's terms are not those of this order."""
    payment = order.payment
    return bool(payment.transaction_id or payment.authorised or payment.captured)


def as_stated(order: Order, filled: Collection[str]) -> Order:
    """The order without what was filled in, and without the id of the message that brought it."""
    customer, payment = order.customer, order.payment
    if ACCOUNT_CODE in filled:
        customer = msgspec.structs.replace(customer, account_code=None)
    if COST_CENTRE in filled:
        customer = msgspec.structs.replace(customer, cost_centre=None)
    if TERMS in filled:
        payment = msgspec.structs.replace(payment, terms=None)
    return msgspec.structs.replace(order, event_id="", customer=customer, payment=payment)
