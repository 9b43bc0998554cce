"""The one place of this simulator that reads the clock; everything else is given its times."""

import time
from typing import Protocol

from simulators.wms.record import MICROS


class Clock(Protocol):
    """Time as the simulator needs it."""

    def now(self) -> int:
        """Microseconds since 1970 in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Blocks the calling thread."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251 - this module is the clock

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class WarehouseClock:
    """The clock on the warehouse's wall: may start in the past and run faster, and never passes the real time.

    A stream that spans hours of event time can so be sent within minutes, and nothing in it lies in the future.
    """

    def __init__(self, clock: Clock, *, behind_s: float = 0.0, speed: float = 1.0) -> None:
        self._clock = clock
        self._speed = speed
        self._real_start = clock.monotonic()
        self._start = clock.now() - int(behind_s * MICROS)

    def now(self) -> int:
        """Microseconds since 1970 in UTC."""
        elapsed = self._clock.monotonic() - self._real_start
        return min(self._start + int(elapsed * self._speed * MICROS), self._clock.now())
