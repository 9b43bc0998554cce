"""How much happens when: shifts, bursts and quiet phases, as a list of phases with an open-loop schedule."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.wms.disturb import Disturbance

SHIFTS: Mapping[int, float] = {0: 0.05, 6: 1.0, 10: 1.4, 12: 0.7, 14: 0.9, 18: 0.5, 22: 0.1}
"""From this hour on, this share of the day's rate: night, early shift, its peak before noon, break, late shift."""


@dataclass(frozen=True)
class Phase:
    """`changes_per_s` ideal changes a second for `seconds`; repeats come on top."""

    seconds: float
    changes_per_s: float
    name: str = "steady"
    disturbance: Disturbance | None = None
    """None: as before."""

    @classmethod
    def parse(cls, plain: Mapping[str, Any]) -> "Phase":
        """From JSON; raises TypeError on unknown or missing names."""
        disturbance = plain.get("disturbance")
        return cls(**{**plain, "disturbance": None if disturbance is None else Disturbance(**disturbance)})

    def slots(self) -> Iterator[float]:
        """Intended send times in seconds from the start; a late sender keeps to them and does not thin them out."""
        total = self.seconds * self.changes_per_s  # seconds may be infinite
        yield from (index / self.changes_per_s for index in itertools.takewhile(total.__gt__, itertools.count()))


def day(changes_per_s: float, *, seconds_per_hour: float, shifts: Mapping[int, float] = SHIFTS) -> list[Phase]:
    """24 hours of a warehouse with shifts, each hour as long as `seconds_per_hour`."""
    starts = sorted(shifts)
    ends = [*starts[1:], 24]
    return [
        Phase((end - start) * seconds_per_hour, changes_per_s * shifts[start], name=f"hour {start}")
        for start, end in zip(starts, ends, strict=True)
    ]


def with_burst(phases: Sequence[Phase], *, after: int, changes_per_s: float, seconds: float) -> list[Phase]:
    """The plan with one burst after its phase number `after`."""
    return [*phases[: after + 1], Phase(seconds, changes_per_s, name="burst"), *phases[after + 1 :]]
