"""A return as its channel states it: asked for, allowed, received or rejected.

Quantities are whole micros, times microseconds since 1970 in UTC.  Source: schemas/avro/commerce.return.v1.avsc.
"""

from typing import Literal

import msgspec

from schemas.models.order_event import EventLine

ReturnState = Literal["REQUESTED", "AUTHORISED", "RECEIVED", "REJECTED", "UNKNOWN"]


class Return(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`return_id` is the channel's id, by which systems name the return; `number` is what the customer is told."""

    event_id: str
    source_system: str
    return_id: str
    number: str | None = None
    channel: str | None = None
    order_number: str
    state: ReturnState
    lines: tuple[EventLine, ...] = ()
    reason: str | None = None
    effective_at: int
    recorded_at: int
    extras: dict[str, str] = {}
