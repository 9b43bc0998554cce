"""How long changes took to the shop: the first effect on a row that can have held the change."""

from collections.abc import Sequence

from bench.shop import Effect
from bench.traffic import Told


def delays(changes: Sequence[Told], effects: Sequence[Effect], *, left_before_s: float = 0.0) -> list[float]:
    """Seconds from the broker's time of each change; infinite for one that never came through.

    A call that left before the change was taken cannot hold it: it left `left_before_s` before it was answered.
    """
    answered: dict[tuple[str, str], list[float]] = {}
    for effect in effects:
        answered.setdefault((effect.source_code, effect.sku), []).append(effect.at)
    position = dict.fromkeys(answered, 0)
    found = []
    for change in changes:
        row = (change.source_code, change.sku)
        times, at = answered.get(row, []), position.get(row, 0)
        while at < len(times) and times[at] - left_before_s < change.at:
            at += 1
        position[row] = at
        found.append(times[at] - change.at if at < len(times) else float("inf"))
    return found
