"""What WMS, ERP, carriers and channels say of an order, in one language: pure, so that a repeat makes the same event.

A step that says nothing to us becomes no event, unless it names a date.  A word that nobody knows becomes UNKNOWN,
with the word as its reason: the state machine refuses it, and a person can see it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.models.carrier_event import CarrierEvent
from schemas.models.cause import Cause
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent, Package
from schemas.models.order_event import EventLine, OrderEvent, OrderEventKind, Track
from schemas.models.returned import Return
from streams.domain.derived_id import derived_id
from streams.domain.order_facts import REASON_LIMIT
from streams.domain.order_names import KnownOrders, named
from streams.domain.order_words import CARRIER, RETURNS, OrderWords, kind_said
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused, refuse_future
from streams.domain.stock_rules import StockRules

RETURN_ID = "return_id"
"""Entry of a fulfilment event's extras: the return that a RETURN_… step belongs to."""
TASK_ID = "task_id"
"""Entry of its extras: the task that was given up, where the order at the WMS has several."""
_RETURNS = frozenset({"RETURN_RECEIVED", "RETURN_REJECTED"})


@dataclass(frozen=True, slots=True)
class NewsRules:
    """`stock` has the tables of locations and items.

    `own_lines` are the systems whose line numbers are their own: their lines are told by SKU.
    """

    orders: KnownOrders = field(default_factory=KnownOrders)
    words: OrderWords = field(default_factory=OrderWords)
    stock: StockRules = field(default_factory=StockRules)
    own_lines: frozenset[str] = frozenset()


class Arrival(NamedTuple):
    """Where the record stands, and when the broker took it (µs)."""

    cause: Cause
    at: int


News = OrderEvent | Refused | None


def of_fulfilment(step: FulfilmentEvent, arrival: Arrival, rules: NewsRules) -> News:
    """What a warehouse says; None where that is nothing to us."""
    orders = rules.orders
    order_id = orders.id_in(step.order_id) or orders.id_of_either(step.commerce_order)
    if order_id is None:
        return _unknown_order(order_id=step.order_id, commerce_order=step.commerce_order)
    place = _place(step.source_system, step.location_code, rules)
    if refused := _refused(step, place, arrival, rules):
        return refused
    kind = _or_date(rules.words.kind_of_wms(step.step, has_lines=bool(step.lines)), step.expected_ship_at)
    if kind is None:
        return None
    lines = (
        EventLine(line_id=one.order_line, sku=one.sku, quantity=one.quantity, serials=one.serials) for one in step.lines
    )
    return OrderEvent(
        event_id=derived_id("wms", step.source_system, step.event_id),
        order_id=order_id,
        kind=kind,
        source_system=step.source_system,
        effective_at=step.effective_at,
        recorded_at=step.recorded_at,
        lines=_lines(step.source_system, lines, rules),
        part=_part(step, kind),
        source_code=place,
        tracks=_tracks(step.packages),
        expected_at=step.expected_ship_at,
        reason=None if step.step == kind else step.step,
        cause=arrival.cause,
    )


def of_erp(said: ErpOrderEvent, arrival: Arrival, rules: NewsRules) -> News:
    """What an ERP says; None where that is nothing to us."""
    orders = rules.orders
    order_id = orders.id_in(said.order_id) or orders.id_of_number(said.order_number, said.channel)
    if order_id is None:
        return _unknown_order(
            erp_number=said.erp_number, order_id=said.order_id, order_number=said.order_number, channel=said.channel
        )
    place = _place(said.source_system, said.location_code, rules)
    if refused := _refused(said, place, arrival, rules):
        return refused
    kind = _or_date(_kind_of_erp(said, rules.words), said.expected_at)
    if kind is None:
        return None
    return OrderEvent(
        event_id=derived_id("erp", said.source_system, said.event_id),
        order_id=order_id,
        kind=kind,
        source_system=said.source_system,
        effective_at=said.effective_at,
        recorded_at=said.recorded_at,
        lines=_lines(said.source_system, said.lines, rules),
        part=_part_of_erp(said, kind),
        source_code=place,
        tracks=said.tracks,
        document=said.erp_number if kind == "ACKNOWLEDGED" else said.document,
        expected_at=said.expected_at,
        amount=said.amount,
        reason=_reason_of_erp(said, kind),
        cause=arrival.cause,
    )


