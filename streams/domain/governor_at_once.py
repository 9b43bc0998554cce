"""How many calls a target takes at once: learned from refusals that say so, and from how its answers slow down.

A refused call shows how many were under way when it left: one less is taken at once, exactly.  Now and then one more
is tried.  Where answers take longer the more calls are under way, there are fewer of them (the gradient of
Netflix's concurrency-limits, `Gradient2Limit`), down to a queue of about a root of the limit: what the target works
off is not less for it.
"""

from dataclasses import dataclass, replace
from math import sqrt

TOLERANCE = 2.0
"""So many times slower than usual is not slow yet: calls of one target differ."""
SMOOTHING = 0.2
LONG_SHARE = 1 / 300
FIRST_TRY_S, LATEST_TRY_S = 20.0, 600.0
AGAIN_S = 5.0
"""After one more was taken, the next."""


@dataclass(frozen=True, slots=True)
class AtOnce:
    """`most` is what is configured; `taken` what refusals taught, `eased` what slow answers did."""

    most: int
    taken: int
    eased: float
    usual_s: float = 0.0
    recent_s: float = 0.0
    try_at: float = 0.0
    try_wait: float = FIRST_TRY_S
    tried: int = 0
    """The limit that is being tried; 0: none is."""

    @property
    def limit(self) -> int:
        return max(1, min(self.most, self.taken, round(self.eased)))


def at_most(most: int) -> AtOnce:
    return AtOnce(most, most, float(most))


def bounded(one: AtOnce, most: int) -> AtOnce:
    """Another share of what is configured; what was learned stays where it is lower."""
    if most == one.most:
        return one
    is_free = one.taken >= one.most
    return replace(one, most=most, taken=most if is_free else min(one.taken, most), eased=float(most))


def refused(one: AtOnce, under_way: int, now: float) -> AtOnce:
    """`under_way` counts the refused call and those that had left before it."""
    taken = max(1, min(one.taken, under_way - 1))
    was_try = one.tried > 0 and under_way >= one.tried
    wait = min(LATEST_TRY_S, 2 * one.try_wait) if was_try else one.try_wait
    return replace(one, taken=taken, tried=0, try_wait=wait, try_at=now + wait)


def answered(one: AtOnce, seconds: float, under_way: int, now: float) -> AtOnce:
    """A call ended well after so many seconds, with so many under way, itself included."""
    return _tried(_eased(one, seconds, under_way), under_way, now)


def _tried(one: AtOnce, under_way: int, now: float) -> AtOnce:
    """One more than the target last took, where there is work for it and it is time."""
    if one.taken >= one.most or under_way < one.limit or now < one.try_at:
        return one
    wait = max(AGAIN_S, one.try_wait / 2) if one.tried else one.try_wait
    return replace(one, taken=one.taken + 1, tried=one.taken + 1, try_at=now + AGAIN_S, try_wait=wait)


def _eased(one: AtOnce, seconds: float, under_way: int) -> AtOnce:
    usual = seconds if not one.usual_s else one.usual_s + LONG_SHARE * (seconds - one.usual_s)
    recent = seconds if not one.recent_s else one.recent_s + SMOOTHING * (seconds - one.recent_s)
    if usual > TOLERANCE * recent:
        usual *= 0.95  # it was slow for long and is quick again
    one = replace(one, usual_s=usual, recent_s=recent)
    if under_way * 2 < one.limit:
        return one  # nothing can be said of a limit that is not used
    gradient = max(0.5, min(1.0, TOLERANCE * usual / recent)) if recent else 1.0
    wanted = one.eased * gradient + sqrt(one.eased)
    return replace(one, eased=max(1.0, min(float(one.most), one.eased + SMOOTHING * (wanted - one.eased))))
