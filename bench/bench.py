"""What every line is given: how much to do, where, and how to speak."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.arithmetic import Goal
from bench.machine import versions
from bench.result import Figures, Result, Rounding

QUICK_ROUNDS = 1


@dataclass(frozen=True)
class Bench:
    """`folder` is the line's own.  `quick` checks the harness; it, and any `scale` but 1, measures nothing."""

    folder: Path
    say: Callable[[str], None]
    quick: bool = False
    scale: float = 1.0
    wanted_rounds: int = 5
    seed: int = 7

    @property
    def rounds(self) -> int:
        return QUICK_ROUNDS if self.quick else self.wanted_rounds

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else int(full * self.scale)

    @property
    def is_trial(self) -> bool:
        return self.quick or self.scale != 1


class Found(Protocol):
    """A line: its module has these two."""

    ABOUT: str

    def run(self, bench: Bench) -> Result:
        """Raises LineError where nothing could be measured."""
        ...


def result(
    bench: Bench,
    line: str,
    about: str,
    *,
    goals: tuple[Goal, ...],
    ours: Figures,
    peers: Mapping[str, Figures],
    rounds: Rounding,
    peer_versions: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Result:
    """The first goal is the line's ratio."""
    return Result(
        line=line,
        about=about,
        ratio=goals[0].value,
        goals=goals,
        ours=ours,
        peers=peers,
        rounds=rounds,
        seed=bench.seed,
        versions={**versions(), **(peer_versions or {})},
        notes=notes,
        quick=bench.is_trial,
    )
