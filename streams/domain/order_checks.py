"""What is checked of an order before the ERP is asked to make it: a table of named checks, all made, all told.

Which apply, and in which order, each channel's configuration says.  A check whose facts were not looked up fails: an
order nobody checked does not pass.  Reasons name SKUs, fields and codes, never people or addresses.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from schemas.models.order import Address, Order, OrderLine

NOT_LOOKED_UP = "not looked up"
NAMED_AT_MOST = 10
"""SKUs or fields that a reason names; of more it says how many."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_POSTCODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,10}[A-Za-z0-9]")
_REGION = re.compile(r"[A-Za-z0-9-]{1,16}")


class Item(NamedTuple):
    """A SKU as the ERP knows it."""

    is_discontinued: bool = False


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What was looked up for one order, and the tables of the shop; None stands for "not looked up".

    `items` holds the SKUs that the ERP knows, `prices` those that it has a price of for this order: of one unit, in
    micros of the order's currency.  `price_tolerance` is in parts per million of the ERP's price.  `countries` are the
    ISO 3166-1 alpha-2 codes; without them only the form of a code is checked.  `postcodes` holds a pattern per country
    that has one; `regions` the countries whose addresses need a region.  `approved` are the words of the channel for an
    order that needs no approval any more; "" is the word of a channel that has no approvals, and does not do where the
    account needs one.
    """

    is_customer_known: bool | None = None
    items: Mapping[str, Item] | None = None
    prices: Mapping[str, int] | None = None
    is_credit_given: bool | None = None
    needs_approval: bool = False
    price_tolerance: int = 0
    countries: frozenset[str] | None = None
    postcodes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    regions: frozenset[str] = frozenset({"AU", "CA", "US"})
    approved: frozenset[str] = frozenset({"", "approved"})


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """Which checks a channel's orders pass through."""

    channels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    default: tuple[str, ...] = ()

    def of(self, channel: str) -> tuple[str, ...]:
        return self.channels.get(channel, self.default)

    @property
    def names(self) -> frozenset[str]:
        """Every check that some order passes through."""
        return frozenset(self.default).union(*self.channels.values())


