"""Asks targets through their doors, so that a comparison shares the budget that the sinks have."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from connectors.core.errors import (
    ConnectorError,
    LeaseLostError,
    PermanentError,
    RateLimitedError,
    TargetUnavailableError,
)
from connectors.core.order_ports import ShopOrderTarget
from schemas.models.document import Held, OrderChange
from streams.app.completeness.around import Door
from streams.app.completeness.order_evidence import Listed
from streams.domain.breaker import BreakerState
from streams.domain.order_id import unified_id
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate

T = TypeVar("T")
TRIES = 4
FIRST_WAIT = timedelta(milliseconds=500)


class TargetAwayError(Exception):
    """It cannot be asked now; the message says why."""


class Asking:
    """Reads only; one call at a time for each target."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def asked(self, gate: Gate, ask: Callable[[], Awaitable[T]]) -> T:
        """Behind the sinks' calls; a hiccup is waited out.  Raises TargetAwayError, LeaseLostError, PermanentError."""
        for tries in range(TRIES):
            await self._turn(gate)
            try:
                found = await ask()
            except (LeaseLostError, PermanentError):
                raise
            except RateLimitedError as error:
                gate.failed(error)
            except TargetUnavailableError as error:
                if tries == TRIES - 1:
                    raise TargetAwayError(f"{type(error).__name__}: {error.message}"[:300]) from error
                await self._clock.sleep(FIRST_WAIT * 2**tries)
            except ConnectorError as error:
                raise TargetAwayError(f"{type(error).__name__}: {error.message}"[:300]) from error
            else:
                gate.succeeded()
                return found
        raise TargetAwayError(f"{gate.target} asks for patience again and again")

    async def _turn(self, gate: Gate) -> None:
        while True:
            if gate.breaker.state is not BreakerState.CLOSED:
                raise TargetAwayError(gate.breaker.why or "it is left alone")
            wait = gate.ready_in()
            if wait <= 0:
                gate.leaving()
                return
            await self._clock.sleep(timedelta(seconds=wait))

    async def held(self, door: Door, references: Iterable[str]) -> list[Held]:
        """In portions.  Raises TargetAwayError, LeaseLostError."""
        if door.holdings is None:
            raise TargetAwayError(f"{door.gate.target} cannot be asked for what it holds")
        holdings = door.holdings
        names = list(dict.fromkeys(references))
        found: list[Held] = []
        for start in range(0, len(names), holdings.at_once):
            portion = names[start : start + holdings.at_once]
            try:
                found += await self.asked(door.gate, partial(holdings.held, portion))
            except PermanentError as error:
                raise TargetAwayError(f"{type(error).__name__}: {error.message}"[:300]) from error
        return found

    async def placed(
        self, gate: Gate, port: ShopOrderTarget, channel: str, since: int, before: int
    ) -> Mapping[str, Listed]:
        """Orders of the shop that were placed then, page by page.  Raises TargetAwayError, LeaseLostError."""
        found: dict[str, Listed] = {}
        last: tuple[int, str] = (since, "")
        while True:
            page: Sequence[OrderChange] = await self.asked(gate, partial(port.changed_orders, *last))
            for row in page:
                if since <= row.placed_at < before:
                    found[unified_id(channel, row.number)] = Listed(row.number, row.placed_at)
            if not page or (page[-1].updated_at, page[-1].entity_id) == last:
                return found
            last = (page[-1].updated_at, page[-1].entity_id)
