"""What the worker with the stock lane tells of its closings.  Times are microseconds since 1970 in UTC."""

import msgspec

from streams.domain.close_request import Explained, Requeued
from streams.domain.closing import Page


class CloseRunFact(msgspec.Struct, frozen=True, kw_only=True):
    """One run; `done` of `expected` slices were looked at."""

    run: str
    by: str
    flows: tuple[str, ...]
    since: int
    state: str
    """running, done, failed, stopped, refused."""
    why: str
    started_at: int
    ended_at: int
    done: int
    expected: int
    found: int
    requeued: int


class CloseRunWhole(msgspec.Struct, frozen=True, kw_only=True):
    """One run with everything that it found."""

    run: CloseRunFact
    pages: tuple[Page, ...]
    explained: tuple[Explained, ...]
    requeued: tuple[Requeued, ...]


class CompletenessFact(msgspec.Struct, frozen=True, kw_only=True):
    """`refusal` says why no run may begin now; `at` is the daily time, "" where none is made by itself."""

    refusal: str
    at: str
    orders_at: str
    runs: tuple[CloseRunFact, ...] = ()
