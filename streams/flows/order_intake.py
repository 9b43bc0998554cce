"""Order intake: an order of any channel becomes an event of the order it is about, under the unified order id.

`commerce.order.v1` → table `order-intake` (counts only) → `orders.event.v1`.
"""

from schemas.catalogue import COMMERCE_ORDER
from schemas.models.cause import Cause
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.domain.order_id import unified_id
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.flows.event_maker import Encode, EventMaker, reads
from streams.flows.record_reader import RecordReader
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.table import BulkTable
from streams.runtime.writer import Writer


class OrderIntake(EventMaker):
    """The caller gives one batch of one partition at a time."""

    def __init__(
        self, table: BulkTable, writer: Writer, letters: DeadLetters, *, reader: RecordReader, encode: Encode
    ) -> None:
        inputs = {COMMERCE_ORDER.topic: reads(COMMERCE_ORDER, _event)}
        super().__init__(table, writer, letters, reader=reader, encode=encode, inputs=inputs)


def _event(record: SourceRecord, order: Order) -> OrderEvent | Refused:
    if record.key != order.number.encode():
        return Refused(DeadReason.WRONG_KEY, f"key {record.key or b''!r:.80} is not the order number of the record")
    if not order.lines:
        return Refused(DeadReason.BAD_ORDER, "the order has no line")
    try:
        order_id = unified_id(order.channel, order.number)
    except ValueError as error:
        return Refused(DeadReason.BAD_ORDER, str(error))
    return OrderEvent(
        event_id=order.event_id,
        order_id=order_id,
        kind="PLACED",
        source_system=order.source_system,
        effective_at=order.updated_at,
        recorded_at=record.timestamp * 1000,
        order=order,
        cause=Cause(record.topic, record.partition, record.offset),
    )
