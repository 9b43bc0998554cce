"""What a changed order says of itself and of its work orders; pure.

Our word stands only where SAP's letters leave no doubt; else the state goes over in one word (`mapping.status_of`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sap_s4hana import facts, wire
from connectors.sap_s4hana.mapping import expected_at, status_of
from connectors.sap_s4hana.reference import reference
from connectors.sap_s4hana.settings import Settings
from schemas.micros import micros_of_text
from schemas.models.erp_order_event import ErpOrderEvent, ErpOrderEventKind
from schemas.models.order_event import EventLine

SYSTEM = "sap_s4hana"
HELD, RELEASED, ALL = frozenset("BC"), "D", "C"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUR_ID = re.compile(r"[A-Za-z0-9_-]+")


def order_id_of(row: wire.OrderRow, settings: Settings) -> str | None:
    """The unified order id: from the order's text where that fits its reference, else the reference itself.

    SAP may keep the reference in capitals, and a long id stands there as a hash.
    """
    told = _fact(row.texts.results, settings.texts.facts, "order")
    shown = row.purchase_order_by_customer or ""
    if told is not None and reference(told).casefold() == shown.casefold():
        return told
    return shown if _OUR_ID.fullmatch(shown) else None


def changed_at(row: wire.OrderRow) -> int:
    """Raises ValueError for an order without a time of change."""
    return wire.from_date(row.last_change_date_time or "")


def to_events(row: wire.OrderRow, items: Sequence[wire.ItemRow], settings: Settings) -> Iterator[ErpOrderEvent]:
    """Nothing for an order that carries no id of ours.  Raises ValueError or ArithmeticError for what is none."""
    order_id = order_id_of(row, settings)
    if order_id is None:
        return
    at = changed_at(row)
    lines = {item.sales_order_item: _line(item, settings) for item in items}
    common: dict[str, Any] = {"source_system": SYSTEM, "erp_number": row.sales_order, "order_id": order_id}
    for kind, more in _kinds(row, items, settings):
        name = (row.sales_order, _letters(row), str(at), kind or "", str(more.get("expected_at", "")))
        yield ErpOrderEvent(
            event_id=event_id_of(*name),
            kind=kind,
            status=status_of(row),
            effective_at=at,
            recorded_at=at,
            **common,
            **more,
        )
    for more in _work_orders(items, lines, settings, at):
        yield ErpOrderEvent(**common, **more)


def _kinds(
    row: wire.OrderRow, items: Sequence[wire.ItemRow], settings: Settings
) -> Iterator[tuple[ErpOrderEventKind | None, dict[str, Any]]]:
    """A promise counts only for what is still to be delivered."""
    if row.rejection_status == ALL:
        others = sorted({one.rejection_reason or "" for one in items} - {settings.rejection_reason, ""})
        yield ("REJECTED", {"reason": others[0]}) if others else ("CANCELLED", {"reason": settings.rejection_reason})
        return
    credit = row.total_credit_check_status or ""
    if credit in HELD:
        yield "CREDIT_HELD", {"reason": credit}
        return
    if credit == RELEASED:
        yield "CREDIT_RELEASED", {}
    promised = expected_at([one for one in items if one.delivery_status != ALL])
    yield ("CONFIRMED", {"expected_at": promised}) if promised is not None else (None, {})


def _work_orders(
    items: Sequence[wire.ItemRow], lines: Mapping[str, EventLine], settings: Settings, at: int
) -> Iterator[dict[str, Any]]:
    for item in items:
        for one in item.flow.results:
            if settings.work_order_category is None or one.subsequent_document_category != settings.work_order_category:
                continue
            number, line = one.subsequent_document, (lines[item.sales_order_item],)
            opened = document(
                "WORK_ORDER_OPENED",
                number,
                made_at(one.creation_date, one.creation_time, settings),
                event_id_of("work-order", number),
            )
            yield {**opened, "lines": line}
            if one.process_status == ALL:
                done = document("WORK_ORDER_DONE", number, at, event_id_of("work-order", number, ALL, str(at)))
                yield {**done, "lines": line}


def document(kind: ErpOrderEventKind, number: str, at: int, event_id: str) -> dict[str, Any]:
    """Fields of an event about one document."""
    return {"event_id": event_id, "kind": kind, "document": number, "effective_at": at, "recorded_at": at}


def line_id_of(item: wire.ItemRow, settings: Settings) -> str | None:
    """An item that SAP added by itself has no line of ours."""
    return _fact(item.texts.results, settings.texts.line_facts, "line")


def _line(item: wire.ItemRow, settings: Settings) -> EventLine:
    quantity = micros_of_text(item.requested_quantity)
    return EventLine(line_id=line_id_of(item, settings), sku=item.material, quantity=quantity)


def _fact(texts: Sequence[wire.TextRow], text_id: str, name: str) -> str | None:
    told = (facts.value_in(one.long_text, name) for one in texts if one.long_text_id == text_id)
    return next((one for one in told if one is not None), None)


def made_at(day: str | None, time: str | None, settings: Settings) -> int:
    """Day and time of day are those of the system's zone; midnight where only the day is known."""
    local = _EPOCH + timedelta(microseconds=wire.from_date(day or "") + wire.from_time(time or "PT00H00M00S"))
    return (local.replace(tzinfo=ZoneInfo(settings.time_zone)) - _EPOCH) // timedelta(microseconds=1)


def _letters(row: wire.OrderRow) -> str:
    letters = (row.rejection_status, row.total_credit_check_status, row.total_block_status, row.process_status)
    return "".join(one or "-" for one in letters)


def event_id_of(*parts: str) -> str:
    """The same for the same statement, however often it is read."""
    return ":".join((SYSTEM, *parts))
