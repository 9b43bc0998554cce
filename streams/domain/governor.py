"""What a target is asked for: calls at once, calls a second, calls a day; one budget for all that call it.

Nothing here is ever above what is configured.  Below that it is what the target permits, as its answers show.
Times are seconds of a monotonic clock.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from streams.domain import governor_at_once as at_once
from streams.domain import governor_pace as paces
from streams.domain.governor_at_once import AtOnce, at_most
from streams.domain.governor_pace import Pace

ANY_NUMBER = 1024
"""Calls at once where nothing is configured: as many connections as a setting may allow."""
USED_UP_S = 300.0
"""So often an allotment that is used up is looked at again: it is that of a rolling day."""

Refusal = Literal["rate", "at-once", "day"]
"""What there was too much of."""


class Limits(NamedTuple):
    """What is configured; 0: no bound.  `reserve` is the share of a day's calls that is kept for orders."""

    at_once: int = 0
    calls_per_s: float = 0.0
    calls_per_day: int = 0
    reserve: float = 0.0

    def shared(self, share: float) -> "Limits":
        """The part of one of several workers; what is used of a day the target tells them all."""
        return self._replace(
            at_once=max(1, int(self.at_once * share)) if self.at_once else 0, calls_per_s=self.calls_per_s * share
        )


UNLIMITED = Limits()


class Usage(NamedTuple):
    """Calls of the rolling day that are used, of those that there are, as the target said."""

    used: int
    of: int


@dataclass(frozen=True, slots=True)
class Governor:
    """`spends_reserve`: whether its calls are for orders."""

    limits: Limits
    at_once: AtOnce
    pace: Pace
    usage: Usage | None = None
    spends_reserve: bool = True
    blocked_until: float = 0.0

    @property
    def per_s(self) -> float:
        """Calls a second that may leave; 0: no bound is known."""
        return self.pace.bound

    def held(self, now: float) -> float:
        """Seconds for which the target is to be left alone."""
        return max(0.0, self.pace.paused_until - now, self.blocked_until - now)

    def paced(self, now: float, under_way: int) -> float:
        """Seconds until the next turn; infinite while as many are under way as the target takes at once."""
        return float("inf") if under_way >= self.at_once.limit else max(0.0, self.pace.next_at - now)

    @property
    def left_of_day(self) -> int | None:
        """Calls that may still be made of the day's; None where the target does not tell."""
        if self.usage is None:
            return None
        of = min(self.usage.of, self.limits.calls_per_day) if self.limits.calls_per_day else self.usage.of
        kept = 0 if self.spends_reserve else int(of * self.limits.reserve)
        return max(0, of - kept - self.usage.used)


def governor(limits: Limits, *, spends_reserve: bool = True) -> Governor:
    most = limits.at_once or ANY_NUMBER
    return Governor(limits, at_most(most), Pace(most=limits.calls_per_s), spends_reserve=spends_reserve)


def limited(one: Governor, limits: Limits) -> Governor:
    """Other bounds; what was learned stays."""
    pace = replace(one.pace, most=limits.calls_per_s)
    return replace(one, limits=limits, at_once=at_once.bounded(one.at_once, limits.at_once or ANY_NUMBER), pace=pace)


def left(one: Governor, now: float) -> Governor:
    return replace(one, pace=paces.left(one.pace, now))


def unused(one: Governor) -> Governor:
    """A turn that was taken and not used."""
    return replace(one, pace=paces.unused(one.pace))


def answered(one: Governor, now: float) -> Governor:
    """An answer that asked for nothing."""
    return replace(one, pace=paces.let_through(one.pace, now))


def took(one: Governor, seconds: float, under_way: int, now: float) -> Governor:
    """An answer took so long."""
    return replace(one, at_once=at_once.answered(one.at_once, seconds, under_way, now))


def used(one: Governor, usage: Usage, now: float) -> Governor:
    """What the target says is used of the day."""
    one = replace(one, usage=usage)
    return replace(one, blocked_until=now + USED_UP_S if one.left_of_day == 0 else 0.0)


def refused(one: Governor, now: float, *, what: Refusal, retry_after: float | None, under_way: int) -> Governor:
    """Too much of something; the wait that the target asks for is kept in any case."""
    waits = 0.0 if retry_after is None else retry_after
    if what == "day":
        return replace(one, blocked_until=max(one.blocked_until, now + max(waits, USED_UP_S)))
    if what == "at-once":
        until = max(one.blocked_until, now + waits)
        return replace(one, at_once=at_once.refused(one.at_once, under_way, now), blocked_until=until)
    return replace(one, pace=paces.refused(one.pace, now, retry_after))
