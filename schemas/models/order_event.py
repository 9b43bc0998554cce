"""What happened to an order, in one language for all systems, keyed by the unified order id.

Quantities and money are whole micros, times microseconds since 1970 in UTC.
Source: schemas/avro/orders.event.v1.avsc.
"""

from typing import Literal

import msgspec

from schemas.models.cause import Cause
from schemas.models.order import Order

OrderEventKind = Literal[
    "PLACED",
    "RELEASED",
    "CORRECTED",
    "REFUSED",
    "CANCEL_REQUESTED",
    "CANCELLED",
    "ACKNOWLEDGED",
    "REJECTED",
    "CONFIRMED",
    "DATE_MOVED",
    "CREDIT_HELD",
    "CREDIT_RELEASED",
    "WORK_ORDER_OPENED",
    "ALLOCATED",
    "BACKORDERED",
    "PICKED",
    "PACKED",
    "SHIPPED",
    "IN_TRANSIT",
    "DELIVERY_FAILED",
    "DELIVERED",
    "SENT_BACK",
    "AUTHORISED",
    "CAPTURED",
    "INVOICED",
    "RETURN_REQUESTED",
    "RETURN_RECEIVED",
    "RETURN_REJECTED",
    "REFUNDED",
    "UNKNOWN",
]


class EventLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`quantity` is that of this step; `line_id` is absent where the system speaks of SKUs only."""

    line_id: str | None = None
    sku: str
    quantity: int
    serials: tuple[str, ...] = ()


class Track(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One carton on its way."""

    carrier_code: str = ""
    title: str = ""
    number: str


class OrderEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`document` is the id of what the step made: ERP number, invoice, RMA; `part` names a shipment or a return."""

    event_id: str
    order_id: str
    kind: OrderEventKind
    source_system: str
    effective_at: int
    recorded_at: int
    order: Order | None = None
    lines: tuple[EventLine, ...] = ()
    part: str | None = None
    source_code: str | None = None
    tracks: tuple[Track, ...] = ()
    document: str | None = None
    expected_at: int | None = None
    amount: int | None = None
    reason: str | None = None
    text: str | None = None
    actor: str | None = None
    cause: Cause | None = None
