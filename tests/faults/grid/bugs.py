"""Rule 1.6: the checks are worth something only where they fail.  Each bug is played under a fault that reveals it.

Which bugs there are stands in tests/faults/seeded_stock.py.  A bug is caught where an invariant broke that was
expected to, or where the fault's own look at the shop says what was expected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faults.grid.kinds import Nemesis, Played, State
from tests.faults.grid.play import play
from tests.faults.seeded_stock import BUGS


@dataclass(frozen=True)
class Expected:
    """The fault that reveals a bug, and what is to break: one of these at least.

    `says` is part of what the fault itself says of the run, where no invariant speaks of it.
    """

    nemesis: str
    breaks: frozenset[str] = frozenset()
    says: str = ""


EXPECTED: Mapping[str, Expected] = {
    "commit-before-effect": Expected("N1", frozenset({"I1", "I7"})),
    "no-dedupe": Expected("N14", frozenset({"I1", "I5"})),
    "two-writers": Expected("N1", frozenset({"I2", "I4"})),
    "delta-instead-of-absolute": Expected("N12", frozenset({"I1", "I2"})),
    "dropped-trailing-batch": Expected("N2", frozenset({"I1", "I6"})),
    "letter-without-bytes": Expected("N17", frozenset({"I11"})),
    "ignored-retry-after": Expected("N10", says="before the time that was asked for"),
}


@dataclass(frozen=True)
class Caught:
    """What one bug came to.  `by` are the invariants that broke as expected, `also` those that broke besides."""

    bug: str
    nemesis: str
    by: tuple[str, ...]
    also: tuple[str, ...]
    seen: str
    played: Played

    @property
    def is_caught(self) -> bool:
        return bool(self.by)


def judge(bug: str, expected: Expected, played: Played) -> Caught:
    """Whether what was expected to break did.  A run that came to nothing for another reason catches nothing."""
    broken = {name: cell.seen for name, cell in played.cells.items() if cell.state is State.BROKEN}
    by = tuple(name for name in broken if name in expected.breaks)
    seen = broken[by[0]] if by else played.trouble
    if expected.says and expected.says in played.trouble:
        by = (expected.nemesis,)
    also = tuple(name for name in broken if name not in by)
    return Caught(bug, expected.nemesis, by, also, seen.splitlines()[0] if seen else "", played)


def play_bug(bug: str, nemeses: Mapping[str, Nemesis], folder: Path, registry_url: str, *, seed: int) -> Caught:
    expected = EXPECTED[bug]
    program = ("tests.faults.seeded_stock", bug)
    played = play(nemeses[expected.nemesis], folder, registry_url, seed=seed, program=program)
    return judge(bug, expected, played)


def line(caught: Caught) -> str:
    """One row of the report."""
    verdict = f"caught by {', '.join(caught.by)}" if caught.is_caught else "NOT CAUGHT"
    also = f" (also {', '.join(caught.also)})" if caught.also else ""
    return f"{caught.bug:<28}{caught.nemesis:<6}{verdict}{also}: {caught.seen[:160]}"


def table(found: Iterable[Caught]) -> str:
    """Every seeded bug; one that was not played says so."""
    by_bug = {one.bug: one for one in found}
    head = f"{'seeded bug':<28}{'fault':<6}what showed it"
    rows = [line(by_bug[bug]) if bug in by_bug else f"{bug:<28}{EXPECTED[bug].nemesis:<6}not run" for bug in BUGS]
    return "\n".join([head, *rows])
