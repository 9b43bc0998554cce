"""May this event be heard at all?  Everything that can be said from the event and the order's id alone."""

from collections.abc import Callable

from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.domain.order_entry import OrderEntry
from streams.domain.order_id import is_unified, unified_id
from streams.domain.order_statements import STATEMENTS
from streams.domain.quantities import RECORD_LIMIT

NAME_LIMIT = 128
LINES_AT_MOST = 2000


def refuse_event(entry: OrderEntry, event: OrderEvent) -> str:
    """The first reason to refuse it, or ""."""
    return next((reason for reason, is_so in _RULES if is_so(entry, event)), "")


def _wrong_order(entry: OrderEntry, event: OrderEvent) -> bool:
    if entry.order_id and entry.order_id != event.order_id:
        return True
    return event.kind in STATEMENTS and event.order is not None and not _is_of(event.order, event.order_id)


def _is_of(order: Order, order_id: str) -> bool:
    try:
        return unified_id(order.channel, order.number) == order_id
    except ValueError:
        return False


def _name_too_long(_entry: OrderEntry, event: OrderEvent) -> bool:
    names = (event.event_id, event.source_system, event.part, event.source_code, event.document)
    return any(len(name or "") > NAME_LIMIT for name in names)


def _bad_quantity(_entry: OrderEntry, event: OrderEvent) -> bool:
    quantities = [line.quantity for line in event.lines]
    if event.amount is not None:
        quantities.append(event.amount)
    return any(not 0 <= one <= RECORD_LIMIT for one in quantities)


def _bad_lines(_entry: OrderEntry, event: OrderEvent) -> bool:
    """An order has lines, each with an id of its own, and something of one of them is ordered."""
    if event.order is None or event.kind not in STATEMENTS:
        return False
    lines = event.order.lines
    ids = {line.line_id for line in lines}
    is_sized = 0 < len(lines) <= LINES_AT_MOST and len(ids) == len(lines) and "" not in ids
    in_range = all(0 <= line.quantity <= RECORD_LIMIT for line in lines)
    return not is_sized or not in_range or not any(line.quantity for line in lines)


_RULES: tuple[tuple[str, Callable[[OrderEntry, OrderEvent], bool]], ...] = (
    ("unknown-kind", lambda _entry, event: event.kind == "UNKNOWN"),
    ("bad-order-id", lambda _entry, event: not is_unified(event.order_id)),
    ("no-order", lambda _entry, event: event.kind in STATEMENTS and event.order is None),
    ("wrong-order", _wrong_order),
    ("no-date", lambda _entry, event: event.kind == "DATE_MOVED" and event.expected_at is None),
    ("name-too-long", _name_too_long),
    ("bad-quantity", _bad_quantity),
    ("bad-lines", _bad_lines),
)
