"""Calls of a poller through the door of its target: in turn, paced, and not while the target wants to be left alone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from connectors.core.errors import ConnectorError, PermanentError
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate

T = TypeVar("T")
LEAST_WAIT_S = 0.1
JITTER = 0.25
"""So much longer at most: two processes that were refused together do not come back together."""


class TargetCalls:
    """Calls that change nothing."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self.gate, self._clock = gate, clock

    async def made(self, call: Callable[[], Awaitable[T]]) -> T:
        """Waits until a call may leave, and makes it once.  Raises ConnectorError."""
        while not await self.gate.next_turn():
            await self.rest()
        with self.gate.turn():
            self.gate.leaving()
            try:
                answer = await call()
            except PermanentError:
                self.gate.succeeded()
                raise
            except ConnectorError as error:
                self.gate.failed(error)
                raise
            self.gate.succeeded()
            return answer

    async def rest(self, least_s: float = LEAST_WAIT_S) -> None:
        """As long as the target wants to be left alone, and a little longer."""
        wait = max(least_s, self.gate.ready_in()) * (1 + JITTER * self._clock.random())
        await self._clock.sleep(timedelta(seconds=wait))
