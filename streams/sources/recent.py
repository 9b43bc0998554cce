"""The events of the last hour, so that a sender may send one again without a second record.

The memory is bounded by time and by number, and is gone after a restart.  Then, and with a second gateway, a repeat
is a second record: the orders flow knows its event id and changes nothing.  So the memory spares records; it carries
no promise.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from streams.runtime.clock import Clock

T = TypeVar("T")
Key = tuple[str, str]
"""Channel and event id, or whatever else tells events apart."""


class OtherContentError(Exception):
    """The id of an event was used before, for something else."""


class Appended(NamedTuple, Generic[T]):
    """Where the record of an event lies (what `append` returned); `again` where it lay there before."""

    place: T
    again: bool


@dataclass(slots=True, eq=False)
class _Known(Generic[T]):
    digest: bytes
    until: float
    task: "asyncio.Task[T] | None"
    place: T | None = None


class Recent(Generic[T]):
    """`for_s` seconds and `at_most` ids, the oldest forgotten first."""

    def __init__(self, clock: Clock, *, for_s: float, at_most: int) -> None:
        self._clock, self._for_s, self._most = clock, for_s, at_most
        self._known: OrderedDict[Key, _Known[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    async def once(self, key: Key, digest: bytes, append: Callable[[], Coroutine[None, None, T]]) -> Appended[T]:
        """Appends what is not known yet; a repeat waits for the first, and fails as it fails.

        Raises OtherContentError, and whatever `append` raises: then the event is not remembered.  An append goes on
        where whoever asked for it is gone.
        """
        self._forget()
        known = self._known.get(key)
        again = known is not None
        if known is None:
            known = self._begin(key, digest, append)
        elif known.digest != digest:
            raise OtherContentError
        place = known.place if known.task is None else await asyncio.shield(known.task)
        assert place is not None  # a task that failed has raised
        return Appended(place, again)

    def _begin(self, key: Key, digest: bytes, append: Callable[[], Coroutine[None, None, T]]) -> _Known[T]:
        known = _Known(digest, self._clock.monotonic() + self._for_s, asyncio.create_task(append()))
        self._known[key] = known

        def ended(task: "asyncio.Task[T]") -> None:
            known.task = None
            if task.cancelled() or task.exception() is not None:
                if self._known.get(key) is known:
                    del self._known[key]
            else:
                known.place = task.result()

        assert known.task is not None
        known.task.add_done_callback(ended)
        return known

    def _forget(self) -> None:
        now = self._clock.monotonic()
        while self._known and (len(self._known) >= self._most or self._oldest().until <= now):
            self._known.popitem(last=False)

    def _oldest(self) -> _Known[T]:
        return next(iter(self._known.values()))
