"""Lives of one order that together hear every kind of event and take every arrow of the table of its states.

A step is an event, or how the oldest open command of a kind ended; `ALL` is that every open command was carried out.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from schemas.models.command import CommandKind
from schemas.models.operations import OutcomeState
from schemas.models.order import Address
from schemas.models.order_event import OrderEvent, OrderEventKind
from tests.unit.streams.domain.order_histories import UNIT, acknowledged, event, line, order, placed

UNITS = 3
ALL_LINES = {"1": UNITS}
TERSE = "3pl"
"""It states the furthest step only."""
NOWHERE = Address(country="DE", city="", street=(), postcode="10115")
"""An address that the check `address-valid` does not let pass."""


class Ended(NamedTuple):
    """How the oldest open command of this kind ended."""

    role: str
    kind: CommandKind
    state: OutcomeState = "APPLIED"


class All(NamedTuple):
    """Every open command was carried out, and what was asked for then, too."""


ALL = All()
Step = OrderEvent | Ended | All
Life = Sequence[Step]


def _held(at: float = 0, **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the order
    """Placed with an address that nobody finds."""
    return placed(line(units=UNITS), at=at, shipping=NOWHERE, **fields)


def _corrected(at: float, **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the order
    return event("CORRECTED", at, order=order(line(units=UNITS), updated_at=order().updated_at + UNIT, **fields))


def _changed(state: Callable[..., OrderEvent]) -> OrderEvent:
    """The channel states it anew."""
    return state(at=5, event_id="o2", updated_at=order().updated_at + 2 * UNIT)


def _goods(
    at: float, *steps: OrderEventKind, part: str = "S1", units: float = UNITS, by: str = "wms"
) -> list[OrderEvent]:
    return [
        event(step, at + n, part=part, lines={"1": units}, source_code="east", source_system=by)
        for n, step in enumerate(steps)
    ]


_BOOKED: Life = (placed(line(units=UNITS)), ALL)
_PICKED: Life = (*_BOOKED, *_goods(10, "ALLOCATED", "PICKED"))
_SHIPPED: Life = (*_PICKED, *_goods(20, "PACKED", "SHIPPED"), ALL)
_PART_GONE: Life = (*_PICKED, *_goods(20, "SHIPPED", units=1), ALL)
_DELIVERED: Life = (*_SHIPPED, event("DELIVERED", 30, part="S1"))
_INVOICED = event("INVOICED", 40, document="I1", amount=30 * UNIT, lines=ALL_LINES)
_CAPTURED = event("CAPTURED", 41, document="C1", amount=30 * UNIT)
_ASKED_BACK = event("CANCEL_REQUESTED", 50)
_GIVEN_UP = event("CANCELLED", 60)
_GIVEN_UP_BY_SHOPPER = event("CANCELLED", 60, source_system="commerce")
_PART_ARRIVED: Life = (*_PART_GONE, event("DELIVERED", 30, part="S1"))
_RETURNING = event("RETURN_REQUESTED", 70, part="R1", document="RMA-1", lines={"1": 1}, source_system="erp")

LIVES: Mapping[str, Life] = {
    "to the end, with a return and money back": (
        event("AUTHORISED", 1, document="A1", amount=30 * UNIT),
        *_SHIPPED,
        _INVOICED,
        event("DELIVERED", 42, part="S1"),
        _CAPTURED,
        ALL,
        _RETURNING,
        event("RETURN_RECEIVED", 71, part="R1"),
        event("REFUNDED", 72, document="CM1", amount=10 * UNIT, lines={"1": 1}),
        ALL,
    ),
    "a return that is rejected": (
        *_DELIVERED,
        _INVOICED,
        _RETURNING,
        event("RETURN_REJECTED", 71, part="R1"),
        ALL,
    ),
    "a parcel on its way that comes back": (
        *_SHIPPED,
        event("IN_TRANSIT", 25, part="S1", source_system="carrier"),
        event("DELIVERY_FAILED", 26, part="S1", source_system="carrier"),
        event("SENT_BACK", 27, part="S1", source_system="carrier"),
        event("RELEASED", 28),
        ALL,
    ),
    "paid last": (*_DELIVERED, _CAPTURED, ALL),
    "nothing to ship, invoiced": (placed(line(units=UNITS), shipping=None), ALL, _INVOICED, ALL),
    "nothing to ship, captured": (placed(line(units=UNITS), shipping=None), ALL, _CAPTURED, ALL),
    "picked at once": (*_BOOKED, *_goods(10, "PICKED"), ALL),
    "a warehouse that says no more than that all left": (*_BOOKED, *_goods(10, "SHIPPED", by=TERSE), ALL),
    "a warehouse that says no more than that some left": (*_BOOKED, *_goods(10, "SHIPPED", by=TERSE, units=1), ALL),
    "goods before their steps, and all before the order": (
        *reversed(_goods(10, "ALLOCATED", "PICKED", "PACKED", "SHIPPED")),
        placed(line(units=UNITS)),
        ALL,
    ),
    "dates, credit, work orders and back orders": (
        *_BOOKED,
        event("CONFIRMED", 2, expected_at=7 * UNIT),
        event("CREDIT_HELD", 3, reason="over-limit"),
        event("CREDIT_RELEASED", 4),
        event("DATE_MOVED", 5, expected_at=9 * UNIT),
        event("DATE_MOVED", 6, expected_at=7 * UNIT),
        event("WORK_ORDER_OPENED", 7, document="WO1", lines=ALL_LINES),
        event("BACKORDERED", 8, part="B", lines={"1": 1}),
        event("UNKNOWN", 9, reason="a word of nobody"),
        ALL,
    ),
    "held, released, rejected, released": (
        _held(),
        event("RELEASED", 1),
        Ended("erp", "CREATE_ORDER", "DEAD"),
        event("RELEASED", 30_000),
        ALL,
    ),
    "held and corrected": (_held(), _corrected(1), ALL),
    "held and set right by its channel": (
        _held(),
        _changed(partial(placed, line(units=UNITS))),
        ALL,
    ),
    "held and refused": (_held(), event("REFUSED", 1), ALL),
    "held and asked back": (_held(), _ASKED_BACK, ALL),
    "held and given up": (_held(), _GIVEN_UP, ALL),
    "held while the ERP has it": (_held(), acknowledged(1), ALL),
    "rejected by the ERP": (placed(line(units=UNITS)), event("REJECTED", 1, reason="no-stock"), ALL),
    "asked back before the ERP answered": (placed(line(units=UNITS)), _ASKED_BACK, ALL),
    "asked back, and rejected": (
        placed(line(units=UNITS)),
        _ASKED_BACK,
        event("REJECTED", 60, reason="no-stock"),
        ALL,
    ),
    "given up before the ERP answered": (placed(line(units=UNITS)), _GIVEN_UP, ALL),
    "given up by its channel before the ERP answered": (placed(line(units=UNITS)), _GIVEN_UP_BY_SHOPPER, ALL),
    "changed for the worse, then asked back": (placed(line(units=UNITS)), _changed(_held), _ASKED_BACK, ALL),
    "changed for the worse, then given up": (placed(line(units=UNITS)), _changed(_held), _GIVEN_UP_BY_SHOPPER, ALL),
    "asked back": (*_BOOKED, _ASKED_BACK, ALL),
    "given up by its channel": (*_BOOKED, _GIVEN_UP_BY_SHOPPER, ALL),
    "given up by its channel while it is picked": (*_PICKED, _GIVEN_UP_BY_SHOPPER, ALL),
    "the rest is given up by its channel": (*_PART_GONE, _GIVEN_UP_BY_SHOPPER, ALL),
    "some arrived, the rest is asked back": (*_PART_ARRIVED, _ASKED_BACK, _GIVEN_UP, ALL),
    "some arrived and is paid, the rest is asked back": (*_PART_ARRIVED, _INVOICED, _ASKED_BACK, _GIVEN_UP, ALL),
    "some arrived, the rest is given up": (*_PART_ARRIVED, _GIVEN_UP, ALL),
    "some arrived and is paid, the rest is given up": (*_PART_ARRIVED, _INVOICED, _GIVEN_UP, ALL),
    "asked back too late": (
        *_BOOKED,
        _ASKED_BACK,
        Ended("wms", "CANCEL_TASK", "DEAD"),
        ALL,
    ),
    "the ERP does not let go": (
        *_BOOKED,
        _ASKED_BACK,
        Ended("wms", "CANCEL_TASK"),
        Ended("erp", "CANCEL_ORDER", "DEAD"),
        ALL,
    ),
    "given up by the ERP": (*_BOOKED, _GIVEN_UP, ALL),
    "asked back while it is picked": (*_PICKED, _ASKED_BACK, _GIVEN_UP, ALL),
    "asked back while it is picked, too late": (*_PICKED, _ASKED_BACK, Ended("wms", "CANCEL_TASK", "DEAD"), ALL),
    "given up while it is picked": (*_PICKED, _GIVEN_UP, ALL),
    "asked back while it leaves": (*_PICKED, _ASKED_BACK, *_goods(55, "SHIPPED"), ALL),
    "the rest is asked back": (*_PART_GONE, _ASKED_BACK, _GIVEN_UP, ALL),
    "the rest is asked back, too late": (*_PART_GONE, _ASKED_BACK, Ended("wms", "CANCEL_TASK", "DEAD"), ALL),
    "the rest is given up": (*_PART_GONE, _GIVEN_UP, ALL),
    "a second shipment": (*_PART_GONE, *_goods(30, "SHIPPED", part="S2", units=2), ALL),
    "refused by the shop": (
        *_PICKED,
        *_goods(20, "SHIPPED"),
        Ended("commerce", "CREATE_SHIPMENT", "DEAD"),
        event("RELEASED", 30_000),
        ALL,
    ),
    "held by a sink": (*_BOOKED, _INVOICED, Ended("commerce", "CREATE_INVOICE", "HELD"), ALL),
}
"""By what is told."""
