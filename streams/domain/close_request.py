"""Runs of the closing: what is asked for, which stretch that is, and how each run ended."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import msgspec

from streams.domain.closing import Finding, Page
from streams.domain.order_closing import Asked, Record
from streams.domain.reconciliation import RunState

ORDERS, STOCK = "orders", "stock"
FLOWS = (ORDERS, STOCK)
LONGEST = timedelta(days=7)
"""So far back a page looks for what was still open; and the nightly comparison of orders."""
DAY = timedelta(days=1)
EVERYTHING = "*"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


class CloseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as it is asked for; stored in the standing order of a person.

    Without `since` (µs) each flow is closed behind its last page, up to `until` (µs, 0: now), and the page is kept.
    With it the flow is only looked at.  `requeue` are ids of orders, or `*`.
    """

    run: str
    flows: tuple[str, ...] = FLOWS
    since: int = 0
    until: int = 0
    requeue: tuple[str, ...] = ()
    by: str = "timer"
    reason: str = ""


class Stretched(msgspec.Struct, frozen=True):
    """Times (µs) of a page: its logs from `opened_at`, its entities from `since`, both up to `closed_at`."""

    since: int
    opened_at: int
    closed_at: int


def stretch_of(request: CloseRequest, last: Page | None, settled_at: int) -> Stretched | None:
    """None where nothing is left to be closed: the last page ends there already."""
    closed_at = min(request.until or settled_at, settled_at)
    longest, day = LONGEST // _MICRO, DAY // _MICRO
    if request.since:
        return Stretched(request.since, request.since, closed_at) if request.since < closed_at else None
    opened_at = closed_at - day if last is None else last.closed_at
    if opened_at >= closed_at:
        return None
    carried = last.carried_from if last is not None and last.carried_from else opened_at
    return Stretched(max(min(opened_at, carried), closed_at - longest), opened_at, closed_at)


def midnight(now: datetime) -> int:
    """The last one (µs)."""
    return (now.replace(hour=0, minute=0, second=0, microsecond=0) - _EPOCH) // _MICRO


def is_due(at: time, now: datetime, done_at: int) -> bool:
    """Whether the time of the day has come, and nothing was done since."""
    due = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    due = due if due <= now else due - DAY
    return done_at < (due - _EPOCH) // _MICRO


class Explained(msgspec.Struct, frozen=True):
    """A document that a target does not have, for a reason that is known."""

    order_id: str
    target: str
    what: str
    why: str


class Requeued(msgspec.Struct, frozen=True):
    """What was asked anew, or why it was not; `is_done` tells."""

    order_id: str
    what: str
    is_done: bool
    why: str = ""


@dataclass
class CloseRun:
    """One run as it goes on.  Times in µs."""

    request: CloseRequest
    started_at: int
    state: RunState = RunState.RUNNING
    why: str = ""
    ended_at: int = 0
    done: int = 0
    """Slices that were looked at, of `expected`."""
    expected: int = 0
    pages: list[Page] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    requeued: list[Requeued] = field(default_factory=list)
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    """Of orders with findings the newest command of each request, by order and request."""
    entries: dict[str, Record] = field(default_factory=dict)
    """Of orders with findings where the changelog has them."""

    def ended(self, state: RunState, at: int, why: str = "") -> None:
        self.state, self.ended_at, self.why = state, at, why

    @property
    def findings(self) -> list[Finding]:
        return [finding for page in self.pages for finding in page.findings]
