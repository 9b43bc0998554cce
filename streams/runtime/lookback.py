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


class UnreadableError(Exception):
    """Whether a record still exists cannot be said now: the broker is away, or too slow."""


class Lookback:
    """Opens a consumer of its own for each question; nothing of it is committed.

    `within_s` bounds a whole `read`, and each step of a `recall`.
    """

    def __init__(self, make_consumer: Callable[[], aiokafka.AIOKafkaConsumer], within_s: float = 2.0) -> None:
        self._make, self._within = make_consumer, within_s

    async def read(self, places: Iterable[Place]) -> Mapping[Place, SourceRecord]:
        """For pages: those of the records that can be shown within the bound; why the rest is absent is not said."""
        found: dict[Place, SourceRecord | None] = {}
        try:
            async with asyncio.timeout(self._within):
                await self._read(sorted(set(places)), found, step_s=None)
        except (TimeoutError, KafkaError):
            pass  # a page shows what there is
        return {place: record for place, record in found.items() if record is not None}

    async def recall(self, places: Iterable[Place]) -> Mapping[Place, SourceRecord | None]:
        """Every record; None for those that surely have left the log.

        Raises:
            UnreadableError: of one of them that cannot be said.
        """
        recalled: dict[Place, SourceRecord | None] = {}
        try:
            await self._read(sorted(set(places)), recalled, step_s=self._within)
        except (TimeoutError, KafkaError) as error:
            raise UnreadableError(f"{type(error).__name__}: {error}") from error
        return recalled

    async def _read(self, places: list[Place], into: dict[Place, SourceRecord | None], *, step_s: float | None) -> None:
        consumer = self._make()
        try:
            async with asyncio.timeout(step_s):
                await consumer.start()
            for place in places:
                async with asyncio.timeout(step_s):
                    into[place] = await self._read_one(consumer, place)
        finally:
            await consumer.stop()

    @staticmethod
    async def _read_one(consumer: aiokafka.AIOKafkaConsumer, place: Place) -> SourceRecord | None:
        """None where it has left the log."""
        partition = aiokafka.TopicPartition(place.topic, place.partition)
        consumer.assign([partition])
        starts = await consumer.beginning_offsets([partition])
        ends = await consumer.end_offsets([partition])
        if not starts[partition] <= place.offset < ends[partition]:
            return None
        consumer.seek(partition, place.offset)
        record: SourceRecord = await consumer.getone(partition)
        return record if record.offset == place.offset else None  # a compacted topic may have dropped it
