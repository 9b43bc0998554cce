"""May this record enter the ledger?  Everything that can be said from the record and the shop's tables alone."""

import re
from collections.abc import Callable
from typing import NamedTuple

from schemas.models.stock_change import StockChange
from streams.domain.quantities import RECORD_LIMIT
from streams.domain.reasons import DeadReason
from streams.domain.scope import Change, change_of
from streams.domain.stock_rules import StockRules

NAME_LIMIT = 128
_SKU = re.compile(r"(?!\s)[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}(?<!\s)", re.DOTALL)


class Refused(NamedTuple):
    """The record goes to the dead letters; `detail` names what is wrong with which value."""

    reason: DeadReason
    detail: str


class Admitted(NamedTuple):
    """The record as the ledger counts it: in sales units, at a Commerce source.

    `location` is the ledger's name of the place (`StockRules.place_of`).
    """

    location: str
    bucket: str
    source_system: str
    owner_code: str
    source_code: str
    change: Change


class Arrival(NamedTuple):
    """How the broker took the record: its offset, and its append time in microseconds."""

    offset: int
    at: int


def is_sku(text: str) -> bool:
    """1 to 64 characters, no leading or trailing blank, no control characters."""
    return _SKU.fullmatch(text) is not None


def admit(change: StockChange, arrival: Arrival, rules: StockRules) -> Admitted | Refused:
    """The first rule that refuses decides."""
    for rule in _RULES:
        if refused := rule(change, arrival, rules):
            return refused
    place = rules.place_of(change.source_system, change.location_code)
    source_code = rules.source_of(place)
    if source_code is None:
        return Refused(DeadReason.UNKNOWN_LOCATION, f"location {change.location_code!r} of {change.source_system!r}")
    quantity = in_sales_units(change, rules)
    if isinstance(quantity, Refused):
        return quantity
    web = quantity if _is_web_allocation(change) else 0
    counted = 0 if web and rules.allocations.get(change.source_system) != "all" else quantity
    return Admitted(
        place,
        change.bucket,
        change.source_system,
        change.owner_code or "",
        source_code,
        change_of(change, offset=arrival.offset, quantity=quantity, counted=counted, web=web),
    )


def in_sales_units(change: StockChange, rules: StockRules) -> int | Refused:
    """The stated quantity in micros of the sales unit; refused where that is not exact."""
    if not rules.units or change.uom is None:
        return change.quantity
    factor = rules.units.get(f"{change.sku}/{change.uom}") or rules.units.get(change.uom)
    if factor is None:
        return Refused(DeadReason.UNKNOWN_UNIT, f"unit {change.uom!r} is in no table")
    micros, rest = divmod(change.quantity * factor.numerator, factor.denominator)
    if rest:
        return Refused(DeadReason.UNIT_NOT_EXACT, f"{change.quantity} micros of {change.uom!r} × {factor}")
    return micros


def _is_web_allocation(change: StockChange) -> bool:
    """Commerce has reserved what its own orders took: it must not be subtracted again."""
    return change.bucket == "ALLOCATED" and change.kind == "DELTA" and change.commerce_order is not None


def _names(change: StockChange, _arrival: Arrival, _rules: StockRules) -> Refused | None:
    if not is_sku(change.sku):
        return Refused(DeadReason.BAD_SKU, f"SKU of {len(change.sku)} characters: {change.sku[:64]!r}")
    names = (change.source_system, change.location_code, change.owner_code or "")
    if max(map(len, names)) > NAME_LIMIT:
        return Refused(DeadReason.NAME_TOO_LONG, f"a code of {max(map(len, names))} characters, at most {NAME_LIMIT}")
    return None


def _symbols(change: StockChange, _arrival: Arrival, _rules: StockRules) -> Refused | None:
    if change.kind == "UNKNOWN":
        return Refused(DeadReason.UNKNOWN_KIND, "kind is neither DELTA nor ABSOLUTE")
    if change.bucket == "UNKNOWN":
        return Refused(DeadReason.UNKNOWN_BUCKET, "bucket is not one of the known ones")
    return None


def _range(change: StockChange, _arrival: Arrival, _rules: StockRules) -> Refused | None:
    if abs(change.quantity) > RECORD_LIMIT:
        return Refused(DeadReason.QUANTITY_OUT_OF_RANGE, f"{change.quantity} micros")
    return None


def _sign(change: StockChange, _arrival: Arrival, rules: StockRules) -> Refused | None:
    if change.kind == "ABSOLUTE" and change.quantity < 0 and change.source_system not in rules.negative_allowed:
        return Refused(DeadReason.NEGATIVE_ABSOLUTE, f"{change.bucket} counted as {change.quantity} micros")
    return None


def _future(change: StockChange, arrival: Arrival, rules: StockRules) -> Refused | None:
    ahead = change.effective_at - arrival.at
    if ahead > rules.future_tolerance:
        return Refused(DeadReason.EFFECTIVE_IN_FUTURE, f"effective {ahead // 1_000_000} s after it was appended")
    return None


def _allocation(change: StockChange, _arrival: Arrival, rules: StockRules) -> Refused | None:
    if change.bucket == "ALLOCATED" and change.kind == "ABSOLUTE" and change.source_system not in rules.allocations:
        return Refused(DeadReason.AMBIGUOUS_ALLOCATION, f"{change.source_system!r} states an allocated total")
    return None


_RULES: tuple[Callable[[StockChange, Arrival, StockRules], Refused | None], ...] = (
    _names,
    _symbols,
    _range,
    _sign,
    _future,
    _allocation,
)
