"""May this record enter the ledger?  Everything that can be said from the record and the shop's tables alone."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import msgspec

from schemas.models.inventory import InventoryHold, StockRebase
from schemas.models.stock_change import StockChange
from schemas.models.stock_reservation import ReservationRequest
from streams.domain.quantities import RECORD_LIMIT
from streams.domain.reasons import DeadReason
from streams.domain.scope import Change, change_of
from streams.domain.stock_rules import StockRules

NAME_LIMIT = 128
_SKU = re.compile(r"(?!\s)[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}(?<!\s)", re.DOTALL)


NO_ORDERS: tuple[str, ...] = ()


class Refused(NamedTuple):
    """The record goes to the dead letters; `detail` names what is wrong with which value.

    `source_system` is given where the fault is one of the whole system rather than of the record.
    """

    reason: DeadReason
    detail: str
    source_system: str = ""


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """The record as the ledger counts it: in sales units, at a Commerce source.

    `location` is the ledger's name of the place (`StockRules.place_of`); `orders` are the numbers of the document
    behind it, as the source and as we write them.
    """

    location: str
    bucket: str
    source_system: str
    owner_code: str
    source_code: str
    change: Change
    orders: tuple[str, ...] = ()


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """How the broker took the record: its offset, and its append time in microseconds."""

    offset: int
    at: int


@lru_cache(maxsize=65_536)
def is_sku(text: str) -> bool:
    """1 to 64 characters, no leading or trailing blank, no control characters."""
    return _SKU.fullmatch(text) is not None


def admit(change: StockChange, arrival: Arrival, rules: StockRules) -> Admitted | Refused:
    """The first rule that refuses decides."""
    refused = (
        _names(change)
        or _symbols(change)
        or _beyond(change)
        or _sign(change, rules)
        or refuse_future(change.effective_at, arrival.at, rules, change.source_system)
        or _allocation(change, rules)
    )
    if refused is not None:
        return refused
    place = rules.place_of(change.source_system, change.location_code)
    source_code = rules.source_of(place)
    if source_code is None:
        return Refused(DeadReason.UNKNOWN_LOCATION, f"location {change.location_code!r} of {change.source_system!r}")
    converted = in_sales_units(change, rules)
    if isinstance(converted, Refused):
        return converted
    quantity = converted.quantity
    web = quantity if _is_web_allocation(change) else 0
    counted = 0 if web and rules.allocations.get(change.source_system) != "all" else quantity
    return Admitted(
        place,
        change.bucket,
        change.source_system,
        change.owner_code or "",
        source_code,
        change_of(converted, offset=arrival.offset, counted=counted, web=web),
        NO_ORDERS if change.id is None else tuple(dict.fromkeys(filter(None, (change.commerce_order, change.id)))),
    )


def in_sales_units(change: StockChange, rules: StockRules) -> StockChange | Refused:
    """The record in micros of the sales unit; refused where its quantity is not exact.

    What the source saw before and after is dropped where it is not exact: it serves for comparison only.
    """
    if not rules.units or change.uom is None:
        return change
    factor = rules.units.get(f"{change.sku}/{change.uom}") or rules.units.get(change.uom)
    if factor is None:
        return Refused(DeadReason.UNKNOWN_UNIT, f"unit {change.uom!r} is in no table")
    quantity = _times(change.quantity, factor)
    if quantity is None:
        return Refused(DeadReason.UNIT_NOT_EXACT, f"{change.quantity} micros of {change.uom!r} × {factor}")
    before, after = _times(change.previous_quantity, factor), _times(change.resulting_quantity, factor)
    converted = msgspec.structs.replace(change, quantity=quantity, previous_quantity=before, resulting_quantity=after)
    return _beyond(converted) or converted


def _times(micros: int | None, factor: Fraction) -> int | None:
    """None where there is nothing, or where more than six decimals would be left."""
    if micros is None:
        return None
    product, rest = divmod(micros * factor.numerator, factor.denominator)
    return None if rest else product


def _is_web_allocation(change: StockChange) -> bool:
    """Commerce has reserved what its own orders took: it must not be subtracted again."""
    return change.bucket == "ALLOCATED" and change.kind == "DELTA" and change.commerce_order is not None


def _names(change: StockChange) -> Refused | None:
    if not is_sku(change.sku):
        return Refused(DeadReason.BAD_SKU, f"SKU of {len(change.sku)} characters: {change.sku[:64]!r}")
    system, location, owner = change.source_system, change.location_code, change.owner_code or ""
    if len(system) <= NAME_LIMIT and len(location) <= NAME_LIMIT and len(owner) <= NAME_LIMIT:
        return None
    longest = max(len(system), len(location), len(owner))
    return Refused(DeadReason.NAME_TOO_LONG, f"a code of {longest} characters, at most {NAME_LIMIT}")


def _symbols(change: StockChange) -> Refused | None:
    if change.kind == "UNKNOWN":
        return Refused(DeadReason.UNKNOWN_KIND, "kind is neither DELTA nor ABSOLUTE")
    if change.bucket == "UNKNOWN":
        return Refused(DeadReason.UNKNOWN_BUCKET, "bucket is not one of the known ones")
    return None


def _beyond(change: StockChange) -> Refused | None:
    """Also for what the source saw before and after, which is stored as well."""
    quantity, before, after = change.quantity, change.previous_quantity or 0, change.resulting_quantity or 0
    if -RECORD_LIMIT <= quantity <= RECORD_LIMIT and max(abs(before), abs(after)) <= RECORD_LIMIT:
        return None
    largest = max(abs(quantity), abs(before), abs(after))
    return Refused(DeadReason.QUANTITY_OUT_OF_RANGE, f"{largest} micros")


def _sign(change: StockChange, rules: StockRules) -> Refused | None:
    if change.quantity < 0 and change.kind == "ABSOLUTE" and change.source_system not in rules.negative_allowed:
        return Refused(DeadReason.NEGATIVE_ABSOLUTE, f"{change.bucket} counted as {change.quantity} micros")
    return None


def _allocation(change: StockChange, rules: StockRules) -> Refused | None:
    if change.bucket == "ALLOCATED" and change.kind == "ABSOLUTE" and change.source_system not in rules.allocations:
        return Refused(DeadReason.AMBIGUOUS_ALLOCATION, f"{change.source_system!r} states an allocated total")
    return None


def refuse_future(effective_at: int, arrived_at: int, rules: StockRules, source_system: str = "") -> Refused | None:
    """Whatever is said until then would count as older; times in µs, `arrived_at` by the broker's clock."""
    ahead = effective_at - arrived_at
    if ahead <= rules.future_tolerance:
        return None
    detail = f"effective {ahead // 1_000_000} s after it was appended"
    return Refused(DeadReason.EFFECTIVE_IN_FUTURE, detail, source_system)


