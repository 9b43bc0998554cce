"""The configuration and the fields that decide: which records count at all, and for which place.

Source: the settled rules of the stock flow.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from simulators.wms.record import SECOND, StockRecord

FUTURE_LIMIT = 5 * 60 * SECOND
UNSTATED = ("IN_TRANSIT", "WIP", "ON_ORDER")
"""Buckets that never change what is shown."""
SKU_LENGTH = 64

Pair = tuple[str, str]
"""(Commerce source, SKU)."""


class Fact(NamedTuple):
    """The fields of a record that decide; `appended_at` is the broker's time, where it is known."""

    event_id: str
    source_system: str
    source_sequence: int | None
    owner_code: str | None
    sku: str
    uom: str | None
    location_code: str
    kind: str
    bucket: str
    quantity: Decimal
    commerce_order: str | None
    effective_at: int
    recorded_at: int
    appended_at: int | None = None

    @classmethod
    def of(cls, record: StockRecord, appended_at: int | None = None) -> "Fact":
        reference = record["reference"]
        return cls(
            event_id=record["event_id"],
            source_system=record["source_system"],
            source_sequence=record["source_sequence"],
            owner_code=record["owner_code"],
            sku=record["sku"],
            uom=record["uom"],
            location_code=record["location_code"],
            kind=record["kind"],
            bucket=record["bucket"],
            quantity=record["quantity"],
            commerce_order=reference["commerce_order"] if reference else None,
            effective_at=record["effective_at"],
            recorded_at=record["recorded_at"],
            appended_at=appended_at,
        )


@dataclass(frozen=True)
class Rules:
    """The configuration that the application runs with."""

    locations: Mapping[str, str] = field(default_factory=dict)
    """`location` or `source_system/location` → Commerce source; empty: location codes are source codes."""
    units: Mapping[str, Decimal] = field(default_factory=dict)
    """Unit → sales units in one; empty: every unit is a sales unit."""
    buffer: Decimal = Decimal(0)
    buffers: Mapping[Pair, Decimal] = field(default_factory=dict)
    threshold: Decimal = Decimal(0)
    backorders: frozenset[Pair] = frozenset()
    owners: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    """Location → (source system, goods owner); otherwise the first in the log owns (location, SKU, bucket)."""
    allocated_absolute: Mapping[str, Literal["other", "web"]] = field(default_factory=dict)
    """Source system → whose allocations its ALLOCATED ABSOLUTE contains."""
    negative_stock: frozenset[str] = frozenset()
    """Source systems that may state a negative quantity."""
    assume_zero_base: bool = False
    horizon: int = 24 * 3600 * SECOND
    remembered: int = 4096


def in_sales_units(fact: Fact, rules: Rules) -> Decimal:
    """The quantity as the shop counts it."""
    return fact.quantity * (rules.units[fact.uom] if fact.uom and rules.units else 1)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def place_of(fact: Fact, rules: Rules) -> str | None:
    """The key of the location map that the record falls under; None where the map lacks it."""
    qualified = f"{fact.source_system}/{fact.location_code}"
    if not rules.locations or fact.location_code in rules.locations:
        return qualified if qualified in rules.locations else fact.location_code
    return qualified if qualified in rules.locations else None


def refusal(fact: Fact, rules: Rules) -> str | None:
    """Why the record is a dead letter by itself, whatever came before it; None: it is not."""
    sku = fact.sku
    negative = fact.kind == "ABSOLUTE" and fact.quantity < 0 and fact.source_system not in rules.negative_stock
    allocation = fact.kind == "ABSOLUTE" and fact.bucket == "ALLOCATED"
    reasons = {
        "bad-sku": not 1 <= len(sku) <= SKU_LENGTH or sku != sku.strip() or any(map(_is_control, sku)),
        "unknown-kind": fact.kind not in {"DELTA", "ABSOLUTE"},
        "unknown-bucket": fact.bucket not in {"ON_HAND", "ALLOCATED", "ON_HOLD", "AVAILABLE", *UNSTATED},
        "unknown-location": place_of(fact, rules) is None,
        "unknown-unit": bool(fact.uom and rules.units and fact.uom not in rules.units),
        "negative-absolute": negative,
        "ambiguous-allocation": allocation and fact.source_system not in rules.allocated_absolute,
        "effective-in-future": fact.appended_at is not None and fact.effective_at > fact.appended_at + FUTURE_LIMIT,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)
