"""What was looked up of one order, from the reference tables as they are now: a function of order, tables and rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from schemas.models.order import Order
from schemas.models.reference import Account, Price
from streams.domain.order_account import Accounts, Completed, account_of, completed
from streams.domain.order_checks import ACCOUNTS, NEEDS, CheckPlan, Item, OrderFacts, failing
from streams.domain.order_goods import goods_of
from streams.domain.order_routing import Available


@dataclass(frozen=True, slots=True)
class LookUpRules:
    """Which checks each channel has, the shop's own tables (`shop`), and whether accounts complete orders."""

    plan: CheckPlan = field(default_factory=CheckPlan)
    shop: OrderFacts = field(default_factory=OrderFacts)
    completes: bool = False

    @property
    def tables(self) -> frozenset[str]:
        """The reference tables without which nothing can be decided."""
        needed = {NEEDS[name] for name in self.plan.names if name in NEEDS}
        return frozenset(needed | ({ACCOUNTS} if self.completes else set()))


class Reference(NamedTuple):
    """The tables; None: not fed, or not asked for."""

    products: Mapping[str, Item] | None = None
    prices: Mapping[str, Sequence[Price]] | None = None
    accounts: Accounts | None = None
    available: Available | None = None
    """What every source has of every SKU, for routing."""


class LookedUp(NamedTuple):
    """The order with what its account adds, and why it must be held."""

    completed: Completed
    failing: tuple[str, ...]


def look_up(order: Order, reference: Reference, rules: LookUpRules) -> LookedUp:
    """Checked is the order as the ERP books it."""
    account = None if reference.accounts is None else account_of(order, reference.accounts)
    found = completed(order, account if rules.completes else None)
    booked = goods_of(found.order)
    facts = facts_of(booked, account, reference, rules.shop)
    return LookedUp(found, failing(booked, facts, rules.plan.of(order.channel)))


def facts_of(order: Order, account: Account | None, reference: Reference, shop: OrderFacts) -> OrderFacts:
    """Credit that nobody spoke of is not looked up, not given."""
    is_fed = reference.accounts is not None
    return replace(
        shop,
        is_customer_known=account is not None if is_fed else None,
        items=reference.products,
        prices=None if reference.prices is None else _prices(order, reference.prices),
        is_credit_given=_credit(account) if is_fed else None,
        needs_approval=account is not None and account.needs_approval,
    )


def _credit(account: Account | None) -> bool | None:
    """Nobody's order has no credit."""
    if account is None:
        return False
    return None if account.credit == "UNKNOWN" else account.credit == "GIVEN"


def _prices(order: Order, prices: Mapping[str, Sequence[Price]]) -> Mapping[str, int]:
    found = {line.sku: _price(order, prices.get(line.sku, ())) for line in order.lines}
    return {sku: price for sku, price in found.items() if price is not None}


def _price(order: Order, prices: Sequence[Price]) -> int | None:
    """Of the order's currency: that of the customer's group, else the one for everybody."""
    offered = {one.customer_group: one.price for one in prices if one.currency == order.currency}
    group = order.customer.group
    return offered[group] if group in offered else offered.get(None)
