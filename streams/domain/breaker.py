"""When to stop calling a target that fails, and when to try again: a table of states, times as arguments."""

from dataclasses import dataclass, replace
from enum import IntEnum

FAILURES_TO_OPEN = 3
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
OPERATOR_WAIT_S = 30.0


class BreakerState(IntEnum):
    """The numbers are those of the metric."""

    CLOSED = 0
    TRYING = 1
    OPEN = 2
    NEEDS_OPERATOR = 3


@dataclass(frozen=True, slots=True)
class Breaker:
    """`retry_at` is monotonic; while it lies ahead nothing is sent.  `since` is when the trouble began (µs, UTC)."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    wait_s: float = FIRST_WAIT_S
    retry_at: float = 0.0
    since: int = 0
    why: str = ""

    def may_call(self, now: float) -> bool:
        return now >= self.retry_at

    def succeeded(self) -> "Breaker":
        return Breaker()

    def answered(self) -> "Breaker":
        """An answer that says neither: calls go on, so that one of them can say it, and no failure is forgotten."""
        state = self.state if self.state is BreakerState.CLOSED else BreakerState.TRYING
        return replace(self, state=state, retry_at=0.0)

    def trying(self, now: float) -> "Breaker":
        """One call goes out to see; until its answer (or for a while, should there be none) nothing else does."""
        if self.state is BreakerState.CLOSED:
            return self
        state = BreakerState.TRYING if self.state is BreakerState.OPEN else self.state
        return replace(self, state=state, retry_at=now + LONGEST_WAIT_S)

    def failed(self, now: float, at: int, why: str, retry_after_s: float | None = None) -> "Breaker":
        """The target is down or refuses for now."""
        failures = self.failures + 1
        since = self.since or at
        wait = max(self.wait_s, retry_after_s or 0)
        if failures < FAILURES_TO_OPEN and self.state is BreakerState.CLOSED:
            return replace(self, failures=failures, since=since, why=why, retry_at=now + wait)
        longer = min(self.wait_s * 2, LONGEST_WAIT_S)
        return Breaker(BreakerState.OPEN, failures, longer, now + wait, since, why)

    def needs_operator(self, now: float, at: int, why: str) -> "Breaker":
        """Nothing gets better by itself; one look now and then sees whether a person acted."""
        return Breaker(
            BreakerState.NEEDS_OPERATOR,
            self.failures + 1,
            OPERATOR_WAIT_S,
            now + OPERATOR_WAIT_S,
            self.since or at,
            why,
        )
