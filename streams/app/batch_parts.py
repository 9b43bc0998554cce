"""A part of a worker that takes batches: one of a partition after the other, partitions side by side."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from streams.runtime.dead_letters import SourceRecord
from streams.runtime.guard import IntakePausedError
from streams.runtime.pool import KeyedPool

Event = Any  # a Faust event
MAX_BATCHES = 8


def _partition(event: Event) -> tuple[str, int]:
    return event.message.topic, event.message.partition


def _first_offset(event: Event) -> int:
    return int(event.value[0].offset)


def batch_pool(
    take: Callable[[Event], Awaitable[None]], failed: Callable[[BaseException], None], at_once: int = MAX_BATCHES
) -> KeyedPool[tuple[str, int]]:
    """Batches of one partition in order, partitions side by side."""
    return KeyedPool(take, key=_partition, first=_first_offset, max_in_flight=at_once, failed=failed)


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
        self,
        table: str,
        flow: Flow,
        failed: Callable[[BaseException], None],
        *,
        is_paused: Callable[[str], bool],
        at_once: int = MAX_BATCHES,
    ) -> None:
        self.table, self._flow, self._is_paused = table, flow, is_paused
        self.pool = batch_pool(self._take, failed, at_once)

    async def _take(self, event: Event) -> None:
        message = event.message
        if self._is_paused(message.topic):  # fetched before it was
            raise IntakePausedError(message.topic)
        await self._flow.take(message.topic, message.partition, event.value, message.generation_id)

    async def take_again(self, event: Event) -> None:
        """Records that the table has accounted for, outside the pool: nothing is acknowledged.

        Raises IntakePausedError, LeaseLostError, KafkaError, StoreError.
        """
        await self._take(event)

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        """Records follow."""

    async def quiesce(self, generation: int) -> None:
        await self.pool.quiesce(generation)

    def closed(self, partitions: frozenset[int]) -> None:
        self._flow.forget(partitions)
