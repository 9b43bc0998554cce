"""The fewest calls that could have carried a stream of changes, known only afterwards."""

import heapq
from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """A change of one row, at a time in seconds."""

    at: float
    key: str


class Fewest(NamedTuple):
    """What no writer can do with less, within the window."""

    calls: int
    rows: int


def fewest(changes: Iterable[Change], window: float, rows_per_call: int) -> Fewest:
    """The offline optimum: each change is written within `window` seconds, at most `rows_per_call` rows a call.

    Waiting until the earliest deadline loses nothing, because a row takes up all its changes until it is written.
    A call has to leave then; what else fills it is what would be due next, which never costs a call more.  `changes`
    are in order of time.
    """
    due: list[tuple[float, str]] = []
    waiting: set[str] = set()
    calls = rows = 0

    def leave() -> None:
        nonlocal calls, rows
        taken = [heapq.heappop(due) for _ in range(min(rows_per_call, len(due)))]
        waiting.difference_update(key for _, key in taken)
        calls += 1
        rows += len(taken)

    for at, key in changes:
        while due and due[0][0] < at:
            leave()
        if key not in waiting:
            waiting.add(key)
            heapq.heappush(due, (at + window, key))
    while due:
        leave()
    return Fewest(calls, rows)
