"""Which version of a row the shop acknowledged last: heard from the outcomes of the stock lane."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiokafka
from aiokafka.errors import KafkaError

from schemas.catalogue import outcome_contract
from schemas.models.desired_stock import DesiredStock
from schemas.models.operations import WRITE_STOCK, Outcome
from schemas.models.stock_reservation import Reservation
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.serde import FIRST_WAIT, Serde
from streams.topics import COMMERCE_OUTCOME

WAIT_MS = 500
PIECE = 1_000
CONTRACT = outcome_contract("commerce")
Version = tuple[int, int]
_LOG = logger("streams.gateway")


class ShopAcks:
    """Outcomes of the last `back`, and all that come."""

    def __init__(
        self,
        make_consumer: Callable[[], aiokafka.AIOKafkaConsumer],
        serde: Serde,
        clock: Clock,
        *,
        partitions: int,
        back: timedelta,
    ) -> None:
        self._make, self._serde, self._clock = make_consumer, serde, clock
        self._partitions, self._back = partitions, back
        self._acked: dict[tuple[str, str], Version] = {}
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._follow())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=2)

    def shows(self, one: Reservation, stock: DesiredStock | None) -> bool:
        """Whether the shop shows no more than the reservation left.

        A source whose quantity did not change with it (something else came back at the same moment) counts as shown
        once the version that contains it is.
        """
        if stock is None or (stock.epoch, stock.counter) < (one.epoch, one.counter):
            return False
        versions = {source.source_code: (stock.epoch, source.version) for source in stock.sources}
        decided = (one.epoch, one.counter)
        return all(
            self._acked.get((stock.sku, part.source_code), (0, 0))
            >= min(decided, versions.get(part.source_code, decided))
            for part in one.parts
        )

    async def news(self) -> None:
        """Until something more was acknowledged."""
        await self._heard.wait()

    def put(self, outcome: Outcome) -> None:
        """One outcome of any kind."""
        if outcome.kind != WRITE_STOCK or outcome.state != "APPLIED" or outcome.part is None:
            return
        place, version = (outcome.entity, outcome.part), (outcome.epoch, outcome.counter)
        self._acked[place] = max(version, self._acked.get(place, (0, 0)))
        self._heard.set()
        self._heard = asyncio.Event()

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                _LOG.warning("outcomes-unreadable", error=f"{type(error).__name__}: {error}"[:200])
            await self._clock.sleep(FIRST_WAIT)

    async def _read(self) -> None:
        consumer = self._make()
        await consumer.start()
        try:
            await self._assign(consumer)
            while True:
                fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=PIECE)
                for records in fetched.values():
                    await self._take(records)
        finally:
            await consumer.stop()

    async def _assign(self, consumer: aiokafka.AIOKafkaConsumer) -> None:
        partitions = [aiokafka.TopicPartition(COMMERCE_OUTCOME.name, number) for number in range(self._partitions)]
        since = (self._clock.micros() - int(self._back / timedelta(microseconds=1))) // 1000
        places = await consumer.offsets_for_times(dict.fromkeys(partitions, since))
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        for partition in partitions:
            place = places.get(partition)
            consumer.seek(partition, ends[partition] if place is None else place.offset)

    async def _take(self, records: list[Any]) -> None:  # Any: aiokafka's records
        stated = [record.value for record in records if record.value is not None]
        for outcome in await self._serde.decode(CONTRACT, stated):
            if isinstance(outcome, Outcome):
                self.put(outcome)
