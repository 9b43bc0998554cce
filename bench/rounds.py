"""Interleaved rounds: A B C A B C, each between two runs of the same fixed work."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from bench.arithmetic import drift, ratio, spread
from bench.machine import calibrate
from bench.result import Figures, Rounding

DRIFT_LIMIT = 0.10
SPARE = 2
Sample = Mapping[str, float]
Contender = Callable[[int], Sample]
"""Takes the number of the try, so that groups and folders can be new ones; gives its figures."""


@dataclass(slots=True)
class Rounds:
    """Figures of each contender, round by round."""

    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[float] = field(default_factory=list)
    worst: float = 0.0
    restless: int = 0
    """Of those kept: in which the machine changed its pace, and no calmer one was left."""

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

    def rounding(self, contender: str) -> Rounding:
        kept = len(self.samples[contender])
        rejected = tuple(round(one, 3) for one in self.rejected)
        return Rounding(kept, len(self.rejected), round(self.worst, 3), rejected, self.restless)

    def keep(self, samples: Mapping[str, Sample], change: float) -> None:
        self.worst = max(self.worst, change)
        for name, sample in samples.items():
            self.samples[name].append(sample)


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def interleaved(
    contenders: Mapping[str, Contender],
    *,
    count: int,
    say: Callable[[str], None],
    keep_all: bool = False,
    measure: Callable[[], float] = calibrate,
) -> Rounds:
    """`count` rounds whose pace held.  A round is thrown away, and another run, where the machine changed its pace.

    That is done SPARE times; then the calmest of those thrown away fill up what is missing, and are counted as
    restless.  `keep_all` keeps every one, for checks of the harness itself.
    """
    found = Rounds()
    thrown: list[tuple[float, Mapping[str, Sample]]] = []
    kept = 0
    for attempt in range(count + SPARE):
        before = measure()
        samples = {name: contender(attempt) for name, contender in contenders.items()}
        change = drift(before, measure())
        if change > DRIFT_LIMIT and not keep_all:
            thrown.append((change, samples))
            say(f"round {attempt + 1}, in which the machine's pace changed by {change:.0%}: {_told(samples)}")
            continue
        found.keep(samples, change)
        say(f"round {attempt + 1}: {_told(samples)}")
        kept += 1
        if kept == count:
            break
    thrown.sort(key=itemgetter(0))
    found.restless = count - kept
    for change, samples in thrown[: found.restless]:
        found.keep(samples, change)
    found.rejected = [change for change, _ in thrown[found.restless :]]
    return found


def _told(samples: Mapping[str, Sample]) -> str:
    return "; ".join(f"{name} {next(iter(sample.items()))[1]:,.4g}" for name, sample in samples.items())
