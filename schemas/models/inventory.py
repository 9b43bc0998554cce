"""What the stock flow says and hears beside its snapshots: alerts, recounts, holds and an operator's rebase.

Quantities are whole micros, times microseconds since 1970 in UTC.
Sources: schemas/avro/inventory.{alert,recount,hold,rebase}.v1.avsc.
"""

from typing import Literal

import msgspec

from schemas.models.cause import Cause

AlertKind = Literal["ZERO", "LOW", "BACK_IN_STOCK", "NO_BASE", "HOLD_EXPIRED", "CLOCK_SKEW", "UNKNOWN_SKU", "OTHER"]
RecountReason = Literal["SUSPECT", "TOO_OLD", "TIE", "NO_BASE", "GAP", "OPERATOR", "OTHER"]
HoldKind = Literal["SHIPPED_NOT_POSTED", "ALLOCATION", "UNKNOWN"]


class InventoryAlert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Stock crossed a line, or its number needs a person; `alert_id` is the same in every repeat."""

    alert_id: str
    sku: str
    source_code: str | None = None
    kind: AlertKind
    quantity: int | None = None
    threshold: int | None = None
    detail: str = ""
    epoch: int
    counter: int
    at: int
    cause: Cause | None = None


class RecountRequest(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Please state this quantity anew; None stands for every owner, location or bucket."""

    request_id: str
    sku: str
    source_system: str
    owner_code: str | None = None
    location_code: str | None = None
    bucket: str | None = None
    reason: RecountReason
    detail: str = ""
    at: int
    cause: Cause | None = None


class InventoryHold(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Absolute per `hold_id`; of two, the higher `revision` wins; 0 lifts it."""

    hold_id: str
    revision: int
    sku: str
    source_code: str
    kind: HoldKind
    quantity: int
    order_id: str | None = None
    channel: str | None = None
    effective_at: int
    correlation_id: str | None = None


class StockRebase(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a bucket holds as of `effective_at`, whatever the records said."""

    rebase_id: str
    sku: str
    location_code: str
    bucket: str
    quantity: int
    effective_at: int
    actor: str
    reason: str
