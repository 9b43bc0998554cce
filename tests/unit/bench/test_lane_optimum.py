"""The lane's queue, driven by a clock of its own, needs hardly more calls than the offline optimum."""

from itertools import accumulate
from random import Random

import pytest

from bench.coalescing import Change, fewest
from schemas.models.source_item import StockPair
from streams.domain.lane_queue import Due, LaneQueue

SECOND = 1_000_000
CALL = 5_000
"""Microseconds of a call, and of noting it before and after."""


def stream(rate: int, seconds: int, skus: int) -> list[Change]:
    """Evenly spread, SKUs by Zipf 1.1, as the line `coalesce` has them."""
    rng = Random(7)
    weights = list(accumulate(rank**-1.1 for rank in range(1, skus + 1)))
    names = [f"SKU-{rank}" for rank in range(skus)]
    count = rate * seconds
    return [Change(number / rate, sku) for number, sku in enumerate(rng.choices(names, cum_weights=weights, k=count))]


def calls_of_the_lane(changes: list[Change], window: int, rows: int) -> tuple[int, float]:
    """Calls, and how long after its window the worst change left (seconds)."""
    queue, calls, late, now, number = LaneQueue(), 0, 0.0, 0, 0
    first: dict[str, float] = {}
    while number < len(changes) or len(queue):
        while number < len(changes) and changes[number].at * SECOND <= now:
            at, sku = changes[number]
            first.setdefault(sku, at)
            pair = StockPair("north", sku)
            if pair not in queue:
                queue.add(Due(now + window * SECOND, now, pair, fills=True), urgent=False)
            number += 1
        taken = queue.take(now, rows)
        if taken:
            calls += 1
            late = max(late, *(now / SECOND - first.pop(due.pair.sku) - window for due in taken))
            now += CALL
            continue
        coming = [changes[number].at * SECOND] if number < len(changes) else []
        next_at = queue.next_at()
        now = max(now + 1, int(min([*coming, *([] if next_at is None else [next_at])])))
    return calls, late


@pytest.mark.parametrize(("rate", "window", "rows"), [(100, 5, 20), (1_000, 1, 20), (1_000, 5, 20), (1_000, 5, 100)])
def test_a_steady_stream_makes_at_most_a_tenth_more_calls_than_the_optimum(rate: int, window: int, rows: int) -> None:
    changes = stream(rate, 4 * window, 2_000)

    calls, late = calls_of_the_lane(changes, window, rows)

    assert calls <= 1.1 * fewest(changes, window, rows).calls
    assert late <= 0.1
