"""What a changed document says of its order; pure.

Our word stands only where NetSuite's state leaves no doubt; else the state goes over in NetSuite's words.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.netsuite import texts
from connectors.netsuite.mapping import STATUSES, from_date
from connectors.netsuite.queries import from_local
from connectors.netsuite.wire import ChangeRow, LineRow
from schemas.micros import micros_of_text
from schemas.models.erp_order_event import ErpOrderEvent, ErpOrderEventKind
from schemas.models.order_event import EventLine

SYSTEM = "netsuite"
BEGUN: Mapping[str, ErpOrderEventKind] = {"RtnAuth": "RETURN_REQUESTED", "WorkOrd": "WORK_ORDER_OPENED"}
"""What it means that there is such a document, whatever became of it since: told once, at the time of its making."""
KINDS: Mapping[tuple[str, str], ErpOrderEventKind] = {
    ("CustInvc", "A"): "INVOICED",
    ("CustInvc", "B"): "INVOICED",
    ("CustCred", "A"): "REFUNDED",
    ("CustCred", "B"): "REFUNDED",
    ("RtnAuth", "C"): "RETURN_REJECTED",
    ("RtnAuth", "F"): "RETURN_RECEIVED",
    ("RtnAuth", "G"): "RETURN_RECEIVED",
    ("WorkOrd", "G"): "WORK_ORDER_DONE",
}
"""By type and status of a document that follows from an order; others say nothing of the order."""
_MONEY = frozenset({"CustInvc", "CustCred"})


def to_events(row: ChangeRow, lines: Sequence[LineRow], zone: ZoneInfo) -> Iterator[ErpOrderEvent]:
    """None for a state that says nothing, two for an approved order: it has a date, and no hold any more.

    A document may be seen in its last state only, so that it tells its beginning too.
    Raises ValueError for a time or a number that is none.
    """
    if row.type == "SalesOrd":
        expected = expected_at(lines)
        for kind in _order_kinds(row, lines, expected):
            yield _of_order(row, zone, kind, expected if kind != "CREDIT_RELEASED" else None)
        return
    begun, now = BEGUN.get(row.type), KINDS.get((row.type, row.status))
    if begun is not None:
        yield _of_document(row, begun, _id(row, begun), from_local(row.created, zone), lines)
    if now is not None:
        yield _of_document(row, now, _id(row, row.status, _digits(row.modified)), from_local(row.modified, zone), lines)


def expected_at(lines: Sequence[LineRow]) -> int | None:
    """The day of the last line that is still to come; None while one has none, because the order has no date then."""
    open_ones = [one.expected for one in lines if one.closed != "T" and (one.delivered or 0) < abs(one.quantity)]
    known: list[date] = [one for one in open_ones if one is not None]
    return from_date(max(known)) if known and len(known) == len(open_ones) else None


def _order_kinds(
    row: ChangeRow, lines: Sequence[LineRow], expected: int | None
) -> tuple[ErpOrderEventKind | None, ...]:
    """A held customer's order waits for approval; an approved one is no longer held."""
    nothing_left = bool(lines) and not any(one.delivered for one in lines)
    if row.status == "A":
        return ("CREDIT_HELD",) if row.hold == "ON" else (None,)
    if row.status == "B":
        return ("CREDIT_RELEASED", "CONFIRMED" if expected is not None else None)
    if row.status == "C" or (row.status == "H" and nothing_left):
        return ("CANCELLED",)
    return (None,)


def _of_order(row: ChangeRow, zone: ZoneInfo, kind: ErpOrderEventKind | None, expected: int | None) -> ErpOrderEvent:
    """The date is part of the id, because NetSuite's times are whole seconds, in which a date may move twice."""
    at = from_local(row.modified, zone)
    return ErpOrderEvent(
        event_id=_id(row, row.status, _digits(row.modified), kind or "", str(expected or "")),
        source_system=SYSTEM,
        erp_number=row.order_number,
        order_id=row.order_id,
        kind=kind,
        status=STATUSES.get(row.status, row.status),
        expected_at=expected,
        effective_at=at,
        recorded_at=at,
    )


def _of_document(
    row: ChangeRow, kind: ErpOrderEventKind, event_id: str, at: int, lines: Sequence[LineRow]
) -> ErpOrderEvent:
    """Without a status: that is one of the order."""
    return ErpOrderEvent(
        event_id=event_id,
        source_system=SYSTEM,
        erp_number=row.order_number,
        order_id=row.order_id,
        kind=kind,
        document=row.tranid,
        part=row.tranid if row.type == "RtnAuth" else None,
        lines=tuple(_lines(lines)),
        amount=_micros(row.total) if row.type in _MONEY and row.total is not None else None,
        effective_at=at,
        recorded_at=at,
    )


def _id(row: ChangeRow, *parts: str) -> str:
    return ":".join((SYSTEM, row.type, row.id, *parts))


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


def _lines(lines: Sequence[LineRow]) -> Iterator[EventLine]:
    """NetSuite writes quantities of a sale below zero."""
    for one in lines:
        if one.sku is not None and one.quantity:
            yield EventLine(line_id=texts.line_id(one.description), sku=one.sku, quantity=_micros(abs(one.quantity)))


def _micros(value: Decimal) -> int:
    return micros_of_text(format(value, "f"))
