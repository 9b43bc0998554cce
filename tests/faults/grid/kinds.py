"""The words of the grid: a fault, what is claimed under it, what was seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.grid.run import Run


class Claim(StrEnum):
    """What a fault run has to show of an invariant."""

    MUST = "must"
    """Holds, and is looked at in this run."""
    LATER = "later"
    """The fault may delay it; it is looked at after the fault healed, with a limit."""
    NOT_HERE = "not here"
    """Not the point of that run."""


class State(StrEnum):
    HELD = "held"
    BROKEN = "BROKEN"
    NOT_RUN = "not run"
    NOT_CLAIMED = "."


@dataclass(frozen=True)
class Hit:
    """What shows that the fault struck live work, and how often."""

    what: str
    count: int


@dataclass(frozen=True)
class Nemesis:
    """One fault.  `strike` does it while stock is traded, waits until it bit, heals it, and says what it hit.

    `options` are those of `tests.faults.system.System`; `trade_s` and `per_s` say how much is traded meanwhile.
    """

    id: str
    name: str
    how: str
    strike: Callable[["Run"], list[Hit]]
    options: Mapping[str, Any] = field(default_factory=dict)  # Any: System's own options
    trade_s: float = 10
    per_s: float = 150
    workers: tuple[str, ...] = ("a", "b")
    open_end: bool = False
    """The trade goes on until the fault is healed, and `trade_s` is only the most that it may take."""
    heal_s: float = 180
    """No more than this may pass from the last heal until nothing is left to do (I13)."""
    needs: Callable[[], str] = lambda: ""
    """Why it cannot be played on this machine; nothing where it can."""


@dataclass(frozen=True)
class Cell:
    """One invariant in one run: how it stands, and what was seen (or what broke it)."""

    state: State
    seen: str = ""


@dataclass(frozen=True)
class Played:
    """What one run showed.  `cells` by the invariant's id; `trouble` where the run itself came to nothing."""

    nemesis: str
    seed: int
    hits: tuple[Hit, ...]
    cells: Mapping[str, Cell]
    records: int = 0
    heal_s: float | None = None
    run_s: float = 0
    trouble: str = ""
    not_run: str = ""
    """Why it was not played."""
    flow: str = "stock"

    @property
    def hit(self) -> int:
        return sum(hit.count for hit in self.hits)

    @property
    def holds(self) -> bool:
        """Nothing broke, and the fault is shown to have struck (where there is one)."""
        broken = [cell for cell in self.cells.values() if cell.state is State.BROKEN]
        return not self.trouble and not broken and all(hit.count > 0 for hit in self.hits)
