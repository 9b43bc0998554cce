"""How many calls a second a target takes: kept to what is configured, learned from its refusals where it says no.

A refusal is followed by a pause.  What was let through, over the time that it took with the pause, is what the target
takes, whatever window it counts in; from there the pace climbs in steps until the next refusal.  A climb that is
refused costs a pause, so the less a climb may win, the later it comes.
Times are seconds of a monotonic clock.
"""

from dataclasses import dataclass, replace

FIRST_PAUSE_S = 5.0
"""After a refusal that does not say how long (Adobe's sample client waits as long)."""
LONGEST_PAUSE_S = 300.0
FIRST_STEP, LEAST_STEP, NARROW = 1.5, 1.02, 1.05
ROUND_S, ROUND_CALLS = 5.0, 8
"""What is let through for so long, and so often, at one pace, the target takes."""
FIRST_CLIMB_S, LATEST_CLIMB_S = 15.0, 900.0
ROUGH_STEP, ROUGH_ROUND_S, ROUGH_CALLS = 2.0, 1.0, 2
"""What was found from a handful of calls, or from a burst that was not paced, is doubled after two more, until it is
refused: it may be far too low."""
MEMORY_S = 120.0
LOWER, STEADY = 0.97, 0.9
LEAST_PAUSE_S = 0.001
BUSY = 0.9
"""The share of a pace that must be used for a round to say something."""
ROUNDED = 1.0005
"""So much further apart, so that sums of fractions never make one call too many of a window."""
IDLE = 2.0
"""Calls that leave later than they might, by so many times the pace, say nothing about it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_s` 0: no bound is known.  `most` is what is configured, 0 for nothing."""

    most: float = 0.0
    per_s: float = 0.0
    next_at: float = 0.0
    good: float = 0.0
    """The quickest pace that was let through for a whole round."""
    paused_until: float = 0.0
    pause_s: float = 0.0
    """Of the refusals since something was last let through; 0 while calls are let through."""
    began: float = 0.0
    let: int = 0
    """Let through since `began`: since the last pause, or within the memory."""
    last_at: float = 0.0
    round_at: float = 0.0
    round_let: int = 0
    step: float = FIRST_STEP
    climb_at: float = 0.0
    climb_wait: float = FIRST_CLIMB_S
    longest: float = 0.0
    """The longest pause so far."""
    was: float = 0.0
    """The bound when it was refused last; 0: there was none."""
    least: float = 0.0
    """Below this the last refusal does not lower it: so much was let through before."""
    refused_at: float = float("-inf")
    is_doubtful: bool = False
    """One refusal after a handful of calls says nothing of a pace: it is paused for, and the next one counts."""
    is_rough: bool = False
    """What was found last is from a handful of calls or from a burst that was not paced, and no pace is known that was
    let through for a whole round."""

    @property
    def bound(self) -> float:
        """Calls a second that may leave now; 0: no bound."""
        if not self.per_s or not self.most:
            return self.per_s or self.most
        return min(self.per_s, self.most)

    @property
    def spacing(self) -> float:
        """Seconds from one call to the next; 0 where calls are not paced."""
        return ROUNDED / self.bound if self.bound else 0.0


def left(pace: Pace, now: float) -> Pace:
    """A call leaves; it counts as let through until it is refused."""
    next_at = max(pace.next_at, now) + pace.spacing
    if pace.pause_s:
        return replace(pace, next_at=next_at, last_at=now)
    if not pace.let or now - max(pace.last_at, pace.next_at) > max(IDLE * pace.spacing, ROUND_S):
        pace = replace(pace, began=now, let=0, round_at=now, round_let=0)
    elif now - pace.began > MEMORY_S:
        kept = round(pace.let * MEMORY_S / 2 / (now - pace.began))
        pace = replace(pace, began=now - MEMORY_S / 2, let=kept)
    return replace(pace, next_at=next_at, let=pace.let + 1, round_let=pace.round_let + 1, last_at=now)


def unused(pace: Pace) -> Pace:
    """The last one that left did not: its turn is somebody else's."""
    return replace(
        pace, next_at=pace.next_at - pace.spacing, let=max(0, pace.let - 1), round_let=max(0, pace.round_let - 1)
    )


