"""Legal histories of one order, drawn at random: what systems say of it, in the order in which it happened."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from schemas.models.order import Order
from schemas.models.order_event import OrderEvent, OrderEventKind
from tests.unit.streams.domain.order_histories import UNIT, event, line, order


@dataclasses.dataclass
class Story:
    """Events in the order of time, and what the checks say of those that carry the order."""

    events: list[OrderEvent]
    failing: Mapping[str, tuple[str, ...]]


class _Teller:
    """Every event happens later than the one before it; ids are told apart by their number."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.at = 0
        self.events: list[OrderEvent] = []
        self.failing: dict[str, tuple[str, ...]] = {}
        self.order = self._order()
        self.shipped: dict[str, int] = {}

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def _order(self) -> Order:
        units = self.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
        return order(*(line(str(number), f"SKU{number}", count) for number, count in enumerate(units)))

    def say(self, kind: OrderEventKind, **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the event
        self.at += self.draw(st.integers(1, 50))
        told = event(kind, self.at, event_id=f"e{len(self.events)}", **fields)
        self.events.append(told)
        return told

    def state(self, kind: OrderEventKind, *failing: str) -> None:
        self.order = changed_order(self.order, updated_at=self.order.updated_at + UNIT)
        told = self.say(kind, order=self.order)
        self.failing[told.event_id] = failing


def changed_order(one: Order, **fields: Any) -> Order:  # noqa: ANN401  any field of the order
    return msgspec.structs.replace(one, **fields)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    teller = _Teller(draw)
    if _place(teller) and _acknowledge(teller):
        _fulfil(teller)
    return Story(teller.events, teller.failing)


def _place(teller: _Teller) -> bool:
    """Whether the order goes on."""
    if not teller.chance():
        teller.state("PLACED")
        return True
    teller.state("PLACED", "customer-known")
    answers: list[OrderEventKind] = ["RELEASED", "CORRECTED", "REFUSED", "CANCEL_REQUESTED"]
    answer = teller.draw(st.sampled_from(answers))
    if answer == "CORRECTED":
        _correct(teller)
    else:
        teller.say(answer)
    return answer in {"RELEASED", "CORRECTED"}


def _correct(teller: _Teller) -> None:
    """A person changes a quantity."""
    first, *others = teller.order.lines
    changed = line(first.line_id, first.sku, teller.draw(st.integers(1, 5)))
    teller.order = changed_order(teller.order, lines=(changed, *others))
    teller.state("CORRECTED")


def _acknowledge(teller: _Teller) -> bool:
    if teller.chance():
        teller.say("AUTHORISED", document="A1", amount=30 * UNIT)
    if teller.chance():
        teller.say("REJECTED", reason="no-stock")
        if not teller.chance():
            teller.say("REFUSED")
            return False
        teller.say("RELEASED")
    teller.say("ACKNOWLEDGED", document="SO1", expected_at=teller.draw(st.sampled_from([None, 7, 8])))
    if teller.chance():
        teller.say("CREDIT_HELD", reason="over-limit")
        teller.say("CREDIT_RELEASED")
    if teller.chance():
        teller.say("CONFIRMED")
    if teller.chance():
        teller.say("DATE_MOVED", expected_at=9 * UNIT)
    if teller.chance():
        teller.say("BACKORDERED", part="B")
    return True


def _fulfil(teller: _Teller) -> None:
    """Some parts, each picked, perhaps packed, shipped and perhaps delivered; then perhaps the end of the rest."""
    left = {one.line_id: one.quantity // UNIT for one in teller.order.lines}
    for number in range(teller.draw(st.integers(0, 3))):
        lines = {key: teller.draw(st.integers(0, most)) for key, most in left.items()}
        left = {key: most - lines[key] for key, most in left.items()}
        if any(lines.values()):
            _ship(teller, f"S{number}", {key: count for key, count in lines.items() if count})
    if any(left.values()) and teller.chance():
        _end(teller, {key: most for key, most in left.items() if most})
    _pay(teller)


def _ship(teller: _Teller, part: str, lines: dict[str, int]) -> None:
    by_sku = teller.chance()
    told: dict[str, Any] = (
        {"skus": {f"SKU{key}": count for key, count in lines.items()}} if by_sku else {"lines": lines}
    )
    if teller.chance():
        teller.say("ALLOCATED", part=part, **told)
    teller.say("PICKED", part=part if teller.chance() else f"T{part}", **told)
    if teller.chance():
        teller.say("PACKED", part=part, **told)
    teller.say("SHIPPED", part=part, **told)
    teller.shipped = {key: teller.shipped.get(key, 0) + lines.get(key, 0) for key in {*teller.shipped, *lines}}
    if teller.chance():
        teller.say("DELIVERED", part=part)


def _end(teller: _Teller, left: dict[str, int]) -> None:
    """The rest is cancelled: by name, or as a whole after a request."""
    if teller.chance():
        teller.say("CANCELLED", lines=left)
        return
    if teller.chance():
        teller.say("CANCEL_REQUESTED")
    teller.say("CANCELLED")


def _pay(teller: _Teller) -> None:
    if teller.chance():
        teller.say("INVOICED", document="I1", amount=teller.draw(st.sampled_from([10, 30])) * UNIT)
    if teller.chance():
        teller.say("CAPTURED", document="C1", amount=30 * UNIT)
        if any(teller.shipped.values()) and teller.chance():
            _return(teller)


def _return(teller: _Teller) -> None:
    key = next(key for key, count in teller.shipped.items() if count)
    teller.say("RETURN_REQUESTED", part="R1", lines={key: 1})
    if teller.chance():
        teller.say("RETURN_RECEIVED", part="R1")
        teller.say("REFUNDED", document="CM1", amount=UNIT, lines={key: 1})
    else:
        teller.say("RETURN_REJECTED", part="R1")
