"""An order as a record of `commerce.order.v1`, by whatever way it came: nothing in it depends on when it was read."""

from collections.abc import Callable
from datetime import timedelta

import msgspec

from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.order import Order
from streams.runtime.operating.posting import Outgoing
from streams.sources.json_form import EPOCH
from streams.sources.order_body import order_id_of
from streams.sources.poller import Found
from streams.topics import COMMERCE_ORDER, ERP_ORDER_EVENT

LARGEST = 900_000
"""Bytes of a value: as the orders flow takes them."""
FROM_POLL = "/poll/"
Encode = Callable[[str, msgspec.Struct], bytes]
Headers = tuple[tuple[str, bytes | None], ...]


class TooLargeError(Exception):
    """No reader takes a record of this size."""


def found_order(order: Order, poller: str, encode: Encode) -> Found:
    """Keyed by the order number.  Raises TooLargeError, and ValueError where its number or channel makes no id."""
    entity = order_id_of(order)
    headers = headers_of(order.event_id, f"{FROM_POLL}{poller}", "commerce.order.v1.Order", order.updated_at, entity)
    value = sized(encode(COMMERCE_ORDER.name, order))
    return Found(
        Outgoing(COMMERCE_ORDER.name, order.number.encode(), value, headers), entity, order.event_id, order.placed_at
    )


def found_event(event: ErpOrderEvent, poller: str, encode: Encode) -> Found:
    """Keyed by the ERP's number.  Raises TooLargeError."""
    entity = event.order_id or event.erp_number
    kind = "commerce.erp.v1.ErpOrderEvent"
    headers = headers_of(event.event_id, f"{FROM_POLL}{poller}", kind, event.recorded_at, entity)
    value = sized(encode(ERP_ORDER_EVENT.name, event))
    return Found(Outgoing(ERP_ORDER_EVENT.name, event.erp_number.encode(), value, headers), entity, event.event_id)


def headers_of(event_id: str, source: str, kind: str, at: int, entity: str) -> Headers:
    """CloudEvents 1.0, Kafka binding, binary mode; `at` in µs."""
    moment = EPOCH + timedelta(microseconds=at)
    told = {
        "ce_id": event_id,
        "ce_source": source,
        "ce_type": kind,
        "ce_time": moment.isoformat().replace("+00:00", "Z"),
        "ce_specversion": "1.0",
        "correlation-id": entity,
    }
    return tuple((name, text.encode()) for name, text in told.items())


def sized(value: bytes) -> bytes:
    """Raises TooLargeError."""
    if len(value) > LARGEST:
        raise TooLargeError(f"its record would have {len(value)} bytes, of {LARGEST} at most")
    return value
