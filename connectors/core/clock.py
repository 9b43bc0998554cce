"""Time and nonces as an argument, so that connectors can be tested without waiting."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a connector needs of time and chance; the real one is `streams.runtime.clock.SystemClock`."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def nonce(self) -> str:
        """32 hexadecimal characters that nobody can guess."""
        ...

    async def sleep(self, delay: timedelta) -> None:
        """Let other work go on for `delay`."""
        ...
