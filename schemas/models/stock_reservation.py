"""What is asked of a reservation, and how it stands.

Quantities are whole micros, times microseconds since 1970 in UTC.
Sources: schemas/avro/inventory.reservation{-request,}.v1.avsc.
"""

from typing import Literal

import msgspec

ReservationAction = Literal["CREATE", "CONFIRM", "RELEASE", "EXPIRE", "UNKNOWN"]
ReservationState = Literal["HELD", "CONFIRMED", "FULFILLED", "RELEASED", "EXPIRED", "REFUSED", "LATE", "UNKNOWN"]


class ReservationRequest(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request; `shop_reserved` None says that the shop shows the SKU as out of stock."""

    request_id: str
    reservation_id: str
    sku: str
    action: ReservationAction
    client: str
    quantity: int | None = None
    ttl_ms: int = 0
    patience_ms: int = 0
    shop_reserved: int | None = None
    is_checkout: bool = False
    order_id: str | None = None
    revision: int = 0
    at: int


class ReservedPart(msgspec.Struct, frozen=True, gc=False):
    """What is held at one source now."""

    source_code: str
    quantity: int


class Reservation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a reservation stands; of one id the highest `revision` wins."""

    reservation_id: str
    sku: str
    client: str
    revision: int
    state: ReservationState
    quantity: int
    left: int
    is_last: bool
    is_checkout: bool
    ttl_ms: int
    expires_at: int | None = None
    order_id: str | None = None
    parts: tuple[ReservedPart, ...] = ()
    epoch: int
    counter: int
    decided_at: int