def of_return(one: Return, arrival: Arrival, rules: NewsRules) -> News:
    """What a channel says of a return."""
    order_id = rules.orders.id_of_number(one.order_number, one.channel)
    if order_id is None:
        return _unknown_order(return_id=one.return_id, order_number=one.order_number, channel=one.channel)
    if refused := refuse_future(one.effective_at, arrival.at, rules.stock, one.source_system):
        return refused
    kind = RETURNS[one.state]
    return OrderEvent(
        event_id=derived_id("return", one.source_system, one.event_id),
        order_id=order_id,
        kind=kind,
        source_system=one.source_system,
        effective_at=one.effective_at,
        recorded_at=one.recorded_at,
        lines=one.lines,
        part=one.return_id,
        document=one.number,
        reason=one.reason,
        cause=arrival.cause,
    )


def of_carrier(said: CarrierEvent, arrival: Arrival, rules: NewsRules) -> News:
    """What a carrier says of a parcel; the order is the one whose reference stands on its label."""
    order_id = rules.orders.id_of_either(said.order_reference)
    if order_id is None:
        return _unknown_order(tracking_number=said.tracking_number, order_reference=said.order_reference)
    if refused := refuse_future(said.effective_at, arrival.at, rules.stock, said.source_system):
        return refused
    code = said.code or (said.what if CARRIER[said.what] == "UNKNOWN" else None)
    return OrderEvent(
        event_id=derived_id("carrier", said.source_system, said.event_id),
        order_id=order_id,
        kind=CARRIER[said.what],
        source_system=said.source_system,
        effective_at=said.effective_at,
        recorded_at=said.recorded_at,
        part=said.shipment_reference or said.tracking_number,
        tracks=(Track(carrier_code=said.carrier_code, number=said.tracking_number),),
        reason=None if code is None else code[:REASON_LIMIT],
        cause=arrival.cause,
    )


def _unknown_order(**ids: str | None) -> Refused:
    return Refused(DeadReason.UNKNOWN_ORDER, named(**ids))


def _place(system: str, location: str | None, rules: NewsRules) -> str | None:
    """Commerce's name of the place that ships; None where none is named, or no table knows it."""
    return None if location is None else rules.stock.source_of(rules.stock.place_of(system, location))


def _refused(
    said: FulfilmentEvent | ErpOrderEvent, place: str | None, arrival: Arrival, rules: NewsRules
) -> Refused | None:
    if said.location_code is not None and place is None:
        return Refused(
            DeadReason.UNKNOWN_LOCATION, f"location {said.location_code!r:.80} of {said.source_system!r:.80}"
        )
    return refuse_future(said.effective_at, arrival.at, rules.stock, said.source_system)


def _or_date(kind: OrderEventKind | None, expected_at: int | None) -> OrderEventKind | None:
    """What says nothing but names a date is the date."""
    return "DATE_MOVED" if kind is None and expected_at is not None else kind


def _lines(system: str, lines: Iterable[EventLine], rules: NewsRules) -> tuple[EventLine, ...]:
    is_own = system in rules.own_lines
    return tuple(
        EventLine(
            line_id=None if is_own else line.line_id,
            sku=rules.stock.sku_of(line.sku),
            quantity=line.quantity,
            serials=line.serials,
        )
        for line in lines
    )


def _tracks(packages: Sequence[Package]) -> tuple[Track, ...]:
    """Cartons that a customer can follow."""
    return tuple(
        Track(carrier_code=one.carrier_code or "", title=one.service or "", number=one.tracking_number)
        for one in packages
        if one.tracking_number
    )


def _part(step: FulfilmentEvent, kind: OrderEventKind) -> str | None:
    """A warehouse that gives up without naming a shipment gives up its own part, never the order."""
    if kind == "CANCELLED":
        return step.shipment_id or step.extras.get(TASK_ID) or step.order_id
    if kind in _RETURNS:
        return step.extras.get(RETURN_ID) or step.shipment_id
    return step.shipment_id


def _kind_of_erp(said: ErpOrderEvent, words: OrderWords) -> OrderEventKind | None:
    """Our word goes before the ERP's."""
    if said.kind is not None:
        return kind_said(said.kind, has_lines=bool(said.lines))
    return None if said.status is None else words.kind_of_erp(said.status)


def _part_of_erp(said: ErpOrderEvent, kind: OrderEventKind) -> str | None:
    """A status speaks of the whole order: said twice without a document, it is one invoice and not two."""
    if said.part is not None:
        return said.part
    if said.kind is None and kind in {"INVOICED", "REFUNDED"}:
        return said.erp_number
    return said.document if said.kind == "WORK_ORDER_DONE" or kind in _RETURNS or kind == "RETURN_REQUESTED" else None


def _reason_of_erp(said: ErpOrderEvent, kind: OrderEventKind) -> str | None:
    """The ERP's own word where it gives no code."""
    word = said.reason or (said.status if said.kind is None else None) or (said.kind if said.kind != kind else None)
    return None if word is None else word[:REASON_LIMIT]
