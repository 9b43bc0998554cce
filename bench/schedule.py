"""What could be done at best: nothing but the targets takes time; from what simulators and worker were told."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Share(NamedTuple):
    """What one sink does for each order: so many calls one after the other, `at_once` orders side by side."""

    calls: int
    at_once: int
    delay_s: float

    def seconds(self, orders: int) -> float:
        """Rounds of `at_once` orders, the last one perhaps not full."""
        return -(-orders // self.at_once) * self.calls * self.delay_s


def ideal_seconds(orders: int, shares: Mapping[str, Share]) -> float:
    """All sinks side by side, so that the slowest says how long it takes."""
    return max(share.seconds(orders) for share in shares.values())


def paced_share(times: Sequence[float], per_s: float) -> float:
    """Calls that left at these times, as a share of what may leave at `per_s` from the first of them to the last.

    ValueError where there are fewer than two.
    """
    if len(times) < 2:  # noqa: PLR2004  one call has no pace
        raise ValueError(f"{len(times)} calls have no pace")
    return (len(times) - 1) / ((max(times) - min(times)) * per_s)


def busy_share(calls: Sequence[tuple[float, float]], at_once: int) -> float:
    """How much of `at_once` places calls (begin, end) took, from the first begin to the last end.

    ValueError where there is none.
    """
    if not calls:
        raise ValueError("no call took a place")
    span = max(end for _, end in calls) - min(begin for begin, _ in calls)
    return sum(end - begin for begin, end in calls) / (span * at_once)
