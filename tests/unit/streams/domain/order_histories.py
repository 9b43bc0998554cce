"""Orders, events and outcomes for tests, and an order driven as the flow drives it."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from schemas.models.operations import Outcome
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from schemas.models.order_event import EventLine, OrderEvent, OrderEventKind
from streams.domain import order_state
from streams.domain.order_rules import NOTHING_GIVEN, Given, OrderRules
from streams.domain.order_state import Intention, OrderEntry, Transition

UNIT = 1_000_000
"""Micros of one unit; microseconds of one second."""

T0 = 1_763_700_000 * UNIT
ORDER_ID = "commerce-000000123"
PLAIN = OrderRules(patience=3600 * UNIT)


def line(line_id: str = "1", sku: str = "A", units: float = 3, **fields: Any) -> OrderLine:  # noqa: ANN401  any field
    return OrderLine(line_id=line_id, sku=sku, quantity=round(units * UNIT), price=10 * UNIT, **fields)


def order(*lines: OrderLine, **fields: Any) -> Order:  # noqa: ANN401  any field of the model
    plain: dict[str, Any] = {
        "event_id": "o1",
        "source_system": "commerce",
        "channel": "commerce",
        "number": "000000123",
        "currency": "EUR",
        "placed_at": T0,
        "updated_at": T0,
        "customer": Customer(email="buyer@example.com", first_name="Test", last_name="Buyer"),
        "billing": Address(country="DE", city="Berlin", street=("Teststrasse 1",), postcode="10115"),
        "shipping": Address(country="DE", city="Berlin", street=("Teststrasse 1",), postcode="10115"),
        "lines": lines or (line(),),
        "totals": Totals(grand_total=30 * UNIT),
        "payment": Payment(method="terms"),
        **fields,
    }
    return Order(**plain)


def event(kind: OrderEventKind, at: float = 0, **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the model
    """`at` in seconds after T0; `lines` may be a mapping of line id to units; `skus` one of SKU to units."""
    moment = T0 + round(at * UNIT)
    lines = fields.pop("lines", {})
    skus = fields.pop("skus", {})
    told = (
        *(EventLine(line_id=one, sku="A", quantity=round(units * UNIT)) for one, units in dict(lines).items()),
        *(EventLine(sku=one, quantity=round(units * UNIT)) for one, units in dict(skus).items()),
    )
    plain: dict[str, Any] = {
        "event_id": f"{kind}-{at}-{fields.get('part', '')}-{fields.get('document', '')}",
        "order_id": ORDER_ID,
        "source_system": _SYSTEMS.get(kind, "erp"),
        "effective_at": moment,
        "recorded_at": moment,
        "lines": told,
        **fields,
    }
    return OrderEvent(kind=kind, **plain)


_SYSTEMS: dict[str, str] = {
    **dict.fromkeys(("PLACED", "CANCEL_REQUESTED", "AUTHORISED", "CAPTURED", "RETURN_REQUESTED"), "commerce"),
    **dict.fromkeys(("RELEASED", "CORRECTED", "REFUSED"), "operator"),
    **dict.fromkeys(
        ("ALLOCATED", "BACKORDERED", "PICKED", "PACKED", "SHIPPED", "RETURN_RECEIVED", "RETURN_REJECTED"), "wms"
    ),
    "DELIVERED": "carrier",
}


def placed(*lines: OrderLine, at: float = 0, **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the order
    return event("PLACED", at, order=order(*lines, **fields))


def acknowledged(at: float = 1, number: str = "SO1", **fields: Any) -> OrderEvent:  # noqa: ANN401  any field
    return event("ACKNOWLEDGED", at, document=number, **fields)


def outcome(intention: Intention, state: str = "APPLIED", at: float = 0, **fields: Any) -> Outcome:  # noqa: ANN401
    """How a command made of an intention ended."""
    moment = T0 + round(at * UNIT)
    plain: dict[str, Any] = {
        "command_id": f"{intention.role}-{intention.kind}-{intention.part}-{intention.attempt}",
        "role": intention.role,
        "kind": intention.kind,
        "entity": ORDER_ID,
        "part": intention.part,
        "epoch": 1,
        "counter": 1,
        "state": state,
        "started_at": moment,
        "at": moment,
        **fields,
    }
    return Outcome(**plain)


class OneOrder:
    """One order, and everything that was asked for on its way; `now` is kept close to what is said."""

    def __init__(self, rules: OrderRules = PLAIN) -> None:
        self.rules = rules
        self.entry = OrderEntry()
        self.asked: list[Intention] = []
        self.verdicts: list[str] = []
        self.now = T0

    def take(self, *events: OrderEvent, given: Given = NOTHING_GIVEN) -> Transition:
        """The transition of the last one."""
        steps = [
            self._noted(order_state.apply(self.entry, one, self.now, rules=self.rules, given=given))
            for one in events
            if self._at(one.effective_at)
        ]
        return steps[-1]

    def answer(self, *outcomes: Outcome) -> Transition:
        return [self._noted(order_state.answered(self.entry, one, self.now, rules=self.rules)) for one in outcomes][-1]

    def wait(self, seconds: float) -> Transition:
        self.now += round(seconds * UNIT)
        return self._noted(order_state.overdue(self.entry, self.now, rules=self.rules))

    def _at(self, moment: int) -> bool:
        self.now = max(self.now, moment)
        return True

    def _noted(self, step: Transition) -> Transition:
        self.entry = step.entry
        self.asked.extend(step.intentions)
        self.verdicts.append(f"{step.verdict}:{step.reason}" if step.reason else step.verdict.value)
        return step

    @property
    def state(self) -> str:
        return self.entry.state.value

    @property
    def requests(self) -> list[tuple[str, str, str | None]]:
        return [(one.role, one.kind, one.part) for one in self.asked]

    def kinds(self, role: str) -> list[str]:
        return [one.kind for one in self.asked if one.role == role]

    @property
    def reasons(self) -> list[str]:
        return [hold.reason for hold in self.entry.holds]


def with_rules(**fields: Any) -> OrderRules:  # noqa: ANN401  any field of the rules
    return dataclasses.replace(PLAIN, **fields)


def after(events: Iterable[OrderEvent], rules: OrderRules = PLAIN) -> OneOrder:
    one = OneOrder(rules)
    for told in events:
        one.take(told)
    return one


HELD = Given(failing=("customer-known",))
PICKED = event("PICKED", 2)
SHIPPED = event("SHIPPED", 3, part="S1", lines={"1": 3})
PART_SHIPPED = event("SHIPPED", 3, part="S1", lines={"1": 2})
"""The usual steps of the order that `placed` gives."""
