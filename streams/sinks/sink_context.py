"""What the parts of a command sink share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from schemas.catalogue import Contract
from schemas.models.command import Command
from streams.domain.cut_off import NO_CUT_OFFS, CutOffTable
from streams.domain.work import Work
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.serde import Serde
from streams.runtime.writer import Writer
from streams.sinks.acts import Acts
from streams.sinks.beside import Beside, Nothing
from streams.sinks.work_table import Told, WorkTable
from streams.topics import OUTCOMES

NOTHING: Mapping[str, int] = MappingProxyType({})


class Entity(NamedTuple):
    """Where an entity's work lies."""

    partition: int
    name: str


@dataclass(slots=True)
class SinkContext:
    """`generation` is that of the assignment the sink works for; -1 while it has none."""

    name: str
    """What operators and metrics call the sink."""
    contract: Contract[Command]
    """Of the topic that its commands come by."""
    table: WorkTable
    acts: Acts
    gate: Gate
    writer: Writer
    serde: Serde
    clock: Clock
    failed: Callable[[BaseException], None]
    """A fault that ends the process: the only safe state is the one in Kafka."""
    at_once: int = 8
    """Entities that are worked on side by side."""
    cut_offs: CutOffTable = field(default_factory=lambda: NO_CUT_OFFS)
    """By when orders must be there."""
    latency_target_us: int = 0
    """So soon after it was decided a command should be done."""
    beside: Beside = field(default_factory=Nothing)
    generation: int = -1
    is_closing: bool = False
    sent: dict[int, list[bytes]] = field(default_factory=dict)
    """Outboxes that were sent, by partition: deleted with the next write."""
    untold: set[int] = field(default_factory=set)
    """Partitions with an outbox that may not have left."""

    @property
    def command_topic(self) -> str:
        return self.contract.topic

    @property
    def outcome_topic(self) -> str:
        return OUTCOMES[self.acts.role].name

    async def keep(
        self,
        partition: int,
        entries: Mapping[str, Work],
        counts: Mapping[str, int] = NOTHING,
        *,
        told: Told | None = None,
        upto: Mapping[str, int] | None = None,
    ) -> None:
        gone = tuple(self.sent.get(partition, ()))
        generation = self.generation
        await self.table.keep(partition, entries, counts, generation=generation, told=told, sent=gone, upto=upto)
        del self.sent.setdefault(partition, [])[: len(gone)]

    async def change(
        self,
        entity: Entity,
        change: Callable[[Work], Work],
        counts: Mapping[str, int] = NOTHING,
        *,
        told: Told | None = None,
    ) -> None:
        """Decided on what is stored now: commands may have come in meanwhile."""
        async with self.table.table.lock(entity.partition):
            now = self.table.entries(entity.partition, [entity.name])[entity.name]
            await self.keep(entity.partition, {entity.name: change(now)}, counts, told=told)

    async def tell(self, partition: int, told: Told) -> None:
        """What was stored with a change."""
        try:
            await outbox.send(self.writer, [told.message], generation=self.generation)
        except BaseException:
            self.untold.add(partition)
            raise
        self.sent.setdefault(partition, []).append(told.name)

    async def tell_left(self, partition: int) -> None:
        """What did not leave when it was told."""
        if partition in self.untold:
            async with self.table.table.lock(partition):
                await outbox.resend(self.table.table, self.writer, partition, generation=self.generation)
            self.untold.discard(partition)

    async def work(self, entity: Entity) -> Work:
        async with self.table.table.lock(entity.partition):
            return self.table.entries(entity.partition, [entity.name])[entity.name]


class Arrived(NamedTuple):
    """A command with its record's bytes and place."""

    command: Command
    value: bytes
    place: tuple[str, int, int]
    is_new: bool
    """Whether the record was never accounted for; a repeat counts nothing."""
