"""Reservations as their clients read them: exact decimals, times in ISO 8601, and why a value is what it is."""

from datetime import datetime, timedelta

import msgspec

from schemas.models.stock_reservation import Reservation
from streams.domain.quantities import to_decimal
from streams.sources.json_form import EPOCH
from streams.sources.reservation_desk import Answer
from streams.sources.shop_reserved import Reading


class PartShown(msgspec.Struct, frozen=True):
    """What is held at one source."""

    source: str
    quantity: str


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the quantity was checked against: the shop just now, or memory and `why`; `age_seconds` of what was used."""

    checked: str
    age_seconds: float
    why: str = ""


class ReservationShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """`provisional`: the shop does not show the lower quantity yet; `left` what could be promised after it."""

    id: str
    sku: str
    quantity: str
    state: str
    provisional: bool = msgspec.field(default_factory=bool)
    left: str = ""
    expires_at: datetime | None = None
    order_id: str | None = None
    sources: tuple[PartShown, ...] = ()
    shop: Check | None = None


class NotEnough(msgspec.Struct, frozen=True, omit_defaults=True):
    """Refused: more than there is."""

    error: str
    available: str
    reservation: ReservationShown


class Availability(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether so much can be promised now; `left` is all that can be."""

    sku: str
    quantity: str
    available: bool = msgspec.field(default_factory=bool)
    left: str = ""
    checked: str = ""
    age_seconds: float = msgspec.field(default_factory=float)
    why: str = ""
    components: dict[str, str] = msgspec.field(default_factory=dict)


def shown(answer: Answer, sku: str) -> ReservationShown:
    """`sku` is the shop's."""
    told = answer.told
    return ReservationShown(
        id=told.reservation_id,
        sku=sku,
        quantity=units(told.quantity),
        state=told.state.lower(),
        provisional=answer.provisional,
        left=units(told.left),
        expires_at=_moment(told),
        order_id=told.order_id,
        sources=tuple(PartShown(part.source_code, units(part.quantity)) for part in told.parts),
        shop=None if answer.reading is None else check_of(answer.reading),
    )


def check_of(reading: Reading) -> Check:
    return Check("cache" if reading.why or reading.age_s else "shop", round(reading.age_s, 3), reading.why)


def units(micros: int) -> str:
    """Exact, without exponent."""
    return format(to_decimal(micros), "f")


def _moment(told: Reservation) -> datetime | None:
    return None if told.expires_at is None else EPOCH + timedelta(microseconds=told.expires_at)
