"""The real gate, governor, queue and rules of work under a clock that jumps, against a target with hidden bounds.

What the sink does with a call (streams/sinks/command_calls.py), without tables and topics: every step that it may take
is decided by `work.next_step`, every turn by the gate, every choice by the queue.
"""

import heapq
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.core.calls import CallDetails
from connectors.core.errors import (
    ConnectorError,
    RateLimitedError,
    TargetUnavailableError,
    TooMany,
    UnknownOutcomeError,
)
from streams.domain import work
from streams.domain.cut_off import Urgency
from streams.domain.governor import UNLIMITED, Limits
from streams.domain.urgency_queue import UrgencyQueue
from streams.domain.work import Manner, Pending, Step, Work
from streams.runtime.gate import Gate, Turn
from tests.fakes.still_clock import StillClock

MICROS = 1_000_000
UPSERTS = Manner(upserts=True, settle=60 * MICROS)


@dataclass
class Window:
    """So many calls of each window of so many seconds."""

    calls: int
    seconds: float
    says_how_long: bool = True
    _at: int = -1
    _taken: int = 0

    def refuses(self, now: float) -> ConnectorError | None:
        window = int(now // self.seconds)
        if window != self._at:
            self._at, self._taken = window, 0
        self._taken += 1
        if self._taken <= self.calls:
            return None
        return limited("rate", (window + 1) * self.seconds - now if self.says_how_long else None)


def limited(what: TooMany, wait: float | None) -> ConnectorError:
    return RateLimitedError("slow down", retry_after=None if wait is None else timedelta(seconds=wait), what=what)


@dataclass
class Target:
    """`at_once` and `away` by the time; `window` None: no bound on calls a second.  Takes an order once."""

    at_once: Callable[[float], int] = lambda _now: 1_000
    window: Window | None = None
    latency: Callable[[float], float] = lambda _now: 0.2
    away: Callable[[float], bool] = lambda _now: False
    loses: Callable[[int], bool] = lambda _number: False
    """Whether the answer to its so-manieth call is lost, after the effect."""
    has: dict[str, list[str]] = field(default_factory=dict)
    """Entity → commands, in the order in which they took effect."""
    calls: int = 0
    under_way: int = 0
    refused: list[float] = field(default_factory=list)
    let: list[float] = field(default_factory=list)

    def begins(self, now: float) -> tuple[ConnectorError | None, float]:
        """What it will answer, and after how long; None: it does what it is asked."""
        self.calls += 1
        if self.away(now):
            return TargetUnavailableError("connection refused"), 0.01
        error = limited("at-once", None) if self.under_way >= self.at_once(now) else None
        error = error or (self.window.refuses(now) if self.window is not None else None)
        if error is not None:
            self.refused.append(now)
            return error, 0.01
        self.under_way += 1
        self.let.append(now)
        return None, self.latency(now)


@dataclass
class Scheduler:
    """`tasks` orders are worked on side by side at most."""

    target: Target
    limits: Limits = UNLIMITED
    tasks: int = 8
    manner: Manner = UPSERTS

    def __post_init__(self) -> None:
        self.clock = StillClock()
        self.began = self.clock.micros()
        self.gate = Gate("simulated", self.clock, self.limits)
        self.queue: UrgencyQueue[str] = UrgencyQueue()
        self.works: dict[str, Work] = {}
        self.ended: dict[str, float] = {}
        """Command → when its effect was known."""
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = self._busy = 0
        self._open: dict[str, tuple[Context, AbstractContextManager[Turn]]] = {}

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return (self.clock.micros() - self.began) / MICROS

    def at(self, seconds: float, what: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (seconds, self._number, what))

    def comes(self, entity: str, command: str, urgency: Callable[[int], Urgency] = Urgency) -> None:
        """A command of an entity is taken in now."""
        now = self.clock.micros()
        place = ("erp.command.v1", 0, self._number)
        self.works[entity], _ = work.received(self.works.get(entity, Work()), Pending(command, b"", place))
        self.queue.add(entity, now, urgency(now))

    def run(self, until: float) -> None:
        """Until then, or until nothing is left to do; once."""
        self._run(until)
        for here, turn in self._open.values():
            here.run(turn.__exit__, None, None, None)
        self._open.clear()

    def _run(self, until: float) -> None:
        while True:
            self._begin_all()
            next_ = self._events[0][0] if self._events else until
            waits = [self.gate.ready_in()] if self._busy < self.tasks else []
            due = self.queue.next_at()
            if due is not None and waits:
                next_ = min(next_, max(self.now + waits[0], (due - self.began) / MICROS))
            if next_ >= until or (not self._events and due is None):
                return
            self.clock.after(max(next_ - self.now, 1e-6))
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()

    def _begin_all(self) -> None:
        while self._busy < self.tasks and self.gate.ready_in() == 0:
            entity = self.queue.take(self.clock.micros())
            if entity is None:
                return
            next_ = work.next_step(self.works[entity], self.clock.micros(), self.manner)
            if next_.step in {Step.LOOK, Step.CALL}:
                copy_context().run(self._begin, entity, next_.step)
            else:
                self.queue.put_back(entity, next_.at if next_.step is Step.WAIT else None)

    def _begin(self, entity: str, step: Step) -> None:
        """In a context of its own, as a task has one."""
        here: Context = copy_context()
        turn = self.gate.turn()
        here.run(turn.__enter__)
        self._busy += 1
        self._open[entity] = here, turn
        here.run(self._leaves, entity, step)

    def _leaves(self, entity: str, step: Step) -> None:
        here, _turn = self._open[entity]
        if step is Step.CALL:
            self.works[entity] = work.calling(self.works[entity], self.clock.micros())
        self.gate.leaving()
        error, seconds = self.target.begins(self.now)
        number, left_at = self.target.calls, self.now
        if error is None and step is Step.CALL:
            commands = self.target.has.setdefault(entity, [])
            command = self.works[entity].head.command_id
            if command not in commands or not self.manner.upserts:
                commands.append(command)
        self.at(self.now + seconds, lambda: here.run(self._ends, entity, step, error, number, self.now - left_at))

    def _put_back(self, entity: str, at: int | None) -> None:
        _here, turn = self._open.pop(entity)
        turn.__exit__(None, None, None)
        self._busy -= 1
        self.queue.put_back(entity, at)

    def _ends(self, entity: str, step: Step, error: ConnectorError | None, number: int, seconds: float) -> None:
        before, now = self.works[entity], self.clock.micros()
        self.gate.observe(_exchange(error, seconds))
        if error is None:
            self.target.under_way -= 1
            if self.target.loses(number) and step is Step.CALL:
                error = UnknownOutcomeError("no answer")
        if error is not None:
            self.gate.failed(error)
            again = now + int(max(0.2, self.gate.ready_in()) * MICROS)
            if isinstance(error, UnknownOutcomeError):
                self.works[entity] = work.unknown(before, now, again)
            elif step is Step.CALL:
                self.works[entity] = work.put_off(before, again)
            self._put_back(entity, again)
            return
        self.gate.succeeded()
        if step is Step.LOOK and before.head.command_id not in self.target.has.get(entity, []):
            self.works[entity] = work.looked_up(before, self.manner)
            self._leaves(entity, Step.CALL)
            return
        self.ended[before.head.command_id] = self.now
        self.works[entity] = work.ended(before, "APPLIED")
        self._put_back(entity, now if self.works[entity].is_unfinished else None)


def _exchange(error: ConnectorError | None, seconds: float) -> CallDetails:
    named: dict[str, Any] = {"target": "simulated", "operation": "make", "method": "PUT", "template": "/order"}
    return CallDetails(
        **named,
        status=None if error is not None else 204,
        started=0.0,
        duration=timedelta(seconds=seconds),
        attempt=1,
        error=None if error is None else type(error).__name__,
        bytes_sent=0,
        bytes_received=0,
    )
