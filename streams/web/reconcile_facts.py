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


class CandidateFact(msgspec.Struct, frozen=True):
    """An order that would explain an inconsistency."""

    order_number: str
    state: str
    quantity: str
    how: str


class FindingFact(msgspec.Struct, frozen=True, kw_only=True):
    """Reservations of one SKU in one stock that are wrong; quantities as people read them.

    `compensation` is the argument of the vendor's command, empty where no order explains the difference;
    `pasteable` False where the command would not read the order's number.
    """

    kind: str
    stock_id: int
    sku: str
    salable: str
    available: str
    reserved: str
    expected: str
    difference: str
    certainty: str
    is_bound: bool
    at: int
    candidates: tuple[CandidateFact, ...] = ()
    compensation: str = ""
    pasteable: bool = False


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
    findings: tuple[FindingFact, ...] = ()


class ReconcileFact(msgspec.Struct, frozen=True, kw_only=True):
    """`refusal` says why no run may begin now; `runs` are the last ones, newest first."""

    refusal: str
    every_s: float
    full_at: str
    repair: tuple[str, ...]
    next_at: dict[str, int]
    reservations_refusal: str = ""
    """Why no run about reservations may begin now."""
    reservations_at: str = ""
    runs: tuple[RunFact, ...] = ()
