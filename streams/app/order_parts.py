"""A command sink as the shell opens and closes it, behind a pool that keeps order per partition."""

from collections.abc import Callable
from datetime import timedelta

from schemas.catalogue import Contract
from schemas.models.command import Command
from streams.app.batch_parts import Event, batch_pool
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.flows.record_reader import RecordReader
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.metrics import CONSUMED
from streams.sinks.command_sink import CommandSink
from streams.sinks.sink_context import Arrived
from streams.sinks.work_table import WorkTable

STOPS_WITHIN = timedelta(seconds=25)
PAUSES_WITHIN = timedelta(seconds=5)


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
        contract: Contract[Command],
        share: Callable[[int], None] = lambda _partitions: None,
    ) -> None:
        self.sink, self._work, self._reader, self._letters = sink, work, reader, letters
        self._contract, self._share = contract, share
        self.topic = contract.topic
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
        await self.sink.fold(partition, good, dead=len(dead), upto={topic: records[-1].offset + 1})

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        self._share(len(self._work.table.owned))
        await self.sink.opened(partitions, generation)

    async def quiesce(self, generation: int) -> None:
        await self.sink.close(STOPS_WITHIN if self.stopping else PAUSES_WITHIN)
        await self.pool.quiesce(generation)

    def closed(self, partitions: frozenset[int]) -> None:
        """The sink was closed by `quiesce`."""