def failing(order: Order, facts: OrderFacts, names: Sequence[str]) -> tuple[str, ...]:
    """Every reason to hold the order, in the order of the checks; () where there is none.

    Raises ValueError for a name that is no check: a check that is misspelt must not be one that passes.
    """
    if unknown := [name for name in names if name not in CHECKS]:
        raise ValueError(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    found = ((name, CHECKS[name](order, facts)) for name in names)
    return tuple(f"{name}: {reason}" if reason else name for name, reason in found if reason is not None)


def _customer(_order: Order, facts: OrderFacts) -> str | None:
    if facts.is_customer_known is None:
        return NOT_LOOKED_UP
    return None if facts.is_customer_known else ""


def _sku_known(order: Order, facts: OrderFacts) -> str | None:
    items = facts.items
    if items is None:
        return NOT_LOOKED_UP
    return _named(line.sku for line in _sold(order) if line.sku not in items)


def _not_discontinued(order: Order, facts: OrderFacts) -> str | None:
    """A SKU that the ERP does not know cannot be said to be sold still."""
    items = facts.items
    if items is None:
        return NOT_LOOKED_UP
    skus = [line.sku for line in _sold(order)]
    over = (sku for sku in skus if items.get(sku, Item()).is_discontinued)
    return _both(_named(over), "not known", _named(sku for sku in skus if sku not in items))


def _price_current(order: Order, facts: OrderFacts) -> str | None:
    """Lines whose price is further from the ERP's than the tolerance, or that the ERP has no price of.

    A line without a price says nothing that could be wrong; nor does a part at 0, whose parent has the money.
    """
    prices = facts.prices
    if prices is None:
        return NOT_LOOKED_UP
    ids = {line.line_id for line in order.lines}
    stated = [(line.sku, line.price, line.parent_line_id in ids) for line in _sold(order)]
    priced = [(sku, price) for sku, price, is_part in stated if price is not None and (price or not is_part)]
    off = (sku for sku, price in priced if sku in prices and _is_off(price, prices[sku], facts.price_tolerance))
    return _both(_named(off), "no price", _named(sku for sku, _ in priced if sku not in prices))


def _is_off(price: int, known: int, tolerance: int) -> bool:
    return abs(price - known) * 1_000_000 > known * tolerance


def _sold(order: Order) -> tuple[OrderLine, ...]:
    """Lines that the ERP delivers: not the parents of bundles, whose SKU the shop makes up."""
    parents = {line.parent_line_id for line in order.lines}
    return tuple(line for line in order.lines if line.line_id not in parents)


def _address(order: Order, facts: OrderFacts) -> str | None:
    """Which fields of which address are wrong; never what stands in them."""
    addresses = (("billing", order.billing), ("shipping", order.shipping))
    return _named(f"{name}.{wrong}" for name, one in addresses if one is not None for wrong in _wrong(one, facts))


def _wrong(address: Address, facts: OrderFacts) -> list[str]:
    return [name for name, is_wrong in _FIELDS.items() if is_wrong(address, facts)]


def _is_wrong_country(address: Address, facts: OrderFacts) -> bool:
    if facts.countries is not None:
        return address.country not in facts.countries
    return _COUNTRY.fullmatch(address.country) is None


def _is_wrong_region(address: Address, facts: OrderFacts) -> bool:
    if not address.region_code:
        return address.country in facts.regions
    return _REGION.fullmatch(address.region_code) is None


def _is_wrong_postcode(address: Address, facts: OrderFacts) -> bool:
    """Some countries have none, so one that is absent is wrong only where the country has a pattern."""
    pattern = facts.postcodes.get(address.country)
    if pattern is not None:
        return re.fullmatch(pattern, address.postcode or "") is None
    return bool(address.postcode) and _POSTCODE.fullmatch(address.postcode or "") is None


_FIELDS: Mapping[str, Callable[[Address, OrderFacts], bool]] = MappingProxyType(
    {
        "street": lambda address, _facts: not any(text.strip() for text in address.street),
        "city": lambda address, _facts: not address.city.strip(),
        "country": _is_wrong_country,
        "region": _is_wrong_region,
        "postcode": _is_wrong_postcode,
    }
)


def _approval(order: Order, facts: OrderFacts) -> str | None:
    """The channel's own approval, where it spans channel and ERP, or its account's rule that there be one."""
    word = (order.approval or "").lower()
    return None if word in facts.approved and (word or not facts.needs_approval) else "waits"


def _credit(_order: Order, facts: OrderFacts) -> str | None:
    if facts.is_credit_given is None:
        return NOT_LOOKED_UP
    return None if facts.is_credit_given else ""


def _named(names: Iterable[str]) -> str | None:
    """Each once, in order, and how many more; None where there is none."""
    found = list(dict.fromkeys(names))
    if not found:
        return None
    more = f" and {len(found) - NAMED_AT_MOST} more" if len(found) > NAMED_AT_MOST else ""
    return ", ".join(found[:NAMED_AT_MOST]) + more


def _both(wrong: str | None, name: str, unknown: str | None) -> str | None:
    """What is wrong, and behind it what could not be compared."""
    told = unknown and f"{name}: {unknown}"
    return "; ".join(filter(None, (wrong, told))) or None


Check = Callable[[Order, OrderFacts], str | None]
"""None where the order passes, else what is wrong, "" where the check's name says it all."""

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "customer-known": _customer,
        "sku-known": _sku_known,
        "sku-not-discontinued": _not_discontinued,
        "price-current": _price_current,
        "address-valid": _address,
        "approval": _approval,
        "credit": _credit,
    }
)

PRODUCTS, PRICES, ACCOUNTS = "products", "prices", "accounts"
NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "customer-known": ACCOUNTS,
        "sku-known": PRODUCTS,
        "sku-not-discontinued": PRODUCTS,
        "price-current": PRICES,
        "approval": ACCOUNTS,
        "credit": ACCOUNTS,
    }
)
"""The reference table that a check looks into; one that is not here looks into none."""
