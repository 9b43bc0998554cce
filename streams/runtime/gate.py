"""The door to one target: breaker, governor and measures, shared by all that call it.

A failing target stops only its own sink.  Nothing is set aside for an outage: what waits, waits in Kafka or in rows.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.core.calls import CallDetails
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    LockedError,
    RateLimitedError,
    TargetUnavailableError,
    UnauthorizedError,
)
from streams.domain import governor
from streams.domain.breaker import Breaker, BreakerState
from streams.domain.governor import UNLIMITED, Governor, Limits, Usage
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import (
    BREAKER,
    CALLS_AT_ONCE,
    CALLS_LEFT_TODAY,
    CALLS_PER_SECOND,
    REQUEST_SECONDS,
    REQUESTS,
)

FULL_LOOK_S = 0.05
"""Who waits for a place among the calls at once, and is not woken, looks again so soon."""

_LOG = logger("streams.gate")


@dataclass(slots=True)
class Calls:
    """How many left."""

    number: int = 0


@dataclass(slots=True, eq=False)
class Turn:
    """A place among the calls at once; `under_way` counts those that had left when its last call did, itself too."""

    under_way: int = 0
    is_used: bool = False
    is_over: bool = False
    exchanges: int = 0
    """Since the last call left."""
    made: int = 0
    """In all."""
    has_place: bool = False
    since: float = 0.0
    """When it got its place; monotonic."""
    held_s: float = 0.0
    """How long it had it, once it is over."""
    got_place: asyncio.Event = field(default_factory=asyncio.Event)


_COUNTED: ContextVar[Calls | None] = ContextVar("_COUNTED", default=None)
_TURN: ContextVar[Turn | None] = ContextVar("_TURN", default=None)


class Gate:
    """`breaker` and `governor` can be read by pages; everything else goes through the methods."""

    def __init__(self, target: str, clock: Clock, limits: Limits = UNLIMITED, *, spends_reserve: bool = True) -> None:
        self.target, self._clock, self._limits = target, clock, limits
        self.breaker = Breaker()
        self.governor: Governor = governor.governor(limits, spends_reserve=spends_reserve)
        self.last_answer_at = 0
        """µs, UTC; 0 where there was none yet."""
        self.returns = 0
        """How often the target came back after trouble."""
        self._under_way = self._ahead = 0
        self._line: deque[Turn] = deque()
        self._wakes: list[Callable[[], None]] = []

    @property
    def spacing(self) -> float:
        """Seconds from one call to the next; 0 where calls are not paced."""
        return self.governor.pace.spacing

    def share(self, share: float) -> None:
        """What of the target's budget is ours, beside other workers."""
        self._bound(self._limits.shared(share))

    def limit(self, limits: Limits) -> None:
        """Other bounds; what was learned stays."""
        self._limits = limits
        self._bound(limits)

    def _bound(self, limits: Limits) -> None:
        self.governor = governor.limited(self.governor, limits)
        self._show()

    def when_free(self, wake: Callable[[], None]) -> None:
        """Called whenever a place among the calls at once is free again."""
        self._wakes.append(wake)

    @contextmanager
    def counting(self) -> Iterator[Calls]:
        """Counts the calls that the caller's own task makes meanwhile."""
        calls = Calls()
        token = _COUNTED.set(calls)
        try:
            yield calls
        finally:
            _COUNTED.reset(token)

    # ── may a call leave ─────────────────────────────────────────────────────────────────────────

    def ready_in(self) -> float:
        """Seconds until a call may leave; 0 for now."""
        return max(self._held(), min(self._paced(), FULL_LOOK_S if self._is_full else float("inf")))

    def ahead_in(self) -> float:
        """Seconds until work may begin to be got ready: as much as there are places, where calls are not paced."""
        if self.spacing or self._held():
            return self.ready_in()
        return FULL_LOOK_S if self._ahead >= self.governor.at_once.limit else 0.0

    @property
    def _is_full(self) -> bool:
        return self._under_way >= self.governor.at_once.limit

    def _held(self) -> float:
        """The target is to be left alone."""
        now = self._clock.monotonic()
        held = 0.0 if self.breaker.may_call(now) else self.breaker.retry_at - now
        if self.breaker.state is BreakerState.CLOSED and self.breaker.failures:
            held = max(held, self.breaker.retry_at - now)
        return max(0.0, held, self.governor.held(now))

    def _paced(self) -> float:
        return self.governor.paced(self._clock.monotonic(), self._under_way)

    async def next_turn(self) -> bool:
        """Waits for the pace, as long as that is all there is to wait for; False where the target is left alone."""
        while not (held := self._held()) and (wait := self.ready_in()):
            await self._clock.sleep(timedelta(seconds=wait))
        return held == 0

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Takes a place and the next turn at once, so that nobody takes the same one; given back where it is not used.

        To be entered where `ready_in` is 0, with nothing awaited in between.
        """
        with self._turn(Turn()) as turn:
            self._take_place(turn)
            yield turn

    @contextmanager
    def ahead(self) -> Iterator[Turn]:
        """A turn whose work is got ready before there is a place for it; `enter` waits for the place.

        To be entered where `ahead_in` is 0, with nothing awaited in between.
        """
        with self._turn(Turn()) as turn:
            if self.spacing:
                self._take_place(turn)
            else:
                self._ahead += 1
            yield turn

    @contextmanager
    def _turn(self, turn: Turn) -> Iterator[Turn]:
        token = _TURN.set(turn)
        try:
            yield turn
        finally:
            _TURN.reset(token)
            self._give_back(turn)

    def _take_place(self, turn: Turn) -> None:
        turn.has_place, turn.since = True, self._clock.monotonic()
        self._under_way += 1
        self.governor = governor.left(self.governor, turn.since)

    async def enter(self, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Takes the place of work that was got ready, in the order of asking.

        False where the target is left alone meanwhile, or `is_over`.
        """
        turn = _TURN.get()
        if turn is None or turn.has_place:
            return True
        self._line.append(turn)
        try:
            while not (turn.got_place.is_set() or is_over() or self._is_left_alone):
                self._let_in()
                with suppress(TimeoutError):
                    async with asyncio.timeout(FULL_LOOK_S):
                        await turn.got_place.wait()
        finally:
            with suppress(ValueError):
                self._line.remove(turn)
        return turn.got_place.is_set()

    @property
    def _is_left_alone(self) -> bool:
        """Not while one call is out to see: its answer says whether there is more to wait for."""
        return self._held() > 0 and self.breaker.state is not BreakerState.TRYING

    def _let_in(self) -> None:
        """The first of those that wait for a place, where there is one."""
        if self._line and self.ready_in() == 0:
            turn = self._line.popleft()
            self._ahead -= 1
            self._take_place(turn)
            turn.got_place.set()
            self._wake()

    def done(self) -> None:
        """The calls of this turn are made: somebody else may have its place while what came of them is written."""
        turn = _TURN.get()
        if turn is not None:
            self._give_back(turn)

    def _give_back(self, turn: Turn) -> None:
        if turn.is_over:
            return
        turn.is_over = True
        if not turn.has_place:
            self._ahead -= 1
            self._wake()
            return
        self._under_way -= 1
        turn.held_s = self._clock.monotonic() - turn.since
        if not turn.is_used:
            self.governor = governor.unused(self.governor)
        self._let_in()
        self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    def leaving(self) -> None:
        """A call leaves now."""
        now, turn = self._clock.monotonic(), _TURN.get()
        if turn is None or turn.is_used:
            self.governor = governor.left(self.governor, now)
        if turn is not None:
            turn.under_way, turn.is_used, turn.exchanges = self._under_way, True, 0
        self.breaker = self.breaker.trying(now)
        self._show()

    # ── what came of it ──────────────────────────────────────────────────────────────────────────

    def succeeded(self) -> None:
        self.governor = governor.answered(self.governor, self._clock.monotonic())
        self._is_there()

    def _is_there(self) -> None:
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
            self._refused(error)
        if isinstance(error, (RateLimitedError, LockedError, ConflictError)):
            self._is_there()  # it answers
            return
        if isinstance(error, (UnauthorizedError, ConfigurationError)):
            self.breaker = self.breaker.needs_operator(now, at, why)
        else:
            after = error.retry_after if isinstance(error, TargetUnavailableError) else None
            self.breaker = self.breaker.failed(now, at, why, after.total_seconds() if after else None)
        if self.breaker.state is not before:
            _LOG.warning("target-trouble", target=self.target, state=self.breaker.state.name, why=why)
        self._show()

    def _refused(self, error: RateLimitedError) -> None:
        turn = _TURN.get()
        before = self.governor
        self.governor = governor.refused(
            before,
            self._clock.monotonic(),
            what=error.what,
            retry_after=None if error.retry_after is None else error.retry_after.total_seconds(),
            under_way=self._under_way if turn is None else turn.under_way,
        )
        after = self.governor
        _LOG.info(
            "target-refused",
            target=self.target,
            what=error.what,
            at_once=after.at_once.limit,
            calls_per_s=round(after.per_s, 3),
            was=round(before.per_s, 3),
        )

    def observe(self, call: CallDetails) -> None:
        """Handed to the connector: one exchange, as metrics may see it."""
        now, turn = self._clock.monotonic(), _TURN.get()
        counted = _COUNTED.get()
        if counted is not None:
            counted.number += 1
        if turn is not None:
            turn.exchanges, turn.made = turn.exchanges + 1, turn.made + 1
            if turn.exchanges > 1:  # one command, several calls: they count as well
                self.governor = governor.left(self.governor, now)
            if call.error is None:
                self.governor = governor.took(self.governor, call.duration.total_seconds(), turn.under_way, now)
        if call.used_of_day is not None:
            self.governor = governor.used(self.governor, Usage(*call.used_of_day), now)
        code = str(call.status) if call.status else call.error or "none"
        REQUESTS.labels(call.target, call.operation, code).inc()
        REQUEST_SECONDS.labels(call.target, call.operation).observe(call.duration.total_seconds())

    def _show(self) -> None:
        BREAKER.labels(self.target).set(int(self.breaker.state))
        CALLS_AT_ONCE.labels(self.target).set(self.governor.at_once.limit)
        CALLS_PER_SECOND.labels(self.target).set(self.governor.per_s)
        if self.governor.left_of_day is not None:
            CALLS_LEFT_TODAY.labels(self.target).set(self.governor.left_of_day)
