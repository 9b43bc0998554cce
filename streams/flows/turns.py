"""Batches that wait for one partition are taken together: one write and one telling, however many topics they came by.

An order's events and the outcomes of its commands come by topics of their own and change one table: where each waited
for a write of its own, they would queue up behind each other's acknowledgements.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from streams.runtime.dead_letters import SourceRecord


class Turn(NamedTuple):
    """A batch of one topic; `number` tells apart what is equal."""

    number: int
    topic: str
    records: Sequence[SourceRecord]
    generation: int


Take = Callable[[int, Sequence[Turn], int], Awaitable[None]]
"""Partition, turns, generation."""


class Turns:
    """Who gets the lock first takes along all that wait for it by then; where that fails, each tries for itself."""

    def __init__(self, lock: Callable[[int], asyncio.Lock], take: Take) -> None:
        self._lock, self._take = lock, take
        self._waiting: dict[int, dict[int, Turn]] = defaultdict(dict)
        self._number = 0

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Returns when the batch is taken, by whomever.  Raises what `take` raises."""
        self._number += 1
        turn = Turn(self._number, topic, records, generation)
        waiting = self._waiting[partition]
        waiting[turn.number] = turn
        try:
            async with self._lock(partition):
                if turn.number not in waiting:
                    return
                together = [one for one in waiting.values() if one.generation == generation]
                await self._take(partition, together, generation)
                for one in together:
                    waiting.pop(one.number, None)
        finally:
            waiting.pop(turn.number, None)
