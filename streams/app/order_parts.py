"""The parts of a worker that work on orders, as the shell opens and closes them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from schemas.catalogue import command_contract
from schemas.models.command import Command
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.flows.record_reader import RecordReader
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.guard import IntakePausedError
from streams.runtime.metrics import CONSUMED
from streams.runtime.pool import KeyedPool
from streams.sinks.command_sink import CommandSink
from streams.sinks.sink_context import Arrived
from streams.sinks.work_table import WorkTable

Event = Any  # a Faust event
MAX_BATCHES = 8
STOPS_WITHIN = timedelta(seconds=25)
PAUSES_WITHIN = timedelta(seconds=5)


def _partition(event: Event) -> tuple[str, int]:
    return event.message.topic, event.message.partition


def _first_offset(event: Event) -> int:
    return int(event.value[0].offset)


def batch_pool(
    take: Callable[[Event], Awaitable[None]], failed: Callable[[BaseException], None]
) -> KeyedPool[tuple[str, int]]:
    """Batches of one partition in order, partitions side by side."""
    return KeyedPool(take, key=_partition, first=_first_offset, max_in_flight=MAX_BATCHES, failed=failed)


class Flow(Protocol):
    """What decides on batches of records."""

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Everything of the batch is durable or certain when this returns."""
        ...

    def forget(self, partitions: frozenset[int]) -> None:
        """The partitions are gone."""
        ...


class FlowPart:
    """A flow that only works on what comes."""

    def __init__(
        self, table: str, flow: Flow, failed: Callable[[BaseException], None], *, is_paused: Callable[[str], bool]
    ) -> None:
        self.table, self._flow, self._is_paused = table, flow, is_paused
        self.pool = batch_pool(self._take, failed)

    async def _take(self, event: Event) -> None:
        message = event.message
        if self._is_paused(message.topic):  # fetched before it was
            raise IntakePausedError(message.topic)
        await self._flow.take(message.topic, message.partition, event.value, message.generation_id)

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        """Records follow."""

    async def quiesce(self, generation: int) -> None:
        await self.pool.quiesce(generation)

    def closed(self, partitions: frozenset[int]) -> None:
        self._flow.forget(partitions)


class CommandPart:
    """A command sink: commands into its table, calls until the partitions go."""

    def __init__(
        self,
        sink: CommandSink,
        work: WorkTable,
        reader: RecordReader,
        letters: DeadLetters,
        failed: Callable[[BaseException], None],
        *,
        role: str,
    ) -> None:
        self.sink, self._work, self._reader, self._letters = sink, work, reader, letters
        self._contract = command_contract(role)
        self.table = work.table.name
        self.pool = batch_pool(self._take, failed)
        self.stopping = False

    async def _take(self, event: Event) -> None:
        records, message = event.value, event.message
        topic, partition = message.topic, message.partition
        CONSUMED.labels(topic).inc(len(records))
        fresh_from = self._work.table.tally(partition).upto.get(topic, 0)

        def arrived(record: SourceRecord, command: Command) -> Arrived | Refused:
            if record.key != command.entity.encode():
                return Refused(DeadReason.WRONG_KEY, "the key is not the entity of the command")
            place = (record.topic, record.partition, record.offset)
            return Arrived(command, record.value or b"", place, record.offset >= fresh_from)

        good, bad = await self._reader.read(self._contract, records, arrived)
        dead = [one.letter for one in bad if one.record.offset >= fresh_from]
        await self._letters.send(dead, generation=message.generation_id)
        await self.sink.fold(partition, good, dead=len(dead), upto=(topic, records[-1].offset + 1))

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        await self.sink.opened(partitions, generation)

    async def quiesce(self, generation: int) -> None:
        await self.sink.close(STOPS_WITHIN if self.stopping else PAUSES_WITHIN)
        await self.pool.quiesce(generation)

    def closed(self, partitions: frozenset[int]) -> None:
        """The sink was closed by `quiesce`."""
