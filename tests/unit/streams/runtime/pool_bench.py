"""A pool whose work ends when the test says so, with what it needs of Faust's messages and events."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from streams.runtime.pool import KeyedPool

TURNS = 30
"""So many turns of the loop are enough for everything that can go on to go on."""


class Partition(NamedTuple):
    topic: str
    partition: int


@dataclass(eq=False)
class Message:
    """What the pool needs of a Faust message."""

    tp: Partition
    offset: int
    generation_id: int
    tracked: bool = True


@dataclass(eq=False)
class Event:
    """What the pool needs of a Faust event."""

    message: Message
    key: str
    acked: list["Event"]

    def ack(self) -> None:
        self.acked.append(self)


@dataclass
class Bench:
    """A pool whose work ends when the test says so."""

    limit: int = 100
    quiesce_within: timedelta = timedelta(seconds=5)
    started: list[Event] = field(default_factory=list)
    acked: list[Event] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    gates: dict[Event, asyncio.Future[None]] = field(default_factory=dict)
    offsets: dict[Partition, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.pool: KeyedPool[str] = KeyedPool(
            self._work,
            key=lambda event: str(event.key),
            max_in_flight=self.limit,
            failed=self.failures.append,
            quiesce_within=self.quiesce_within,
        )

    async def _work(self, event: Event) -> None:
        self.started.append(event)
        self.gates[event] = asyncio.get_running_loop().create_future()
        await self.gates[event]

    def event(self, key: str, *, partition: int = 0, generation: int = 1) -> Event:
        tp = Partition("t", partition)
        offset = self.offsets[tp]
        self.offsets[tp] += 1
        return Event(Message(tp, offset, generation), key, self.acked)

    async def submit(self, *keys: str, generation: int = 1) -> list[Event]:
        events = [self.event(key, generation=generation) for key in keys]
        for event in events:
            await self.pool.submit(event)
        await turns()
        return events

    async def end(self, event: Event, error: BaseException | None = None) -> None:
        """The work on it is done, or fails."""
        if error is None:
            self.gates[event].set_result(None)
        else:
            self.gates[event].set_exception(error)
        await turns()

    @property
    def running(self) -> list[Event]:
        return [event for event in self.started if not self.gates[event].done()]


async def turns(number: int = TURNS) -> None:
    for _ in range(number):
        await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time


def played(scene: Callable[[Bench], Awaitable[None]], **options: Any) -> None:  # noqa: ANN401  of a bench
    """A scene with a bench of its own; what is left of it ends with its loop."""

    async def play() -> None:
        async with asyncio.timeout(20):
            await scene(Bench(**options))

    asyncio.run(play())
