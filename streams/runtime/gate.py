"""The door to one target: breaker, pace and measures, shared by all that call it.

A failing target stops only its own sink.  Nothing is set aside for an outage: what waits, waits in Kafka or in rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from connectors.core.calls import CallDetails
from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    RateLimitedError,
    TargetUnavailableError,
    UnauthorizedError,
)
from streams.domain.breaker import Breaker, BreakerState
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import BREAKER, REQUEST_SECONDS, REQUESTS

DEFAULT_PAUSE = timedelta(seconds=5)
"""After a 429 that does not say how long (Adobe's sample client waits as long)."""

_LOG = logger("streams.gate")


@dataclass(slots=True)
class Calls:
    """How many left."""

    number: int = 0


_COUNTED: ContextVar[Calls | None] = ContextVar("_COUNTED", default=None)


class Gate:
    """`breaker` can be read by pages; everything else goes through the methods."""

    def __init__(self, target: str, clock: Clock, calls_per_s: float = 0) -> None:
        self.target, self._clock = target, clock
        self.breaker = Breaker()
        self.last_answer_at = 0
        """µs, UTC; 0 where there was none yet."""
        self.returns = 0
        """How often the target came back after trouble."""
        self._pause_until = 0.0
        self._spacing = 1 / calls_per_s if calls_per_s else 0.0
        self._next_call = 0.0

    @property
    def spacing(self) -> float:
        """Seconds from one call to the next; 0 where calls are not paced."""
        return self._spacing

    @contextmanager
    def counting(self) -> Iterator[Calls]:
        """Counts the calls that the caller's own task makes meanwhile."""
        calls = Calls()
        token = _COUNTED.set(calls)
        try:
            yield calls
        finally:
            _COUNTED.reset(token)

    def ready_in(self) -> float:
        """Seconds until a call may leave; 0 for now."""
        now = self._clock.monotonic()
        held = 0.0 if self.breaker.may_call(now) else self.breaker.retry_at - now
        if self.breaker.state is BreakerState.CLOSED and self.breaker.failures:
            held = max(held, self.breaker.retry_at - now)
        return max(0.0, held, self._pause_until - now, self._next_call - now)

    async def next_turn(self) -> bool:
        """Waits for the pace, as long as that is all there is to wait for; False where the target is left alone."""
        while 0 < (wait := self.ready_in()) <= self._spacing:
            await self._clock.sleep(timedelta(seconds=wait))
        return wait == 0

    def leaving(self) -> None:
        """A call leaves now."""
        now = self._clock.monotonic()
        self._next_call = now + self._spacing
        self.breaker = self.breaker.trying(now)
        self._show()

    def succeeded(self) -> None:
        if self.breaker.state is not BreakerState.CLOSED:
            self.returns += 1
            _LOG.info("target-back", target=self.target, was=self.breaker.state.name, why=self.breaker.why)
        self.breaker = self.breaker.succeeded()
        self.last_answer_at = self._clock.micros()
        self._show()

    def answered(self) -> None:
        """It is there, but whether it works only the next answers show."""
        self.breaker = self.breaker.answered()
        self.last_answer_at = self._clock.micros()
        self._show()

    def failed(self, error: ConnectorError) -> None:
        """What the error says of the target as a whole; an answer about content is no failure of the target."""
        now, at = self._clock.monotonic(), self._clock.micros()
        before = self.breaker.state
        why = f"{type(error).__name__}: {error.message}"[:300]
        if isinstance(error, RateLimitedError):
            pause = (error.retry_after or DEFAULT_PAUSE).total_seconds()
            self._pause_until = max(self._pause_until, now + pause)
            self.succeeded()  # it answers: it is there
            return
        if isinstance(error, (UnauthorizedError, ConfigurationError)):
            self.breaker = self.breaker.needs_operator(now, at, why)
        else:
            after = error.retry_after if isinstance(error, TargetUnavailableError) else None
            self.breaker = self.breaker.failed(now, at, why, after.total_seconds() if after else None)
        if self.breaker.state is not before:
            _LOG.warning("target-trouble", target=self.target, state=self.breaker.state.name, why=why)
        self._show()

    def observe(self, call: CallDetails) -> None:
        """Handed to the connector: one exchange, as metrics may see it."""
        counted = _COUNTED.get()
        if counted is not None:
            counted.number += 1
        code = str(call.status) if call.status else call.error or "none"
        REQUESTS.labels(call.target, call.operation, code).inc()
        REQUEST_SECONDS.labels(call.target, call.operation).observe(call.duration.total_seconds())

    def _show(self) -> None:
        BREAKER.labels(self.target).set(int(self.breaker.state))
