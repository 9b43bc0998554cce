"""One record of any topic as a line of a story: when, what, how it stands, and which record caused it."""

from collections.abc import Callable, Mapping

import msgspec

from schemas.catalogue import contract_of
from schemas.errors import DecodeError
from schemas.models.carrier_event import CarrierEvent
from schemas.models.command import Command
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.inventory import InventoryAlert, InventoryHold, RecountRequest, StockRebase
from schemas.models.operations import WRITE_STOCK, Audit, Outcome
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from schemas.models.returned import Return
from schemas.models.stock_change import StockChange
from schemas.models.stock_reservation import ReservationRequest
from streams.domain.quantities import to_decimal
from streams.domain.stock_rules import StockRules
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.lookback import Place
from streams.runtime.operating import story_orders
from streams.runtime.operating.letters import AT_THE_SHOP, letter_of
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.readable import time_text
from streams.runtime.operating.story_told import Contained, Kind, State, Told, caused_by, place_of_cause
from streams.runtime.operating.wire import Wire
from streams.topics import DEAD_LETTER


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is the broker's time in µs; `about` are ids of dead letters, `part` the source that a record speaks of."""

    at: int
    kind: Kind
    state: State
    text: str
    detail: str = ""
    system: str = ""
    place: Place
    part: str = ""
    causes: tuple[Contained, ...] = ()
    about: tuple[str, ...] = ()

    def contains(self, other: "Event") -> bool:
        """Whether the record of another event is in what this tells of."""
        place = other.place
        return any(
            (one.place.topic, one.place.partition) == (place.topic, place.partition)
            and one.place.offset >= place.offset
            and (one.part in ("", other.part) or not other.part)
            for one in self.causes
        )


def event_of(record: LogRecord, wire: Wire, rules: StockRules) -> Event:
    """Raises RegistryUnavailableError."""
    told = _told(record, wire, rules)
    again = record.header(RETRY_OF) if record.topic != DEAD_LETTER.name else None
    return Event(
        at=record.at,
        kind=told.kind,
        state=told.state,
        text=told.text + (f" (letter {again} sent again)" if again else ""),
        detail=told.detail,
        system=told.system,
        place=record.place,
        part=told.part,
        causes=told.causes,
        about=(*told.about, *filter(None, (again,))),
    )


def _told(record: LogRecord, wire: Wire, rules: StockRules) -> Told:
    if record.topic == DEAD_LETTER.name:
        return _letter(record)
    contract = contract_of(record.topic)
    if contract is None or record.value is None:
        return Told("message", "unknown", "a record without a value" if record.value is None else "a record")
    model = wire.decode(contract, record.value)
    if isinstance(model, DecodeError):
        return Told("message", "stopped", "a record that cannot be read", model.detail)
    if isinstance(model, (StockChange, StockRebase)):
        return _CHANGES[type(model)](model, rules)
    return _TELLERS[type(model)](model)


def _letter(record: LogRecord) -> Told:
    letter = letter_of(record)
    if letter is None:
        return Told("outcome", "unknown", "a record that is no letter")
    about = (letter.letter_id, *filter(None, (letter.retry_of,)))
    text = f"set aside: {letter.reason}"
    of_row = letter.reason in AT_THE_SHOP  # the lane begins its letters with the source
    causes = (Contained(letter.origin, letter.detail.partition(": ")[0]),) if of_row else ()
    return Told("outcome", "stopped", text, letter.detail, causes=causes, about=about)


def _quantity(micros: int) -> str:
    return str(to_decimal(micros))


def _change(one: StockChange, rules: StockRules) -> Told:
    quantity = _quantity(one.quantity)
    sign = "+" if one.kind == "DELTA" and one.quantity >= 0 else ""
    what = f"{one.bucket} {'=' if one.kind == 'ABSOLUTE' else ''}{sign}{quantity} at {one.location_code}"
    sequence = "" if one.source_sequence is None else f", sequence {one.source_sequence}"
    detail = f"{one.reason}, effective {time_text(one.effective_at)}{sequence}"
    source = rules.source_of(rules.place_of(one.source_system, one.location_code)) or ""
    return Told("message", "ok", f"{one.kind.lower()} {what}", detail, one.source_system, source)