# ── the inputs that are ours ─────────────────────────────────────────────────────────────────────


def refuse_hold(hold: InventoryHold) -> Refused | None:
    """Why a hold may not enter, if so."""
    if refused := _item_and_quantity(hold.sku, hold.quantity):
        return refused
    if hold.kind == "UNKNOWN":
        return Refused(DeadReason.UNKNOWN_KIND, "the hold is neither SHIPPED_NOT_POSTED nor ALLOCATION")
    if len(hold.source_code) > NAME_LIMIT:
        detail = f"a source code of {len(hold.source_code)} characters, at most {NAME_LIMIT}"
        return Refused(DeadReason.NAME_TOO_LONG, detail)
    return None


def refuse_reservation(request: ReservationRequest) -> Refused | None:
    """Why a request of a channel may not enter, if so."""
    if refused := _item_and_quantity(request.sku, request.quantity or 0):
        return refused
    if request.action == "UNKNOWN":
        return Refused(DeadReason.UNKNOWN_KIND, "the request is none of CREATE, CONFIRM, RELEASE and EXPIRE")
    longest = max(len(request.reservation_id), len(request.client), len(request.order_id or ""))
    if longest > NAME_LIMIT:
        return Refused(DeadReason.NAME_TOO_LONG, f"a name of {longest} characters, at most {NAME_LIMIT}")
    return None


def refuse_rebase(rebase: StockRebase, arrived_at: int, rules: StockRules) -> Refused | None:
    """Why an operator's word may not enter, if so."""
    return _item_and_quantity(rebase.sku, rebase.quantity) or refuse_future(rebase.effective_at, arrived_at, rules)


def _item_and_quantity(sku: str, quantity: int) -> Refused | None:
    if not is_sku(sku):
        return Refused(DeadReason.BAD_SKU, f"SKU of {len(sku)} characters")
    if quantity < 0:
        return Refused(DeadReason.NEGATIVE_ABSOLUTE, f"{quantity} micros")
    return Refused(DeadReason.QUANTITY_OUT_OF_RANGE, f"{quantity}") if quantity > RECORD_LIMIT else None
