"""Order news: what WMS, ERP, carriers and channels say of an order becomes an event of that order, in one language.

`wms.fulfilment-event.v1`, `erp.order-event.v1`, `carrier.event.v1` and `commerce.return.v1` → table `order-news`
(counts only) → `orders.event.v1`.
"""

from functools import partial

from schemas.catalogue import CARRIER_EVENT, COMMERCE_RETURN, ERP_ORDER_EVENT, FULFILMENT_EVENT
from schemas.models.carrier_event import CarrierEvent
from schemas.models.cause import Cause
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.returned import Return
from streams.domain import unknown_words
from streams.domain.order_news import Arrival, News, NewsRules, of_carrier, of_erp, of_fulfilment, of_return
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.flows.event_maker import Encode, EventMaker, reads
from streams.flows.record_reader import RecordReader
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.table import BulkTable
from streams.runtime.writer import Writer


class OrderNews(EventMaker):
    """The caller gives one batch of one partition at a time."""

    def __init__(
        self,
        table: BulkTable,
        writer: Writer,
        letters: DeadLetters,
        *,
        reader: RecordReader,
        encode: Encode,
        rules: NewsRules,
    ) -> None:
        inputs = {
            FULFILMENT_EVENT.topic: reads(FULFILMENT_EVENT, partial(_fulfilment, rules), unknown_words.of_fulfilment),
            ERP_ORDER_EVENT.topic: reads(ERP_ORDER_EVENT, partial(_erp, rules), unknown_words.of_erp),
            COMMERCE_RETURN.topic: reads(COMMERCE_RETURN, partial(_return, rules), unknown_words.of_return),
            CARRIER_EVENT.topic: reads(CARRIER_EVENT, partial(_carrier, rules), unknown_words.of_carrier),
        }
        super().__init__(table, writer, letters, reader=reader, encode=encode, inputs=inputs)


def _fulfilment(rules: NewsRules, record: SourceRecord, step: FulfilmentEvent) -> News:
    return _wrong_key(record, step.order_id) or of_fulfilment(step, _arrival(record), rules)


def _erp(rules: NewsRules, record: SourceRecord, said: ErpOrderEvent) -> News:
    return _wrong_key(record, said.erp_number) or of_erp(said, _arrival(record), rules)


def _return(rules: NewsRules, record: SourceRecord, one: Return) -> News:
    return _wrong_key(record, one.return_id) or of_return(one, _arrival(record), rules)


def _carrier(rules: NewsRules, record: SourceRecord, said: CarrierEvent) -> News:
    return _wrong_key(record, said.tracking_number) or of_carrier(said, _arrival(record), rules)


def _wrong_key(record: SourceRecord, number: str) -> Refused | None:
    if record.key == number.encode():
        return None
    return Refused(DeadReason.WRONG_KEY, f"key {record.key or b''!r:.80} is not the number in the record")


def _arrival(record: SourceRecord) -> Arrival:
    return Arrival(Cause(record.topic, record.partition, record.offset), record.timestamp * 1000)
