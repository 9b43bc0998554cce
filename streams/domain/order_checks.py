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
    """A SKU as the ERP knows it; `price` of one unit in micros of the order's currency, None where it states none."""

    is_discontinued: bool = False
    price: int | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What was looked up for one order, and the tables of the shop; None stands for "not looked up".

    `items` holds the SKUs that the ERP knows.  `price_tolerance` is in parts per million of the ERP's price.
    `countries` are the ISO 3166-1 alpha-2 codes; without them only the form of a code is checked.  `postcodes` holds a
    pattern per country that has one; `regions` the countries whose addresses need a region.  `approved` are the words
    of the channel for an order that needs no approval any more; "" is the word of a channel that has no approvals.
    """

    is_customer_known: bool | None = None
    items: Mapping[str, Item] | None = None
    is_credit_given: bool | None = None
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
    items = facts.items
    if items is None:
        return NOT_LOOKED_UP
    return _named(line.sku for line in _sold(order) if items.get(line.sku, Item()).is_discontinued)


def _price_current(order: Order, facts: OrderFacts) -> str | None:
    """Lines whose price is further from the ERP's than the tolerance; a price that nobody stated is not compared."""
    items = facts.items
    if items is None:
        return NOT_LOOKED_UP
    return _named(
        line.sku for line in _sold(order) if _is_off(line, items.get(line.sku, Item()), facts.price_tolerance)
    )


def _is_off(line: OrderLine, item: Item, tolerance: int) -> bool:
    if line.price is None or item.price is None:
        return False
    return abs(line.price - item.price) * 1_000_000 > item.price * tolerance


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
    """The channel's own approval, where it spans channel and ERP."""
    return None if (order.approval or "").lower() in facts.approved else "waits"


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
