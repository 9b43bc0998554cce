"""Kafka in memory, as writers and readers see it: what was acknowledged, in order, with failures on order."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import aiokafka
from aiokafka.errors import KafkaConnectionError

from connectors.core.errors import LeaseLostError
from streams.runtime.dead_letters import SourceRecord
from streams.runtime.lookback import Lookback, Place
from streams.runtime.writer import Record, Writer


class MemoryBroker:
    """`log` holds what was acknowledged, by topic; `batches` the same in order of time.

    Write number `fails_at` (from 1) ends with `failure`, with `after_effect` although the log has it; without a lease
    every write is refused.
    """

    def __init__(self) -> None:
        self.log: dict[str, list[Record]] = defaultdict(list)
        self.batches: list[tuple[str, list[Record]]] = []
        self.records: dict[Place, SourceRecord] = {}
        """What can be read again."""
        self.writes = 0
        self.fails_at = 0
        self.after_effect = False
        self.failure: Exception = KafkaConnectionError("the broker is away")
        self.has_lease = True

    @property
    def writer(self) -> Writer:
        return cast("Writer", self)

    @property
    def lookback(self) -> Lookback:
        return Lookback(lambda: cast("aiokafka.AIOKafkaConsumer", MemoryConsumer(self.records)))

    async def append(self, topic: str, partition: int, records: Sequence[Record], *, generation: int) -> int:
        """One batch, whole or not at all."""
        self._write(topic, list(records), generation)
        return len(self.log[topic]) - 1

    async def send(self, topic: str, records: Iterable[Record], *, generation: int) -> None:
        self._write(topic, list(records), generation)

    def _write(self, topic: str, records: list[Record], generation: int) -> None:
        self.check(generation)
        self.writes += 1
        fails = self.writes == self.fails_at
        if not fails or self.after_effect:
            self.log[topic] += records
            self.batches.append((topic, records))
        if fails:
            raise self.failure

    def check(self, generation: int) -> None:
        """As `Lease.check`."""
        if not self.has_lease or generation < 0:
            raise LeaseLostError(f"generation {generation} is over")


class MemoryConsumer:
    """Reads single records again, as `Lookback` asks for them."""

    def __init__(self, records: dict[Place, SourceRecord]) -> None:
        self._records = records
        self._sought = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, partitions: Sequence[aiokafka.TopicPartition]) -> None: ...

    async def beginning_offsets(
        self, partitions: Sequence[aiokafka.TopicPartition]
    ) -> dict[aiokafka.TopicPartition, int]:
        return {one: min(self._offsets(one), default=0) for one in partitions}

    async def end_offsets(self, partitions: Sequence[aiokafka.TopicPartition]) -> dict[aiokafka.TopicPartition, int]:
        return {one: max(self._offsets(one), default=-1) + 1 for one in partitions}

    def seek(self, partition: aiokafka.TopicPartition, offset: int) -> None:
        self._sought = offset

    async def getone(self, partition: aiokafka.TopicPartition) -> SourceRecord:
        """The next record that is left, as of a compacted topic."""
        offset = min(one for one in self._offsets(partition) if one >= self._sought)
        return self._records[Place(partition.topic, partition.partition, offset)]

    def _offsets(self, of: aiokafka.TopicPartition) -> list[int]:
        return [one.offset for one in self._records if (one.topic, one.partition) == (of.topic, of.partition)]


class FollowedRecord(NamedTuple):
    """One record of a followed topic, as a consumer gives it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int


class FollowedTopic:
    """A topic of one partition that is read to its end and then followed; `make` gives its consumers.

    `fails` are raised by the next fetches, one each; `made` counts consumers, `idle` is set while one waits at the end.
    """

    def __init__(self) -> None:
        self.log: list[FollowedRecord] = []
        self.end = 0
        self.fails: list[Exception] = []
        self.made = self.stopped = 0
        self.held_back = False
        """Nothing is fetched until `let_go`."""
        self.idle = asyncio.Event()
        self._moved = asyncio.Event()

    def append(self, key: bytes | None, value: bytes | None, timestamp: int = 0) -> None:
        self.log.append(FollowedRecord(self.end, key, value, timestamp))
        self.end += 1
        self.idle.clear()
        self._moved.set()

    def compact(self) -> None:
        """Of each key the newest is left, and no tombstone."""
        newest = {one.key: one for one in self.log}
        self.log = [one for one in self.log if newest[one.key] is one and one.value is not None]

    def fail(self, error: Exception) -> None:
        self.fails.append(error)
        self.idle.clear()
        self._moved.set()

    def let_go(self) -> None:
        self.held_back = False
        self.idle.clear()
        self._moved.set()

    def make(self) -> aiokafka.AIOKafkaConsumer:
        self.made += 1
        return cast("aiokafka.AIOKafkaConsumer", FollowingConsumer(self))

    async def moved(self) -> None:
        self.idle.set()
        self._moved.clear()
        await self._moved.wait()
        self.idle.clear()


class FollowingConsumer:
    """Reads one partition from where it stands."""

    def __init__(self, topic: FollowedTopic) -> None:
        self._topic, self._position = topic, 0

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self._topic.stopped += 1

    def assign(self, partitions: Sequence[aiokafka.TopicPartition]) -> None: ...

    async def seek_to_beginning(self, *partitions: aiokafka.TopicPartition) -> None:
        self._position = 0

    async def end_offsets(self, partitions: Sequence[aiokafka.TopicPartition]) -> dict[aiokafka.TopicPartition, int]:
        return dict.fromkeys(partitions, self._topic.end)

    async def position(self, partition: aiokafka.TopicPartition) -> int:
        return self._position

    def highwater(self, partition: aiokafka.TopicPartition) -> int:
        return self._topic.end

    async def getmany(
        self, partition: aiokafka.TopicPartition, *, timeout_ms: int, max_records: int
    ) -> dict[aiokafka.TopicPartition, list[FollowedRecord]]:
        topic = self._topic
        while not topic.fails and (topic.held_back or self._position >= topic.end):
            await topic.moved()
        if topic.fails:
            raise topic.fails.pop(0)
        left = [one for one in topic.log if one.offset >= self._position]
        found = left[:max_records]
        self._position = topic.end if found == left else found[-1].offset + 1
        return {partition: found}
