"""Orders on their way to a label."""

from typing import Any

from schemas.models.order_event import OrderEvent, Track
from streams.domain.order_rules import OrderRules
from streams.domain.order_state import Intention
from tests.unit.streams.domain.order_histories import (
    OneOrder,
    acknowledged,
    after,
    event,
    outcome,
    placed,
    with_rules,
)

NUMBER = "PX1"
TRACK = Track(carrier_code="parcelex", title="ground", number=NUMBER)


def packed(part: str | None = "S1", at: float = 4, units: float = 3, **fields: Any) -> OrderEvent:  # noqa: ANN401
    return event("PACKED", at, part=part, source_code="east", lines={"1": units}, **fields)


def shipped(part: str | None = "S1", at: float = 6, units: float = 3, **fields: Any) -> OrderEvent:  # noqa: ANN401
    return event("SHIPPED", at, part=part, source_code="east", lines={"1": units}, **fields)


def picked(at: float = 3, **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the model
    return event("PICKED", at, source_code="east", lines={"1": 3}, **fields)


def ready(rules: OrderRules | None = None, *more: OrderEvent, **fields: Any) -> OneOrder:  # noqa: ANN401
    return after([placed(**fields), acknowledged(), picked(), *(more or (packed(),))], rules or with_rules())


def asked(one: OneOrder, kind: str = "BOOK_LABEL") -> list[Intention]:
    return [each for each in one.asked if (each.role, each.kind) == ("carrier", kind)]


def booked(one: OneOrder, at: float = 5) -> OneOrder:
    """The carrier answers what it was asked last."""
    one.answer(outcome(asked(one)[-1], at=at, external_id=NUMBER, tracks=(TRACK,), amount=8_250_000, currency="USD"))
    return one


def refused(one: OneOrder, at: float = 5) -> OneOrder:
    one.answer(outcome(asked(one)[-1], "DEAD", at=at, reason="rejected"))
    return one


def shipments(one: OneOrder) -> list[tuple[str | None, tuple[Track, ...]]]:
    return [(each.part, each.tracks) for each in one.asked if each.kind == "CREATE_SHIPMENT"]


def delivered(number: str = NUMBER, at: float = 9, part: str | None = None) -> OrderEvent:
    track = Track(carrier_code="parcelex", number=number)
    return event("DELIVERED", at, part=part or number, tracks=(track,), source_system="parcelex")
