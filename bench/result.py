"""What a line found out, as one JSON object, and as rows of a table for people."""

from collections.abc import Mapping, Sequence

import msgspec

from bench.arithmetic import Goal, is_met

QUICK = "quick: not a measurement"
"""Also said of any other scale."""
Figures = Mapping[str, float | int | str | None]


class Rounding(msgspec.Struct, frozen=True):
    """How many rounds; in how many the machine changed its pace by more than a tenth; the largest change."""

    count: int
    restless: int = 0
    drift: float = 0.0


class Result(msgspec.Struct, frozen=True):
    """One line.  `ours` and `peers` are medians of the same rounds; `notes` says what was scaled or left out."""

    line: str
    about: str
    ratio: float | None
    goals: tuple[Goal, ...]
    ours: Figures
    peers: Mapping[str, Figures]
    rounds: Rounding
    seed: int
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()
    quick: bool = False
    at: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return is_met(self.goals)


def to_json(result: Result) -> str:
    """One line of JSON."""
    document = msgspec.to_builtins(result)
    for goal, made in zip(result.goals, document["goals"], strict=True):
        made["met"] = goal.is_met
    made_of = {"line": result.line, "ok": result.ok, **document}
    if result.quick:
        made_of["warning"] = QUICK
    return msgspec.json.encode(made_of).decode()


def from_json(text: str | bytes) -> Result:
    return msgspec.json.decode(text, type=Result)


def number(value: float | str | None) -> str:
    """Three digits that matter; thousands apart."""
    if value is None:
        return "not measured"
    if isinstance(value, str):
        return value
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def rows(results: Sequence[Result]) -> list[tuple[str, str, str, str, str]]:
    """Line, goal, bound, value, verdict: one row per goal."""
    return [
        (
            result.line,
            goal.name,
            f"{'≥' if goal.side == 'at least' else '≤'} {number(goal.bound)}",
            number(goal.value),
            _verdict(goal),
        )
        for result in results
        for goal in result.goals
    ]


def _verdict(goal: Goal) -> str:
    if goal.is_met:
        return "met"
    return "not yet (stretch)" if goal.stretch else "MISSED"


def text_table(results: Sequence[Result]) -> str:
    """For a terminal."""
    lines = [("line", "goal", "bound", "value", ""), *rows(results)]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    found = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    if any(result.quick for result in results):
        found.append(QUICK)
    return "\n".join(found)
