"""What waits for one partition is taken together, once, and fails each for itself."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from connectors.core.errors import LeaseLostError
from streams.flows.turns import Turn, Turns
from streams.runtime.dead_letters import SourceRecord
from tests.unit.streams.sinks.lane import turns as let_run

pytestmark = pytest.mark.anyio
PARTITION = 3
NO_RECORDS: Sequence[SourceRecord] = ()


@dataclass
class Flow:
    """Notes what it is given; each take waits until it `may_end`."""

    taken: list[list[str]] = field(default_factory=list)
    failing: int = 0
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    locks: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def __post_init__(self) -> None:
        self.turns = Turns(lambda partition: self.locks[partition], self._take)

    async def _take(self, partition: int, turns: Sequence[Turn], generation: int) -> None:
        assert self.locks[partition].locked()
        assert {one.generation for one in turns} == {generation}
        self.taken.append([one.topic for one in turns])
        await self.may_end.wait()
        if self.failing:
            self.failing -= 1
            raise LeaseLostError("lost")

    async def begun(self, *topics: str, generation: int = 1) -> list[asyncio.Task[None]]:
        tasks = [asyncio.ensure_future(self.turns.take(topic, PARTITION, NO_RECORDS, generation)) for topic in topics]
        await let_run()
        return tasks


async def test_what_comes_while_one_is_taken_is_taken_together_after_it() -> None:
    flow = Flow()
    first, later = await flow.begun("event"), await flow.begun("erp", "wms", "crm")
    assert flow.taken == [["event"]]

    flow.may_end.set()
    await asyncio.gather(*first, *later)

    assert flow.taken == [["event"], ["erp", "wms", "crm"]]


async def test_where_it_fails_each_that_was_taken_along_tries_for_itself() -> None:
    flow = Flow(failing=2)
    tasks = await flow.begun("event") + await flow.begun("erp", "wms", "crm")

    flow.may_end.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(end) for end in ends] == [LeaseLostError, LeaseLostError, type(None), type(None)]
    assert flow.taken == [["event"], ["erp", "wms", "crm"], ["wms", "crm"]]


async def test_what_was_given_up_while_it_waited_is_not_taken_along() -> None:
    flow = Flow()
    first, (gone, left) = await flow.begun("event"), await flow.begun("erp", "wms")

    gone.cancel()
    flow.may_end.set()
    await asyncio.gather(*first, left)

    assert flow.taken == [["event"], ["wms"]]


async def test_generations_are_not_mixed() -> None:
    flow = Flow()
    tasks = await flow.begun("event") + await flow.begun("erp") + await flow.begun("wms", generation=2)

    flow.may_end.set()
    await asyncio.gather(*tasks)

    assert flow.taken == [["event"], ["erp"], ["wms"]]
