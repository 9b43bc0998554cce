"""Bounded concurrency: order kept per key, acknowledgements in offset order per partition.

`submit` waits when `max_in_flight` events are inside: that is the back-pressure.  `work` must end: it retries, then
sets aside, inside.  When it raises LeaseLostError or LeftError the event stays unacknowledged and comes again, and
nothing later of its key gets in before it does; any other error ends the process, for the only safe state is the one
in Kafka.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from connectors.core.errors import LeaseLostError

Event = Any  # a Faust event, which is Any here
Key = TypeVar("Key")


REFUSED_AT_MOST = 8
"""Not all of them for good: a group that is made anew counts its generations from the beginning."""


class LeftError(Exception):
    """The event is left as it is: unacknowledged, delivered again after the next seek."""


class Left(NamedTuple):
    """How many events a pool left, in which of its lives."""

    epoch: int
    events: int


class _Entry:
    __slots__ = ("done", "event", "tp")

    def __init__(self, event: Event) -> None:
        self.event, self.done, self.tp = event, False, event.message.tp


def _offset(event: Event) -> int:
    return int(event.message.offset)


class KeyedPool(Generic[Key]):
    """One in flight per key."""

    def __init__(
        self,
        work: Callable[[Event], Awaitable[None]],
        *,
        key: Callable[[Event], Key],
        max_in_flight: int,
        failed: Callable[[BaseException], None],
        first: Callable[[Event], int] = _offset,
        quiesce_within: timedelta = timedelta(seconds=5),
    ) -> None:
        """`first` is the offset of an event's first record: an event can be a batch."""
        self._work, self._key, self._limit, self._failed = work, key, max_in_flight, failed
        self._first = first
        self._quiesce_within = quiesce_within.total_seconds()
        self._epoch = 0
        self._refused: deque[int] = deque(maxlen=REFUSED_AT_MOST)
        """The generations that were quiesced last: nothing more of them gets in."""
        self._left = 0
        self._reset()

    def _reset(self) -> None:
        self._free = asyncio.Semaphore(self._limit)
        self._windows: dict[Any, deque[_Entry]] = {}
        self._queues: dict[Key, deque[_Entry]] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._left_at: dict[Key, tuple[int, int]] = {}
        """Generation, and where the first event that was left begins: what lies behind must not get in before it."""

    @property
    def in_flight(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    @property
    def left(self) -> "Left":
        """Events that were left unacknowledged and not sought yet."""
        return Left(self._epoch, self._left)

    def sought(self, left: "Left") -> None:
        """They come again; those that were forgotten meanwhile, or left later, are not among them."""
        if left.epoch == self._epoch:
            self._left -= left.events

    async def submit(self, event: Event) -> None:
        key, free = self._key(event), self._free
        if self._may_enter(event, key):
            await free.acquire()
            # Checked again: an event that gets in while quiesce() waits would overtake the ones it dropped.
            if self._may_enter(event, key) and free is self._free:
                self._accept(event, key, free)
                return
            free.release()
        event.message.tracked = False  # nobody works on it: the driver need not wait for it

    def _may_enter(self, event: Event, key: Key) -> bool:
        generation = event.message.generation_id
        left_in, left_at = self._left_at.get(key, (-1, 0))
        overtakes = left_in == generation and self._first(event) > left_at
        return not overtakes and generation not in self._refused

    def _accept(self, event: Event, key: Key, free: asyncio.Semaphore) -> None:
        self._left_at.pop(key, None)
        entry = _Entry(event)
        self._windows.setdefault(entry.tp, deque()).append(entry)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque((entry,))
            self._tasks[key] = asyncio.ensure_future(self._run(key, queue, free))
        else:
            queue.append(entry)

    async def _run(self, key: Key, queue: deque[_Entry], free: asyncio.Semaphore) -> None:
        epoch = self._epoch
        try:
            while queue:
                entry = queue[0]
                await self._work(entry.event)
                queue.popleft()
                free.release()
                entry.done = True
                if epoch == self._epoch:
                    self._advance(entry.tp)
        except (LeaseLostError, LeftError):
            self._leave(key, queue, free)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  reported, and it ends the process
            self._failed(error)
        finally:
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]
                self._queues.pop(key, None)

    def _leave(self, key: Key, queue: deque[_Entry], free: asyncio.Semaphore) -> None:
        """Nobody works on them: the driver need not wait, and no other key is held up by them here."""
        first = queue[0].event
        self._left_at[key] = (first.message.generation_id, self._first(first))
        for entry in queue:
            self._left += 1
            entry.event.message.tracked = False
            free.release()
            window = self._windows.get(entry.tp)
            if window is not None and entry in window:
                window.remove(entry)

    def _advance(self, tp: Any) -> None:  # Any: Faust's TP
        window = self._windows.get(tp)
        while window and window[0].done:
            window.popleft().event.ack()

    async def quiesce(self, generation: int) -> None:
        """Drop what has not started, wait for what has (bounded), cancel the rest, forget all of it.

        Events that were not acknowledged are delivered again, to this worker or to the new owner.
        """
        self._refused.append(generation)
        running = list(self._tasks.values())
        for queue in self._queues.values():
            while len(queue) > 1:
                queue.pop().event.message.tracked = False
        if running:
            await asyncio.wait(running, timeout=self._quiesce_within)
        self._epoch += 1
        for window in self._windows.values():  # cancelled below, or done but not acknowledged
            for entry in window:
                entry.event.message.tracked = False
        self._left = 0
        await self._cancel([task for task in running if not task.done()])
        waiters = self._free
        self._reset()
        for _ in range(self._limit):  # wake those who wait to submit to the old epoch
            waiters.release()

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)
