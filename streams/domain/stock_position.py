"""From what the buckets hold to what Commerce should show, source by source.

write = on hand − on hold − allocations of other channels + shipped but not yet posted − buffer

Web orders are not subtracted: Commerce holds a reservation for them and subtracts it by itself.
"""

from collections.abc import Iterable, Mapping

import msgspec

from streams.domain.quantities import TOTAL_LIMIT, round_down_to_shop
from streams.domain.scope import Scope
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_rules import StockRules


class Terms(msgspec.Struct, frozen=True, gc=False):
    """The parts of one source's number, in micros: the formula that the status page shows.

    `available` stands in for the other parts at locations that state it; `without_base` names the places that count
    0 because no count of theirs has come yet.
    """

    on_hand: int = 0
    on_hold: int = 0
    allocated: int = 0
    wip: int = 0
    available: int = 0
    shipped: int = 0
    channels: int = 0
    buffer: int = 0
    has_base: bool = False
    without_base: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        kept_back = self.on_hold + self.allocated + self.channels + self.buffer
        return self.on_hand + self.wip + self.available + self.shipped - kept_back

    @property
    def quantity(self) -> int:
        """What may be shown: never below zero, nor beyond the stored form; rounded down to what the shop can carry."""
        return round_down_to_shop(min(max(0, self.total), TOTAL_LIMIT))

    @property
    def promisable(self) -> int:
        """What is there and nobody's: goods that have left are not, although the shop still shows them."""
        return round_down_to_shop(min(max(0, self.total - self.shipped), TOTAL_LIMIT)) if self.has_base else 0


def terms_of(entry: StockEntry, sku: str, rules: StockRules) -> Mapping[str, Terms]:
    """The formula of every source that a place of the SKU belongs to, or that has an open hold."""
    found = {
        state.code: Terms(shipped=state.shipped, channels=state.allocated, buffer=rules.buffers.of(state.code, sku))
        for state in entry.sources
    }
    for place, buckets in _by_place(entry.scopes).items():
        code = rules.source_of(place)
        if code is not None and code in found:
            found[code] = _add(found[code], place, buckets, rules)
    return found


def _by_place(scopes: Iterable[Scope]) -> dict[str, dict[str, Scope]]:
    found: dict[str, dict[str, Scope]] = {}
    for scope in scopes:
        found.setdefault(scope.location, {})[scope.bucket] = scope
    return found


def _add(terms: Terms, place: str, buckets: Mapping[str, Scope], rules: StockRules) -> Terms:
    """One place more; a place without a base counts nothing and is named, or begins at zero."""
    leading = _leading(buckets, assume_zero=rules.assume_zero_base)
    if leading is None and not rules.assume_zero_base:
        return msgspec.structs.replace(terms, without_base=(*terms.without_base, place))
    if leading is not None and leading.bucket == "AVAILABLE":
        return msgspec.structs.replace(terms, available=terms.available + leading.value, has_base=True)
    wip = _value(buckets.get("WIP")) if rules.count_wip else 0
    return msgspec.structs.replace(
        terms,
        on_hand=terms.on_hand + _value(leading),
        on_hold=terms.on_hold + _value(buckets.get("ON_HOLD")),
        allocated=terms.allocated + _allocated(buckets.get("ALLOCATED"), rules),
        wip=terms.wip + wip,
        has_base=True,
    )


def _leading(buckets: Mapping[str, Scope], *, assume_zero: bool) -> Scope | None:
    """ON_HAND or AVAILABLE, whichever was counted last; without counts what was stated, if zero is assumed."""
    stated = [buckets[name] for name in ("ON_HAND", "AVAILABLE") if name in buckets]
    counted = [scope for scope in stated if scope.has_base]
    if counted:
        return max(counted, key=lambda scope: (scope.base_at, scope.base_recorded_at))
    return stated[0] if assume_zero and stated else None


def _allocated(scope: Scope | None, rules: StockRules) -> int:
    """Allocations of other channels; where the total contains those of web orders they are taken out."""
    if scope is None:
        return 0
    web = scope.web if rules.allocations.get(scope.source_system) == "all" else 0
    return max(0, scope.value - web)


def _value(scope: Scope | None) -> int:
    return 0 if scope is None else scope.value
