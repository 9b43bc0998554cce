"""The shop's own tables of the stock flow, as one frozen value: read once from the settings, passed to every rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, NamedTuple

HOUR = 3_600_000_000
"""An hour in microseconds."""

ANY = "*"


class Owner(NamedTuple):
    """Who alone may state a bucket of a location."""

    source_system: str
    owner_code: str = ""


@dataclass(frozen=True, slots=True)
class PairTable:
    """A number per (source, SKU) in micros, the most particular entry first.

    Keys read `source|sku`; `*` stands for any source or any SKU.
    """

    default: int = 0
    entries: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, source_code: str, sku: str) -> int:
        if not self.entries:
            return self.default
        for key in (f"{source_code}|{sku}", f"{ANY}|{sku}", f"{source_code}|{ANY}"):
            if key in self.entries:
                return self.entries[key]
        return self.default


@dataclass(frozen=True, slots=True)
class StockRules:
    """What differs from shop to shop.  Quantities in micros, times in microseconds."""

    locations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    units: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    items: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    owners: Mapping[str, Owner] = field(default_factory=lambda: MappingProxyType({}))
    allocations: Mapping[str, Literal["other", "all"]] = field(default_factory=lambda: MappingProxyType({}))
    negative_allowed: frozenset[str] = frozenset()
    buffers: PairTable = PairTable()
    thresholds: PairTable = PairTable()
    low_stock: PairTable = PairTable()
    backorders: frozenset[str] = frozenset()
    count_wip: bool = False
    assume_zero_base: bool = False
    reserve_from: tuple[str, ...] = ()
    last_units: int = 0
    horizon: int = 24 * HOUR
    future_tolerance: int = HOUR // 12

    def place_of(self, source_system: str, location: str) -> str:
        """Name of the location in the ledger: `system/location` where the tables tell two systems' codes apart."""
        qualified = f"{source_system}/{location}"
        return qualified if qualified in self.locations else location

    def source_of(self, place: str) -> str | None:
        """Commerce source of a place; None where the tables do not know it.  Without tables codes are the same."""
        return self.locations.get(place) if self.locations else place

    def is_plain(self, source_system: str, place: str) -> bool:
        """Whether the place is known by its code alone, so that a second system may not use the code."""
        return bool(self.locations) and not place.startswith(f"{source_system}/")

    def owner_of(self, place: str, bucket: str) -> Owner | None:
        """The configured owner of a bucket of a place, if there is one."""
        return (self.owners.get(f"{place}/{bucket}") or self.owners.get(place)) if self.owners else None

    def sku_of(self, item: str) -> str:
        """Commerce SKU of the item number that the source writes."""
        return self.items.get(item, item)

    def allows_backorders(self, sku: str) -> bool:
        return ANY in self.backorders or sku in self.backorders
