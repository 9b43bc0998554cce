"""How long nothing came through, per group of keys, and what came twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.shop import Effect


class Window(NamedTuple):
    """Of a disturbance: from when it was made until the group had come to rest, seconds since 1970."""

    begin: float
    end: float


def longest_gap(times: Sequence[float], window: Window) -> float:
    """The longest time between two neighbours that touches the window; infinite where nothing comes after it.

    `times` are in order.  What came last before the window begins the first one.
    """
    longest, before = 0.0, window.begin
    for at in times:
        if at >= window.begin:
            longest = max(longest, at - before)
        before = at
        if at >= window.end:
            return longest
    return float("inf")


def worst_gap(effects: Iterable[Effect], groups: Mapping[str, int], window: Window) -> float:
    """Of all groups of keys (SKU → group), the one that waited longest; rows of no group are left out."""
    times: dict[int, list[float]] = defaultdict(list)
    for effect in effects:
        if effect.sku in groups:
            times[groups[effect.sku]].append(effect.at)
    return max(longest_gap(times[group], window) for group in set(groups.values()))


class Repeats:
    """Counts rows that were written again with what they showed already; goes on from part to part of a journal."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], float] = {}
        self.seen: list[Effect] = []

    def take(self, effects: Iterable[Effect]) -> int:
        """How many of these."""
        count = 0
        for effect in effects:
            row = effect.source_code, effect.sku
            if self._shown.get(row) == effect.quantity:
                self.seen.append(effect)
                count += 1
            self._shown[row] = effect.quantity
        return count
