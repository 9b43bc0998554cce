"""Interleaved rounds: A B C A B C, each between two runs of the same fixed work."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.arithmetic import drift, ratio, spread
from bench.machine import calibrate
from bench.result import Figures, Rounding

DRIFT_LIMIT = 0.10
Sample = Mapping[str, float]
Contender = Callable[[int], Sample]
"""Takes the number of the try, so that groups and folders can be new ones; gives its figures."""


@dataclass(slots=True)
class Rounds:
    """Figures of each contender, round by round."""

    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    drifts: list[float] = field(default_factory=list)
    """By how much the machine changed its pace in each."""

    def values(self, contender: str, figure: str) -> list[float]:
        return [sample[figure] for sample in self.samples[contender]]

    def median(self, contender: str, figure: str) -> float:
        return spread(self.values(contender, figure)).median

    def ratio(self, ours: str, theirs: str, figure: str) -> float:
        return ratio(self.values(ours, figure), self.values(theirs, figure)).median

    def figures(self, contender: str) -> Figures:
        """Medians of all, and the range of the first one."""
        kept = self.samples[contender]
        names = list(kept[0])
        first = spread(self.values(contender, names[0]))
        medians = {name: _short(self.median(contender, name)) for name in names}
        return {**medians, f"{names[0]}_least": _short(first.least), f"{names[0]}_greatest": _short(first.greatest)}

    def rounding(self) -> Rounding:
        restless = sum(one > DRIFT_LIMIT for one in self.drifts)
        return Rounding(len(self.drifts), restless, round(max(self.drifts), 3))

    def keep(self, samples: Mapping[str, Sample], change: float) -> None:
        self.drifts.append(change)
        for name, sample in samples.items():
            self.samples[name].append(sample)


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def interleaved(
    contenders: Mapping[str, Contender],
    *,
    count: int,
    say: Callable[[str], None],
    measure: Callable[[], float] = calibrate,
) -> Rounds:
    """`count` rounds; those in which the machine changed its pace count like the others, and are told.

    Nobody is favoured by such a change: the ratio is taken in each round, and the median of the rounds.
    """
    found = Rounds()
    for attempt in range(count):
        before = measure()
        samples = {name: contender(attempt) for name, contender in contenders.items()}
        change = drift(before, measure())
        found.keep(samples, change)
        pace = f", in which the machine's pace changed by {change:.0%}" if change > DRIFT_LIMIT else ""
        say(f"round {attempt + 1}{pace}: {_told(samples)}")
    return found


def _told(samples: Mapping[str, Sample]) -> str:
    return "; ".join(f"{name} {next(iter(sample.items()))[1]:,.4g}" for name, sample in samples.items())
