"""Bounded concurrency: order kept per key, acknowledgements in offset order per partition.

`submit` waits when `max_in_flight` events are inside: that is the back-pressure.  `work` must end: it retries, then
sets aside, inside.  When it raises LeaseLostError or LeftError the event stays unacknowledged and comes again; any
other error ends the process, for the only safe state is the one in Kafka.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar

from connectors.core.errors import LeaseLostError

Event = Any  # a Faust event, which is Any here
Key = TypeVar("Key")


class LeftError(Exception):
    """The event is left as it is: unacknowledged, delivered again after the next seek."""


class _Entry:
    __slots__ = ("done", "event", "tp")

    def __init__(self, event: Event) -> None:
        self.event, self.done, self.tp = event, False, event.message.tp


class KeyedPool(Generic[Key]):
    """One in flight per key."""

    def __init__(
        self,
        work: Callable[[Event], Awaitable[None]],
        *,
        key: Callable[[Event], Key],
        max_in_flight: int,
        failed: Callable[[BaseException], None],
        quiesce_within: timedelta = timedelta(seconds=5),
    ) -> None:
        self._work, self._key, self._limit, self._failed = work, key, max_in_flight, failed
        self._quiesce_within = quiesce_within.total_seconds()
        self._epoch = 0
        self._refused = -1
        """The generation that was quiesced: nothing more of it gets in."""
        self.left = 0
        """Events left unacknowledged since this was last set to 0."""
        self._reset()

    def _reset(self) -> None:
        self._free = asyncio.Semaphore(self._limit)
        self._windows: dict[Any, deque[_Entry]] = {}
        self._queues: dict[Key, deque[_Entry]] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    @property
    def in_flight(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    async def submit(self, event: Event) -> None:
        message, free = event.message, self._free
        if message.generation_id != self._refused:
            await free.acquire()
            # Checked again: an event that gets in while quiesce() waits would overtake the ones it dropped.
            if message.generation_id != self._refused and free is self._free:
                self._accept(event, free)
                return
            free.release()
        message.tracked = False  # nobody works on it: the driver need not wait for it

    def _accept(self, event: Event, free: asyncio.Semaphore) -> None:
        entry = _Entry(event)
        self._windows.setdefault(entry.tp, deque()).append(entry)
        key = self._key(event)
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
            self._leave(queue, free)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  reported, and it ends the process
            self._failed(error)
        finally:
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]
                self._queues.pop(key, None)

    def _leave(self, queue: deque[_Entry], free: asyncio.Semaphore) -> None:
        """Nobody works on them: the driver need not wait, and what comes later is not held up by them here."""
        for entry in queue:
            self.left += 1
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
        self._refused = generation
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
        self.left = 0
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
