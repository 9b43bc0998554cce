"""The only place where simulators learn the time and wait, so that tests can hand in a clock of their own."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the simulators need of time."""

    def now(self) -> float:
        """Seconds since 1970, as a journal entry shows them."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after that many seconds."""
        ...


class SystemClock:
    """A simulator is a process of its own: it reads the machine's clock, never the application's."""

    def now(self) -> float:
        return time.time()  # noqa: TID251 - this module is the simulators' door to the clock

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - same
