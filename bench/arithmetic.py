"""Medians, ratios and bounds; no clock and no I/O."""

import math
import statistics
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

Side = Literal["at least", "at most"]


class Spread(NamedTuple):
    """A median with the least and the greatest of what it stands for."""

    median: float
    least: float
    greatest: float


class Goal(msgspec.Struct, frozen=True):
    """One number that is promised.  `value` is None where nothing could be measured: that is no success."""

    name: str
    value: float | None
    side: Side
    bound: float
    stretch: bool = False
    """Told, and no failure where it is missed."""

    @property
    def is_met(self) -> bool:
        if self.value is None or math.isnan(self.value):
            return False
        return self.value >= self.bound if self.side == "at least" else self.value <= self.bound


def at_least(name: str, value: float | None, bound: float, *, stretch: bool = False) -> Goal:
    return Goal(name, value, "at least", bound, stretch)


def at_most(name: str, value: float | None, bound: float) -> Goal:
    return Goal(name, value, "at most", bound)


def spread(values: Sequence[float]) -> Spread:
    """ValueError where there is nothing."""
    if not values:
        raise ValueError("no round was kept: nothing to take a median of")
    return Spread(statistics.median(values), min(values), max(values))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Of each round first, then their median: what slows a whole round down slows both sides of it.

    ValueError for rounds that do not pair.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} rounds of ours, {len(theirs)} of theirs")
    return spread([one / other for one, other in zip(ours, theirs, strict=True)])


def drift(before: float, after: float) -> float:
    """How far two runs of the same fixed work lie apart, as a share of the quicker one."""
    return abs(after - before) / min(before, after)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed; ValueError where there is nothing."""
    if not values:
        raise ValueError("no value to take a percentile of")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def is_met(goals: Sequence[Goal]) -> bool:
    """A line without a goal proves nothing."""
    return bool(goals) and all(goal.is_met or goal.stretch for goal in goals)