def _hold(one: InventoryHold) -> Told:
    text = f"hold {one.hold_id} of {_quantity(one.quantity)} at {one.source_code}"
    return Told("message", "ok", text, f"{one.kind}, revision {one.revision}", "", one.source_code)


def _reservation(one: ReservationRequest) -> Told:
    what = "" if one.quantity is None else f" of {_quantity(one.quantity)}"
    order = "" if one.order_id is None else f", order {one.order_id}"
    return Told("message", "ok", f"{one.action.lower()} reservation {one.reservation_id}{what}", f"{one.client}{order}")


def _rebase(one: StockRebase, rules: StockRules) -> Told:
    text = f"rebase {one.bucket} ={_quantity(one.quantity)} at {one.location_code}"
    return Told("act", "ok", text, one.reason, one.actor, rules.source_of(one.location_code) or "")


def _snapshot(one: DesiredStock) -> Told:
    sources = ", ".join(map(_source, one.sources)) or "no source"
    causes = tuple(Contained(place_of_cause(source.cause), source.source_code) for source in one.sources)
    version = f"version {one.epoch}.{one.counter}"
    return Told("decision", "ok", f"Commerce should show {sources}", version, causes=causes)


def _source(one: SourceQuantity) -> str:
    return f"{one.source_code} {_quantity(one.quantity)}{'' if one.status == 1 else ' out of stock'}"


_OUTCOMES: Mapping[str, State] = {
    "APPLIED": "ok",
    "SUPERSEDED": "ok",
    "IGNORED": "ok",
    "PARKED": "attention",
    "HELD": "attention",
    "DEAD": "stopped",
}


def _outcome(one: Outcome) -> Told:
    if one.role in story_orders.ROLES and one.kind != WRITE_STOCK:
        return story_orders.order_outcome(one)
    text = f"{one.part or one.entity}: {one.state.lower()} {one.value or ''}".rstrip()
    was = f"was {one.previous}; " if one.previous else ""
    why = f"{one.reason}; " if one.reason else ""
    detail = f"{was}{why}{one.records} records, attempt {one.attempts}"
    state = _OUTCOMES.get(one.state, "unknown")
    return Told("outcome", state, text, detail, one.role, causes=caused_by(one.cause, one.part or ""))


def _audit(one: Audit) -> Told:
    changed = f": {one.before or '–'} → {one.after}" if one.after is not None else ""
    about = (one.entity,) if one.entity_type == "letter" else ()
    text = f"{one.action}{changed}"
    return Told("act", "ok", text, one.reason or "", one.actor, causes=caused_by(one.cause), about=about)


def _alert(one: InventoryAlert) -> Told:
    causes = caused_by(one.cause, one.source_code or "")
    return Told("decision", "attention", f"alert {one.kind.lower()}", one.detail, causes=causes)


def _recount(one: RecountRequest) -> Told:
    where = " ".join(filter(None, (one.bucket, one.location_code and f"at {one.location_code}"))) or "everything"
    text = f"recount asked: {where} ({one.reason.lower()})"
    return Told("decision", "attention", text, one.detail, one.source_system, causes=caused_by(one.cause))


_CHANGES: Mapping[type, Callable[..., Told]] = {StockChange: _change, StockRebase: _rebase}
_TELLERS: Mapping[type, Callable[..., Told]] = {
    InventoryHold: _hold,
    ReservationRequest: _reservation,
    DesiredStock: _snapshot,
    Outcome: _outcome,
    Audit: _audit,
    InventoryAlert: _alert,
    RecountRequest: _recount,
    Order: story_orders.order,
    FulfilmentEvent: story_orders.fulfilment,
    ErpOrderEvent: story_orders.erp_order_event,
    Return: story_orders.returned,
    CarrierEvent: story_orders.parcel,
    OrderEvent: story_orders.order_event,
    Command: story_orders.command,
}
