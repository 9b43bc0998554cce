"""Items, prices and customers of NetSuite as rows that orders are checked against; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from connectors.netsuite.event_mapping import SYSTEM
from connectors.netsuite.queries import from_local
from connectors.netsuite.wire import CustomerRow, ItemRow, PriceRow
from schemas.models.reference import Account, Price, Product, ProductPrices

MICROS = 1_000_000
_MOST_DIGITS = 20
_BOUND = 10**24
"""Micros of a price: as many digits as the contract has."""
_WIDE = Context(prec=64, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, kw_only=True)
class ReferenceWords:
    """Our words by NetSuite's ids; `groups` by price level, one or more each; None is everybody."""

    groups: Mapping[str, Sequence[str | None]]
    units: Mapping[str, str]
    terms: Mapping[str, str]


def to_product(row: ItemRow, words: ReferenceWords, zone: ZoneInfo) -> Product:
    """An inactive item is one that is no longer delivered.  Raises ValueError for a time that is none."""
    return Product(
        sku=row.sku,
        is_discontinued=row.inactive == "T",
        unit=words.units.get(row.unit or "", row.unit_name),
        make_to_order=row.made == "T",
        source_system=SYSTEM,
        changed_at=from_local(row.modified, zone),
    )


def to_prices(row: ItemRow, rows: Iterable[PriceRow], words: ReferenceWords, zone: ZoneInfo) -> ProductPrices:
    """Of each currency and level the price of the first break: the contract has no others.

    The time is that of the item, because NetSuite has none for its prices.  Raises ValueError for a time that is none.
    """
    first: dict[tuple[str, str], PriceRow] = {}
    for one in rows:
        known = first.get((one.currency, one.level))
        if known is None or (one.quantity or 0) < (known.quantity or 0):
            first[one.currency, one.level] = one
    return ProductPrices(
        sku=row.sku,
        prices=tuple(told for _, one in sorted(first.items()) for told in _prices(one, words)),
        source_system=SYSTEM,
        changed_at=from_local(row.modified, zone),
    )


def micros_of(price: Decimal) -> int | None:
    """Rounded to micros, because NetSuite's prices may have eight decimals; None for what is no price."""
    if not price.is_finite() or price < 0 or price.adjusted() > _MOST_DIGITS:
        return None
    micros = int(_WIDE.multiply(price, MICROS).to_integral_value(rounding=ROUND_HALF_EVEN))
    return micros if micros < _BOUND else None


def _prices(row: PriceRow, words: ReferenceWords) -> Sequence[Price]:
    """One for each group of the level.

    A price that is none is left out: an order of the item is held then, and a person looks.
    """
    micros = micros_of(row.price)
    if micros is None:
        return ()
    return [
        Price(currency=row.currency, price=micros, customer_group=group) for group in words.groups.get(row.level, ())
    ]


def to_account(row: CustomerRow, words: ReferenceWords, zone: ZoneInfo) -> Account:
    """Known by its account code alone: NetSuite has no ids of channels.  Raises ValueError for a time that is none."""
    return Account(
        account_id=row.id,
        account_code=row.code,
        terms=words.terms.get(row.terms or "", row.terms_name),
        credit=credit_of(row),
        source_system=SYSTEM,
        changed_at=from_local(row.modified, zone),
    )


def credit_of(row: CustomerRow) -> Literal["GIVEN", "REFUSED"]:
    """Refused on hold and to an inactive customer; where NetSuite decides by itself (AUTO), beyond the limit.

    No limit is no bound.
    """
    if row.inactive == "T" or row.hold == "ON":
        return "REFUSED"
    if row.hold == "OFF" or row.credit_limit is None or row.balance is None:
        return "GIVEN"
    return "REFUSED" if row.balance > row.credit_limit else "GIVEN"


def by_item(rows: Iterable[PriceRow]) -> Mapping[str, Sequence[PriceRow]]:
    found: dict[str, list[PriceRow]] = {}
    for row in rows:
        found.setdefault(row.item, []).append(row)
    return found
