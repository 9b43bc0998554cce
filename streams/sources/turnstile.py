"""How many requests are under way: no more than a limit, none once the gateway stops, and when the last one left.

A request that may be large takes the room of several, so that the bytes under way are bounded too.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from streams.runtime.metrics import GATEWAY_IN_FLIGHT
from streams.sources.answers import Reason, RefusedError


class Turnstile:
    """Who is refused is told to come again."""

    def __init__(self, at_most: int) -> None:
        self._most, self._inside, self._taken, self._closed = at_most, 0, 0, False
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def passed(self, room: int = 1) -> Iterator[None]:
        """Inside for as long as the block lasts.  Raises RefusedError."""
        if self._closed:
            raise RefusedError(Reason.STOPPING, "The gateway is being stopped; send it again.")
        room = min(room, self._most)
        if self._taken + room > self._most:
            raise RefusedError(Reason.BUSY, "Too many requests at once; send it again later.")
        self._count(1, room)
        try:
            yield
        finally:
            self._count(-1, -room)

    def close(self) -> None:
        """Lets nobody in any more."""
        self._closed = True

    async def emptied(self) -> None:
        await self._empty.wait()

    def _count(self, change: int, room: int) -> None:
        self._inside += change
        self._taken += room
        GATEWAY_IN_FLIGHT.set(self._inside)
        if self._inside:
            self._empty.clear()
        else:
            self._empty.set()
