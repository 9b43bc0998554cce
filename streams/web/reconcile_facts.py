"""What the worker with the stock lane tells of its comparisons with the shop.

Times are microseconds since 1970 in UTC, 0 where there is none; values are as people read them.
"""

import msgspec

LISTED = 100
"""Of a run's differences, in what is told every second; all that are kept are asked for by the run's name."""


class DriftFact(msgspec.Struct, frozen=True):
    """A pair that differs; `theirs` is None where the shop does not show it, `ours` where no record led to it."""

    kind: str
    sku: str
    source_code: str
    ours: str | None
    theirs: str | None
    at: int
    repaired: bool


class RunFact(msgspec.Struct, frozen=True, kw_only=True):
    """One run; `expected` is how many pairs there are to compare, as far as that is known by now."""

    run: str
    scope: str
    by: str
    state: str
    """running, done, failed, stopped, refused."""
    why: str
    started_at: int
    ended_at: int
    expected: int
    listed: int
    compared: int
    agree: int
    unsettled: int
    set_aside: int
    calls: int
    found: dict[str, int]
    repaired: dict[str, int]
    repair: tuple[str, ...]
    drift: tuple[DriftFact, ...] = ()


class ReconcileFact(msgspec.Struct, frozen=True, kw_only=True):
    """`refusal` says why no run may begin now; `runs` are the last ones, newest first."""

    refusal: str
    every_s: float
    full_at: str
    repair: tuple[str, ...]
    next_at: dict[str, int]
    runs: tuple[RunFact, ...] = ()
