"""Reads single records again, by topic, partition and offset: for dead letters and for "why is this value so?"."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import aiokafka
from aiokafka.errors import KafkaError

from streams.runtime.dead_letters import SourceRecord


class Place(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class Lookback:
    """Opens a consumer of its own for each question; nothing of it is committed."""

    def __init__(self, make_consumer: Callable[[], aiokafka.AIOKafkaConsumer], within_s: float = 2.0) -> None:
        self._make, self._within = make_consumer, within_s

    async def read(self, places: Iterable[Place]) -> Mapping[Place, SourceRecord]:
        """Those of the records that still exist and can be read within the bound; the rest is absent."""
        found: dict[Place, SourceRecord] = {}
        try:
            async with asyncio.timeout(self._within):
                await self._read(sorted(set(places)), found)
        except (TimeoutError, KafkaError):
            return found
        return found

    async def _read(self, places: list[Place], found: dict[Place, SourceRecord]) -> None:
        consumer = self._make()
        await consumer.start()
        try:
            for place in places:
                await self._read_one(consumer, place, found)
        finally:
            await consumer.stop()

    @staticmethod
    async def _read_one(consumer: aiokafka.AIOKafkaConsumer, place: Place, found: dict[Place, SourceRecord]) -> None:
        partition = aiokafka.TopicPartition(place.topic, place.partition)
        consumer.assign([partition])
        starts = await consumer.beginning_offsets([partition])
        ends = await consumer.end_offsets([partition])
        if not starts[partition] <= place.offset < ends[partition]:
            return
        consumer.seek(partition, place.offset)
        record = await consumer.getone(partition)
        if record.offset == place.offset:  # a compacted topic may have dropped it
            found[place] = record
