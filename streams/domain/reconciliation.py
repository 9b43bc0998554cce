"""Runs of the comparison with the shop: what was asked, what each found, and when the next one is due."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec

from streams.domain.drift import Drift, Verdict
from streams.domain.reservation_candidates import Kind
from streams.domain.reservations import Finding

KEPT_DRIFT = 10_000
"""Of one run; beyond that it is counted only."""


class Scope(StrEnum):
    """What a run looks at: all rows, those that were written lately, or what is reserved for open orders."""

    FULL = "full"
    WINDOW = "window"
    RESERVATIONS = "reservations"


class RunState(StrEnum):
    """RUNNING, then one of the others."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The shop stopped answering: what was found until then holds, the rest is not known."""
    STOPPED = "stopped"
    """The lane was closed or began anew."""
    REFUSED = "refused"
    """Nothing was begun."""


class ReconcileRules(NamedTuple):
    """`every` 0 and a time None: not by itself.  `repair`: kinds that the lane writes again, all others are told.

    `threshold` (micros) is what the shop usually keeps back; of one product it is read where it matters.
    """

    every: timedelta = timedelta(0)
    full_at: time | None = None
    calls_at_once: int = 3
    repair: frozenset[Verdict] = frozenset()
    reservations_at: time | None = None
    threshold: int = 0


class Request(msgspec.Struct, frozen=True):
    """One run, as it is asked for; stored in the standing order of a person."""

    run: str
    scope: Scope
    window_s: float = 300
    repair: tuple[Verdict, ...] | None = None
    """None: as the rules say."""
    by: str = "timer"


@dataclass
class Run:
    """One run as it goes on.  Times in µs; `expected` is what there is to compare, as far as it is known."""

    request: Request
    started_at: int
    repair: frozenset[Verdict] = frozenset()
    state: RunState = RunState.RUNNING
    why: str = ""
    ended_at: int = 0
    expected: int = 0
    listed: int = 0
    """Rows of the shop that were looked at."""
    looks: Counter[Verdict] = field(default_factory=Counter)
    """How pairs ended."""
    repaired: Counter[Verdict] = field(default_factory=Counter)
    calls: int = 0
    drift: list[Drift] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """Of a run about reservations; then SET_ASIDE counts pairs of which the shop hides what is reserved."""
    inconsistent: Counter[Kind] = field(default_factory=Counter)

    @property
    def compared(self) -> int:
        """Pairs that can be told apart into those that agree and those that do not."""
        looked = sum(self.looks.values()) - self.looks[Verdict.UNSETTLED] - self.looks[Verdict.SET_ASIDE]
        return looked + self.inconsistent.total()

    @property
    def found(self) -> int:
        return self.compared - self.looks[Verdict.AGREES]

    def tell(self, drift: Iterable[Drift]) -> None:
        """Proven differences."""
        for one in drift:
            self.looks[one.kind] += 1
            self.repaired[one.kind] += one.is_repaired
            if len(self.drift) < KEPT_DRIFT:
                self.drift.append(one)

    def tell_findings(self, findings: Iterable[Finding]) -> None:
        """Proven inconsistencies of reservations."""
        for one in findings:
            self.inconsistent[one.kind] += 1
            if len(self.findings) < KEPT_DRIFT:
                self.findings.append(one)

    def ended(self, state: RunState, at: int, why: str = "") -> None:
        self.state, self.ended_at, self.why = state, at, why


def next_daily(at: time, after: datetime) -> datetime:
    """The first such time (UTC) behind `after`."""
    today = after.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > after else today + timedelta(days=1)
