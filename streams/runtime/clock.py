"""The only place that asks what time it is, or for chance; everything else takes a `Clock` as an argument."""

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from connectors.core.clock import Clock as ConnectorClock


class Clock(ConnectorClock, Protocol):
    """Time and chance for the runtime."""

    def micros(self) -> int:
        """Microseconds since 1970, UTC."""
        ...

    def random(self) -> float:
        """From 0 up to 1."""
        ...


class SystemClock:
    """The machine's own time and chance."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  the one door

    def micros(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251  the one door

    def nonce(self) -> str:
        return secrets.token_hex(16)

    def random(self) -> float:
        return secrets.randbelow(2**53) / 2**53

    async def sleep(self, delay: timedelta) -> None:
        await asyncio.sleep(delay.total_seconds())  # noqa: TID251  the one door
