"""What the records of an order tell of themselves: codes, numbers and quantities, nobody's name or address."""

from collections.abc import Iterable, Mapping

from schemas.models.carrier_event import CarrierEvent
from schemas.models.command import Command
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent, FulfilmentLine
from schemas.models.operations import Outcome
from schemas.models.order import Order
from schemas.models.order_event import EventLine, OrderEvent
from schemas.models.returned import Return
from streams.domain.quantities import to_decimal
from streams.runtime.operating.readable import time_text
from streams.runtime.operating.story_told import Contained, Kind, State, Told, caused_by
from streams.topics import COMMANDS

LINES_NAMED = 5
ROLES = frozenset(COMMANDS)
"""Sinks of the orders flow."""
_BAD = frozenset({"REJECTED", "REFUSED", "CREDIT_HELD", "DELIVERY_FAILED", "SENT_BACK", "UNKNOWN"})
_STATES: Mapping[str, State] = {
    "APPLIED": "ok", "SUPERSEDED": "ok", "IGNORED": "ok", "PARKED": "attention", "HELD": "attention", "DEAD": "stopped",
}  # fmt: skip


def order(one: Order) -> Told:
    """As its channel states it."""
    total = one.totals.grand_total
    amount = "" if total is None else f", {to_decimal(total)} {one.currency}"
    text = f"order {one.number} of {one.channel}: {len(one.lines)} lines{amount}"
    return Told("message", "ok", text, f"changed {time_text(one.updated_at)}", one.source_system)


def fulfilment(one: FulfilmentEvent) -> Told:
    """What a warehouse says, in its own numbers."""
    text = " ".join(filter(None, (_words(one.step), one.shipment_id, _lines(one.lines))))
    promised = "" if one.expected_ship_at is None else f"expected {time_text(one.expected_ship_at)}"
    where = one.location_code and f"at {one.location_code}"
    detail = "; ".join(filter(None, (one.order_id, where, promised, f"effective {time_text(one.effective_at)}")))
    return Told("message", "ok", text, detail, one.source_system)


def erp_order_event(one: ErpOrderEvent) -> Told:
    """What an ERP says, in its own words."""
    what = one.status if one.kind is None else _words(one.kind)
    text = " ".join(filter(None, (what or "a date", one.part, one.document, _lines(one.lines))))
    promised = "" if one.expected_at is None else f"expected {time_text(one.expected_at)}"
    detail = "; ".join(filter(None, (one.erp_number, one.reason, promised, f"effective {time_text(one.effective_at)}")))
    return Told("message", "ok", text, detail, one.source_system)


def returned(one: Return) -> Told:
    """What a channel says of a return."""
    text = " ".join(filter(None, ("return", one.number or one.return_id, _words(one.state), _lines(one.lines))))
    detail = "; ".join(filter(None, (one.reason, f"effective {time_text(one.effective_at)}")))
    return Told("message", "ok", text, detail, one.source_system)


def parcel(one: CarrierEvent) -> Told:
    """What a carrier says of a parcel."""
    text = " ".join(filter(None, ("parcel", one.carrier_code, one.tracking_number, _words(one.what))))
    references = (one.order_reference, one.shipment_reference, one.code)
    detail = "; ".join(filter(None, (*references, f"effective {time_text(one.effective_at)}")))
    return Told("message", "attention" if one.what in _BAD else "ok", text, detail, one.source_system)


def order_event(one: OrderEvent) -> Told:
    """What some system, or a person, says happened."""
    about = " ".join(filter(None, (_words(one.kind), one.part, one.document, _lines(one.lines))))
    promised = "" if one.expected_at is None else f"expected {time_text(one.expected_at)}"
    said = one.text if one.actor else ""  # an operator's reason; a system's sentence could name people
    tracks = ", ".join(track.number for track in one.tracks)
    detail = "; ".join(filter(None, (one.reason, said, promised, tracks, f"effective {time_text(one.effective_at)}")))
    kind: Kind = "act" if one.actor else "message"
    state: State = "attention" if one.kind in _BAD else "ok"
    return Told(kind, state, about, detail, one.actor or one.source_system, causes=caused_by(one.cause))


def command(one: Command) -> Told:
    """What the flow decided to ask of a target."""
    document = one.document if one.document != one.part else None
    about = " ".join(filter(None, (_words(one.kind), one.part, document, _lines(one.lines))))
    detail = f"command {one.command_id}, version {one.epoch}.{one.counter}"
    return Told("decision", "ok", f"{one.role} is asked: {about}", detail, causes=caused_by(one.cause))


def order_outcome(one: Outcome) -> Told:
    """How the target answered."""
    about = " ".join(filter(None, (_words(one.kind), one.part)))
    number = ", ".join(track.number for track in one.tracks) or one.value or one.external_id or ""
    price = "" if one.amount is None else f"{to_decimal(one.amount)} {one.currency or ''}".strip()
    label = one.value if one.tracks else None
    detail = "; ".join(
        filter(None, (one.reason, one.detail, price, label, f"attempt {one.attempts}", f"command {one.command_id}"))
    )
    text = f"{about}: {one.state.lower()} {number}".rstrip()
    causes: tuple[Contained, ...] = caused_by(one.cause)
    return Told("outcome", _STATES.get(one.state, "unknown"), text, detail, one.role, causes=causes)


def _words(kind: str) -> str:
    return kind.lower().replace("_", " ")


def _lines(lines: Iterable[EventLine | FulfilmentLine]) -> str:
    told = [f"{to_decimal(line.quantity)} × {line.sku}" for line in lines]
    more = f" and {len(told) - LINES_NAMED} more lines" if len(told) > LINES_NAMED else ""
    return ", ".join(told[:LINES_NAMED]) + more
