"""What an ERP says of an order: a step in our word or in its own, with what the step touched.

Quantities and money are whole micros, times microseconds since 1970 in UTC.
Source: schemas/avro/erp.order-event.v1.avsc.
"""

from typing import Literal

import msgspec

from schemas.models.order_event import EventLine, Track

ErpOrderEventKind = Literal[
    "ACKNOWLEDGED",
    "REJECTED",
    "CONFIRMED",
    "DATE_MOVED",
    "CREDIT_HELD",
    "CREDIT_RELEASED",
    "WORK_ORDER_OPENED",
    "WORK_ORDER_DONE",
    "ALLOCATED",
    "BACKORDERED",
    "PICKED",
    "PACKED",
    "SHIPPED",
    "DELIVERED",
    "CAPTURED",
    "INVOICED",
    "REFUNDED",
    "CANCELLED",
    "RETURN_REQUESTED",
    "RETURN_RECEIVED",
    "RETURN_REJECTED",
    "UNKNOWN",
]


class ErpOrderEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`kind` is our word and goes before `status`, the ERP's; `erp_number` is the ERP's number of the order.

    The order is known by `order_id`, or by the channel's `order_number` where the ERP carries no more than that.
    """

    event_id: str
    source_system: str
    erp_number: str
    order_id: str | None = None
    order_number: str | None = None
    channel: str | None = None
    kind: ErpOrderEventKind | None = None
    status: str | None = None
    document: str | None = None
    part: str | None = None
    location_code: str | None = None
    lines: tuple[EventLine, ...] = ()
    tracks: tuple[Track, ...] = ()
    amount: int | None = None
    expected_at: int | None = None
    reason: str | None = None
    effective_at: int
    recorded_at: int
    extras: dict[str, str] = {}
