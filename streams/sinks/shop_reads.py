"""Reads of a run that compares the shop with something: a few at once, behind the calls of live trade.

They leave through the shop's gate, so they share its pace and breaker; a hiccup is waited out, an outage ends the run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from connectors.core.errors import ConnectorError, LeaseLostError, RateLimitedError, TargetUnavailableError
from streams.domain.breaker import BreakerState
from streams.domain.reconciliation import ReconcileRules, Run
from streams.sinks.lane_context import LaneContext

TRIES = 4
FIRST_WAIT = timedelta(seconds=1)
MOST_PAUSES = 60
MOST_TURNS = 10
T = TypeVar("T")


class ShopAwayError(Exception):
    """The shop does not answer, or not to this; the run ends."""


class ShopReads:
    """Made anew for each run; counts its calls in `run`."""

    def __init__(self, context: LaneContext, rules: ReconcileRules, run: Run) -> None:
        self._at, self._run = context, run
        self._turns = asyncio.Semaphore(rules.calls_at_once)

    async def free_turn(self) -> None:
        """So that no more is waiting in memory than is asked at once."""
        async with self._turns:
            pass

    async def asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """A few at once, behind the lane's own; a hiccup is waited out.  Raises ShopAwayError, LeaseLostError."""
        async with self._turns:
            tries = pauses = 0
            while True:
                await self._turn()
                try:
                    return await self._counted(ask)
                except LeaseLostError:
                    raise
                except ConnectorError as error:
                    tries, pauses = _after(error, tries, pauses)
                    if isinstance(error, RateLimitedError):
                        self._at.gate.failed(error)  # everybody waits, as long as it says
                    else:
                        await self._at.clock.sleep(FIRST_WAIT * (2 ** (tries - 1)))

    async def _counted(self, ask: Callable[[], Awaitable[T]]) -> T:
        with self._at.gate.counting() as calls:
            try:
                return await ask()
            finally:
                self._run.calls += calls.number

    async def _turn(self) -> None:
        """The lane's calls go first: where calls are paced, a row that is due takes the turn, but not every one."""
        gate, left_to_others = self._at.gate, 0
        while True:
            if gate.breaker.state is not BreakerState.CLOSED:
                raise ShopAwayError(gate.breaker.why)
            wait = gate.ready_in()
            if wait > 0:
                await self._at.clock.sleep(timedelta(seconds=wait))
            elif gate.spacing and left_to_others < MOST_TURNS and self._at.index.is_any_due():
                left_to_others += 1
                await self._at.clock.sleep(timedelta(seconds=gate.spacing))
            else:
                gate.leaving()
                return


def _after(error: ConnectorError, tries: int, pauses: int) -> tuple[int, int]:
    """The next numbers of tries and of pauses.  Raises ShopAwayError where another try is of no use."""
    tries, pauses = tries + (not isinstance(error, RateLimitedError)), pauses + isinstance(error, RateLimitedError)
    may_pass = isinstance(error, (TargetUnavailableError, RateLimitedError))
    if not may_pass or tries >= TRIES or pauses >= MOST_PAUSES:
        raise ShopAwayError(f"{type(error).__name__}: {error.message}"[:300]) from error
    return tries, pauses