def let_through(pace: Pace, now: float) -> Pace:
    """An answer that is no refusal; climbs where it is time."""
    if now < pace.paused_until:
        return pace  # it left before the refusal
    if pace.pause_s:
        return replace(pace, pause_s=0.0, began=now, let=1, round_at=now, round_let=1)
    if not pace.per_s or now - pace.round_at < _round_s(pace):
        return pace
    is_used = pace.round_let >= BUSY * pace.bound * (now - pace.round_at)
    pace = replace(pace, round_at=now, round_let=0)
    if not is_used:
        return pace
    if pace.is_rough:
        return replace(pace, per_s=pace.per_s * ROUGH_STEP)
    return _climbed(replace(pace, good=max(pace.good, pace.per_s)), now)


def _round_s(pace: Pace) -> float:
    """So long a pace is kept before it says something."""
    if pace.is_rough:
        return max(ROUGH_ROUND_S, ROUGH_CALLS * pace.spacing)
    return max(ROUND_S, 2 * pace.longest, ROUND_CALLS * pace.spacing)


def _climbed(pace: Pace, now: float) -> Pace:
    if now < pace.climb_at or (pace.most and pace.per_s >= pace.most):
        return pace
    step = min(FIRST_STEP, 1 + (pace.step - 1) * 1.5)
    return replace(pace, per_s=pace.per_s * pace.step, step=step)


def refused(pace: Pace, now: float, retry_after: float | None) -> Pace:
    """The target asked for fewer calls.  Until something is let through again, refusals only correct the finding."""
    if pace.pause_s and now < pace.paused_until:  # it left before the pause began
        until = max(pace.paused_until, now + (retry_after or 0.0))
        return _found(replace(pace, let=max(0, pace.let - 1), paused_until=until))
    waits = retry_after if retry_after is not None else min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, 2 * pace.pause_s))
    longest = max(pace.longest, waits)
    pace = replace(pace, paused_until=max(pace.paused_until, now + waits), longest=longest)
    if pace.pause_s:  # after the pause it was still too early
        return _found(replace(pace, pause_s=max(waits, LEAST_PAUSE_S), good=0.0, least=0.0, is_doubtful=False))
    was, let, is_held = pace.bound, max(0, pace.let - 1), now - pace.began >= ROUND_S
    is_doubtful = not pace.per_s and let < ROUND_CALLS and now - pace.refused_at > MEMORY_S
    pace = replace(
        pace,
        was=was,
        least=was * STEADY if was <= pace.good else min(pace.good, was * LOWER),
        good=0.0 if was <= pace.good else pace.good,
        let=let,
        refused_at=now,
        is_doubtful=is_doubtful,
        pause_s=max(waits, LEAST_PAUSE_S),
    )
    return _climbs_later(_found(pace), now, waits, is_held=is_held)


def _climbs_later(pace: Pace, now: float, waits: float, *, is_held: bool) -> Pace:
    """To the middle between what was let through and what was refused; soon while these are far apart.

    A pace that was refused before it was held for a while was perhaps refused for what came before it.
    """
    if not pace.was:
        return pace
    step = max(LEAST_STEP, (pace.was / pace.per_s) ** 0.5) if is_held else FIRST_STEP
    wait = min(LATEST_CLIMB_S, 2 * pace.climb_wait) if step <= NARROW else FIRST_CLIMB_S
    step = min(FIRST_STEP, step)
    return replace(pace, step=step, climb_wait=wait, climb_at=now + max(wait, waits / (step - 1)))


def _found(pace: Pace) -> Pace:
    """What was let through, over the time that it took with the pause."""
    if pace.is_doubtful:
        return pace
    found = max(pace.let, 1) / max(pace.paused_until - pace.began, LEAST_PAUSE_S)
    if pace.was:
        found = max(min(max(found, pace.was / 4), pace.was * LOWER), pace.least)
    is_rough = not pace.good and (pace.let < ROUND_CALLS or not pace.was)
    return replace(pace, per_s=found, is_rough=is_rough)
