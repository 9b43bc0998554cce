"""Which orders came by other ways: read from the topic itself, so that what events missed can be counted.

Counted is an order that was placed lately and that nobody but the poller put on the topic in time.  What a kill makes
forget is not counted: the number is a lower bound.
"""

import asyncio
from collections import OrderedDict
from datetime import timedelta

from confluent_kafka import KafkaException

from schemas.catalogue import COMMERCE_ORDER as CONTRACT
from schemas.models.order import Order
from streams.runtime.clock import Clock
from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.logs import logger
from streams.runtime.metrics import POLL_MISSED
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import Partition
from streams.runtime.serde import Serde
from streams.settings import Settings
from streams.sources.order_body import order_id_of
from streams.sources.order_record import FROM_POLL
from streams.sources.poller import Found
from streams.topics import COMMERCE_ORDER

REMEMBERED = 50_000
LOOK_S = 1.0
REST = timedelta(seconds=5)
_LOG = logger("streams.poll")


class Heard:
    """Orders that others stated, and those of the poller that wait for that; `grace` in µs."""

    def __init__(self, poller: str, clock: Clock, *, grace: int, since: int) -> None:
        self._poller, self._clock, self._grace, self._since = poller, clock, grace, since
        self._stated: OrderedDict[str, None] = OrderedDict()
        self._waiting: dict[str, int] = {}
        POLL_MISSED.labels(poller)

    def stated(self, entity: str) -> None:
        """Somebody else put the order on the topic."""
        self._waiting.pop(entity, None)
        self._stated[entity] = None
        if len(self._stated) > REMEMBERED:
            self._stated.popitem(last=False)

    def found(self, one: Found) -> None:
        """The poller did.  Orders from before this process listened are left out: others may have stated them then."""
        if one.placed_at >= self._since and one.entity not in self._stated and len(self._waiting) < REMEMBERED:
            self._waiting.setdefault(one.entity, self._clock.micros() + self._grace)

    def round_ended(self) -> None:
        """Those whose time is over were missed."""
        now = self._clock.micros()
        for entity in [entity for entity, due in self._waiting.items() if due <= now]:
            del self._waiting[entity]
            POLL_MISSED.labels(self._poller).inc()
            _LOG.warning("order-missed-by-events", poller=self._poller, order_id=entity)


class Listener:
    """Reads the topic of orders from `since` (µs) on, for as long as the process lives."""

    def __init__(self, settings: Settings, serde: Serde, clock: Clock, heard: Heard, since: int) -> None:
        self._settings, self._serde, self._clock, self._heard, self._since = settings, serde, clock, heard, since
        self._is_over = False

    def end(self) -> None:
        """`listen` returns soon: no consumer is closed while it reads."""
        self._is_over = True

    async def listen(self) -> None:
        """From the beginning again where the brokers were away: hearing twice changes nothing."""
        while not self._is_over:
            try:
                await self._follow()
            except (KafkaException, ClusterUnavailableError) as error:
                _LOG.warning("orders-unheard", error=type(error).__name__)
                await self._clock.sleep(REST)

    async def _follow(self) -> None:
        with LogReader(self._settings.kafka, self._settings.app_id) as reader:
            reader.follow(await asyncio.to_thread(self._begin))
            while not self._is_over:
                await self.take(await asyncio.to_thread(reader.poll, LOOK_S))

    def _begin(self) -> dict[Partition, int]:
        brokers = Brokers(self._settings.kafka)
        parts = brokers.partitions(COMMERCE_ORDER.name)
        spans, first = brokers.spans(parts), brokers.at(parts, self._since)
        return {part: spans[part].end if (offset := first[part]) is None else offset for part in parts}

    async def take(self, records: list[LogRecord]) -> None:
        """What is no order says nothing; the order intake makes a letter of it."""
        others = [one for one in records if one.value and not (one.header("ce_source") or "").startswith(FROM_POLL)]
        for order in await self._serde.decode(CONTRACT, [one.value or b"" for one in others]):
            if isinstance(order, Order):
                self._heard.stated(_entity(order))


def _entity(order: Order) -> str:
    try:
        return order_id_of(order)
    except ValueError:
        return ""
