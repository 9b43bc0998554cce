"""Order intake: an order of any channel becomes an event of the order it is about, under the unified order id.

`commerce.order.v1` → table `order-intake` (counts only) → `orders.event.v1`.  The event is a pure function of the
record, so after a kill it is made again with the same id, and the orders flow knows the repeat.
"""

from collections.abc import Callable, Sequence

import msgspec

from schemas.catalogue import COMMERCE_ORDER
from schemas.models.cause import Cause
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.domain.order_id import unified_id
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.flows.record_reader import RecordReader
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.metrics import CONSUMED
from streams.runtime.table import BulkTable, Group
from streams.runtime.writer import Record, Writer
from streams.topics import ORDER_EVENT

TOPIC = COMMERCE_ORDER.topic
Encode = Callable[[str, msgspec.Struct], bytes]


class OrderIntake:
    """The caller gives one batch of one partition at a time."""

    def __init__(
        self, table: BulkTable, writer: Writer, letters: DeadLetters, *, reader: RecordReader, encode: Encode
    ) -> None:
        self._table, self._writer, self._letters = table, writer, letters
        self._reader, self._encode = reader, encode

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Everything of the batch is durable when this returns.  Raises LeaseLostError, KafkaError, StoreError."""
        CONSUMED.labels(topic).inc(len(records))
        async with self._table.lock(partition):
            fresh_from = self._table.tally(partition).upto.get(topic, 0)
            events, bad = await self._reader.read(COMMERCE_ORDER, records, _event)
            dead = [one.letter for one in bad if one.record.offset >= fresh_from]
            await self._letters.send(dead, generation=generation)
            made = [Record(event.order_id.encode(), self._encode(ORDER_EVENT.name, event)) for event in events]
            await self._writer.send(ORDER_EVENT.name, made, generation=generation)
            applied = sum(event.cause is not None and event.cause.offset >= fresh_from for event in events)
            counts = {f"{topic}/applied": applied, f"{topic}/dead": len(dead)}
            group = Group([], {name: number for name, number in counts.items() if number})
            await self._table.commit(partition, [group], generation=generation, upto=(topic, records[-1].offset + 1))

    def forget(self, partitions: frozenset[int]) -> None:
        """Nothing of them is kept in memory."""


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
