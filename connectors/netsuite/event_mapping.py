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
KINDS: Mapping[tuple[str, str], ErpOrderEventKind] = {
    ("CustInvc", "A"): "INVOICED",
    ("CustInvc", "B"): "INVOICED",
    ("CustCred", "A"): "REFUNDED",
    ("CustCred", "B"): "REFUNDED",
    ("RtnAuth", "A"): "RETURN_REQUESTED",
    ("RtnAuth", "B"): "RETURN_REQUESTED",
    ("RtnAuth", "C"): "RETURN_REJECTED",
    ("RtnAuth", "F"): "RETURN_RECEIVED",
    ("RtnAuth", "G"): "RETURN_RECEIVED",
    ("WorkOrd", "A"): "WORK_ORDER_OPENED",
    ("WorkOrd", "B"): "WORK_ORDER_OPENED",
    ("WorkOrd", "D"): "WORK_ORDER_OPENED",
    ("WorkOrd", "G"): "WORK_ORDER_DONE",
}
"""By type and status of a document that follows from an order; others say nothing of the order."""
_MONEY = frozenset({"CustInvc", "CustCred"})


def to_events(row: ChangeRow, lines: Sequence[LineRow], zone: ZoneInfo) -> Iterator[ErpOrderEvent]:
    """None for a state that says nothing, two for an approved order: it has a date, and no hold any more.

    Raises ValueError for a time or a number that is none.
    """
    if row.type == "SalesOrd":
        expected = expected_at(lines)
        for kind in _order_kinds(row, lines, expected):
            yield _event(row, zone, kind, (), expected=expected if kind != "CREDIT_RELEASED" else None)
        return
    of_document = KINDS.get((row.type, row.status))
    if of_document is not None:
        yield _event(row, zone, of_document, tuple(_lines(lines)), expected=None)


def expected_at(lines: Sequence[LineRow]) -> int | None:
    """The day of the last open line; None while one has none, because the whole order has no date then."""
    open_ones = [one.expected for one in lines if one.closed != "T"]
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


def _event(
    row: ChangeRow,
    zone: ZoneInfo,
    kind: ErpOrderEventKind | None,
    lines: tuple[EventLine, ...],
    *,
    expected: int | None,
) -> ErpOrderEvent:
    at = from_local(row.modified, zone)
    of_document = row.type != "SalesOrd"
    return ErpOrderEvent(
        event_id=event_id(row, kind, expected),
        source_system=SYSTEM,
        erp_number=row.order_number,
        order_id=row.order_id,
        kind=kind,
        status=None if of_document else STATUSES.get(row.status, row.status),
        document=row.tranid if of_document else None,
        part=row.tranid if row.type == "RtnAuth" else None,
        lines=lines,
        amount=micros_of_text(str(row.total)) if row.type in _MONEY and row.total is not None else None,
        expected_at=expected,
        effective_at=at,
        recorded_at=at,
    )


def event_id(row: ChangeRow, kind: ErpOrderEventKind | None, expected: int | None) -> str:
    """The date is part of it, because NetSuite's times are whole seconds, in which a date may move twice."""
    moment = "".join(one for one in row.modified if one.isdigit())
    day = "" if expected is None else str(expected // 1_000_000)
    return ":".join((SYSTEM, row.type, row.id, row.status, moment, kind or "", day))


def _lines(lines: Sequence[LineRow]) -> Iterator[EventLine]:
    """NetSuite writes quantities of a sale below zero."""
    for one in lines:
        if one.sku is not None and one.quantity:
            yield EventLine(line_id=texts.line_id(one.description), sku=one.sku, quantity=_micros(abs(one.quantity)))


def _micros(value: Decimal) -> int:
    return micros_of_text(format(value, "f"))
