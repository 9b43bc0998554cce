"""A clock that stands still until a test moves it, so that an hour of waiting takes no time."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta


class FakeClock:
    """`connectors.core.clock.Clock` for tests.

    `sleep` waits until `advance` has moved the clock far enough; with `runs_freely` it moves the clock itself.
    Nonces are 1, 2, 3 … in 32 hexadecimal digits.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, 12, 0, tzinfo=UTC), *, runs_freely: bool = False) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._runs_freely = runs_freely
        self._counter = itertools.count(1)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._tickets = itertools.count()
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def nonce(self) -> str:
        return f"{next(self._counter):032x}"

    async def sleep(self, delay: timedelta) -> None:
        self.slept.append(delay)
        if self._runs_freely:
            self.advance(delay)
        due = self._monotonic + (0.0 if self._runs_freely else delay.total_seconds())
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (due, next(self._tickets), wake))
        if due <= self._monotonic:
            asyncio.get_running_loop().call_soon(self.advance, timedelta())
        await wake

    def advance(self, delay: timedelta) -> None:
        """Move time and wake, in order, everybody whose time has come."""
        self._now += delay
        self._monotonic += delay.total_seconds()
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            _, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)

    def jump(self, delay: timedelta) -> None:
        """Change the wall clock alone, as a correction of the machine's time does."""
        self._now += delay
