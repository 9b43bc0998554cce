"""How long nothing came through, per group of keys, and what came twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.shop import Effect
from streams.domain.quantities import round_down_to_shop

MICROS = 1_000_000
Pair = tuple[str, str]
"""Source or location, and SKU."""
Sources = Mapping[str, str]
"""Location → source."""


class Counted(NamedTuple):
    """A change of a location, in micros; a count says how many there are."""

    location: str
    sku: str
    is_count: bool
    micros: int


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


class History:
    """What each row was, one state after the other, and how far a shop has shown it; goes on from part to part."""

    def __init__(self) -> None:
        self._states: dict[Pair, list[int]] = defaultdict(list)
        self._shown: dict[Pair, int] = {}

    def was(self, row: Pair, micros: int) -> None:
        """The next state of a row."""
        self._states[row].append(micros)

    def repeats(self, effects: Iterable[Effect]) -> int:
        """How many of these show no newer state of their row than the one before them.

        A quantity that came back is a newer state.
        """
        return sum(not self._moves_on(effect) for effect in effects)

    def _moves_on(self, effect: Effect) -> bool:
        row = effect.source_code, effect.sku
        states, micros = self._states[row], round(effect.quantity * MICROS)
        try:
            self._shown[row] = states.index(micros, self._shown.get(row, -1) + 1)
        except ValueError:
            return False
        return True


def take_states(history: History, changes: Iterable[Counted], balances: dict[Pair, int], sources: Sources) -> None:
    """What every source shows after each change, as the product rounds; `balances` go on from part to part."""
    for location, sku, is_count, micros in changes:
        held = balances.get((location, sku), 0)
        balances[location, sku] = micros if is_count else held + micros
        source = sources[location]
        total = sum(balances.get((other, sku), 0) for other, shown_at in sources.items() if shown_at == source)
        history.was((source, sku), round_down_to_shop(max(0, total)))
