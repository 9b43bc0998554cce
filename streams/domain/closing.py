"""The closing of a day: every source entity in exactly one state, and everything that is missing by its name.

A page is written for a stretch of time and for one flow.  It closes where no entity is missing, no log is short, and no
target holds another thing than it acknowledged.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from streams.domain.log_count import LogCount

FINDINGS_KEPT = 500
"""Of one page; what is beyond is counted only."""
OPEN_KEPT = 100
PERHAPS = 5


class State(StrEnum):
    """Where a source entity ended; the first that holds, in this order."""

    MISSING = "missing"
    HELD = "held"
    DEAD = "dead"
    PARKED = "parked"
    IN_FLIGHT = "in-flight"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    DELIVERED = "delivered"


class Kind(StrEnum):
    """What can be found; each is explained in `ABOUT`."""

    NEVER_SEEN = "never-seen"
    NOT_TAKEN = "not-taken"
    NOT_IN_STATE = "not-in-state"
    EVENT_GONE = "event-gone"
    COMMAND_GONE = "command-gone"
    OUTCOME_GONE = "outcome-gone"
    SNAPSHOT_GONE = "snapshot-gone"
    RECORD_GONE = "record-gone"
    NOT_AT_TARGET = "not-at-target"
    TWICE = "twice"
    DIFFERS = "differs"


class About(NamedTuple):
    """For people: what it means, and what to do."""

    title: str
    advice: str


ABOUT: Mapping[Kind, About] = MappingProxyType(
    {
        Kind.NEVER_SEEN: About(
            "Placed at the shop, never seen here",
            "commerce-streams reconcile orders --requeue ID puts it on its topic; then see why poll and gateway "
            "missed it",
        ),
        Kind.NOT_TAKEN: About(
            "On its topic, and nothing was made of it",
            "commerce-streams replay reprocess with its topic and offset reads it again",
        ),
        Kind.NOT_IN_STATE: About(
            "A table's changelog does not have it",
            "the worker's local copy may still have it; commerce-streams replay rebuild makes the table anew from its "
            "inputs. Do not move its partition before",
        ),
        Kind.EVENT_GONE: About(
            "An event that was counted is no longer in its log",
            "nothing is lost while the state stands: a rebuild from the log would lack it. Find who deleted records",
        ),
        Kind.COMMAND_GONE: About(
            "A command that was decided is not in its log",
            "where it was not answered: commerce-streams reconcile orders --requeue ID asks anew. Find who deleted it",
        ),
        Kind.OUTCOME_GONE: About(
            "An outcome is not in its log",
            "nothing is lost while the state stands. Find who deleted records",
        ),
        Kind.SNAPSHOT_GONE: About(
            "What the ledger decided was never told to the lane",
            "commerce-streams stock recount SKU has it stated anew; then its snapshot is sent again",
        ),
        Kind.RECORD_GONE: About(
            "Records were taken out of a log",
            "find who deleted them (retention, kafka-delete-records); what they were about stands beside, where it is "
            "known",
        ),
        Kind.NOT_AT_TARGET: About(
            "Acknowledged, and the target no longer has it",
            "find who deleted it there; commerce-streams reconcile orders --requeue ID makes it again",
        ),
        Kind.TWICE: About("The target has it twice", "a person must cancel one of them there"),
        Kind.DIFFERS: About("The target shows another total", "compare both; correct the order, or the target by hand"),
    }
)


Key = tuple[str, str, str]
"""What makes two findings the same."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One thing that does not close.

    `entity` is an order id, a SKU, or "" where it is not known; `where` a topic with partition and offset, a table, or
    a target with its reference; `since` in µs.
    """

    kind: Kind
    entity: str
    where: str
    detail: str = ""
    since: int = 0

    @property
    def key(self) -> Key:
        """The same finding at a second look."""
        return (self.kind, self.entity, self.where)


class Closed(NamedTuple):
    """How an entity, or several records of one, ended; `since` (µs) of what is still open."""

    entity: str
    states: Mapping[State, int]
    findings: tuple[Finding, ...] = ()
    since: int = 0
    why: str = ""


class Open(msgspec.Struct, frozen=True, order=True):
    """An entity that has not ended; oldest first."""

    since: int
    entity: str
    state: State
    why: str = ""


class Log(msgspec.Struct, frozen=True):
    """A stretch of one partition; `opened` of the next page is where this one ended."""

    topic: str
    partition: int
    count: LogCount
    is_first: bool = False
    """No page before this one says where it begins."""
    starts: int = 0
    """First offset of the whole log, when the page was made."""


class AtTarget(msgspec.Struct, frozen=True):
    """What one system holds of what it should."""

    role: str
    target: str
    wanted: int = 0
    there: int = 0
    missing: int = 0
    twice: int = 0
    differ: int = 0
    total: dict[str, int] = {}
    """Micros by currency, of what is there; empty where the system states no amounts."""
    lines: int = 0
    why: str = ""
    """Why it could not be asked; the numbers say nothing then."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One flow, from `opened_at` to `closed_at` (µs)."""

    flow: str
    opened_at: int
    closed_at: int
    made_at: int
    by: str = "timer"
    states: dict[State, int] = {}
    findings: tuple[Finding, ...] = ()
    found: int = 0
    """All findings; `findings` are the first of them."""
    open: tuple[Open, ...] = ()
    carried_from: int = 0
    """When the oldest that is open began (µs): the next page looks back so far; 0 where nothing is open."""
    logs: tuple[Log, ...] = ()
    targets: tuple[AtTarget, ...] = ()
    never_placed: tuple[str, ...] = ()
    """Order numbers between others that the shop does not know: a payment that failed uses one up."""
    unread: tuple[str, ...] = ()
    """Order numbers that the shop has, and that cannot be read."""
    looks: int = 1

    @property
    def entities(self) -> int:
        return sum(self.states.values())

    @property
    def records(self) -> int:
        """In the logs."""
        return sum(log.count.seen for log in self.logs)

    @property
    def closes(self) -> bool:
        """Also False where a target could not be asked: what it holds is not known."""
        return not self.found and not any(one.why for one in self.targets)


class Sums:
    """Adds up how entities ended: bounded, whatever there is."""

    def __init__(self) -> None:
        self.states = Counter[State]()
        self.findings: list[Finding] = []
        self.found = 0
        self.open: list[Open] = []

    def add(self, one: Closed, only: Collection[Key] | None = None) -> None:
        """With `only`, findings that were found before: an entity that has none of these was under way."""
        if only is not None and one.findings:
            one = _confirmed(one, only)
        self.states.update(one.states)
        self.tell(one.findings)
        unfinished = [state for state in one.states if state in STILL_OPEN and one.states[state]]
        self.open += [Open(one.since, one.entity, state, one.why) for state in unfinished]
        if len(self.open) > 2 * OPEN_KEPT:
            self.open = sorted(self.open)[:OPEN_KEPT]

    def tell_new(self, findings: Iterable[Finding]) -> None:
        """Those that are not told yet."""
        known = {finding.key for finding in self.findings}
        self.tell(finding for finding in findings if finding.key not in known)

    def tell(self, findings: Iterable[Finding]) -> None:
        """Findings that are about no entity, too."""
        for finding in findings:
            self.found += 1
            if len(self.findings) < FINDINGS_KEPT:
                self.findings.append(finding)

    @property
    def oldest(self) -> int:
        """When the oldest in flight began; 0 where nothing is."""
        return min((one.since for one in self.open if one.state is State.IN_FLIGHT and one.since), default=0)


def _confirmed(one: Closed, only: Collection[Key]) -> Closed:
    findings = tuple(finding for finding in one.findings if finding.key in only)
    if findings:
        return one._replace(findings=findings)
    states = Counter(one.states)
    states[State.IN_FLIGHT] += states.pop(State.MISSING, 0)
    return one._replace(findings=(), states=states)


STILL_OPEN = frozenset({State.HELD, State.PARKED, State.IN_FLIGHT})


def log_findings(log: Log, known: Mapping[int, str], at: int, perhaps: Sequence[str] = ()) -> list[Finding]:
    """What is missing of a stretch; `known` names what some of its records were about, `perhaps` what they may be."""
    found = []
    for gap in log.count.missing:
        names = [known[offset] for offset in sorted(known) if gap.first <= offset < gap.end]
        named = names[0] if gap.records == 1 and names else ""
        offsets = f"{gap.first}" if gap.records == 1 else f"{gap.first}–{gap.end - 1}"
        told = [f"{gap.records} records"] if gap.records > 1 else []
        told += [f"of {', '.join(dict.fromkeys(names))}"] if names and not named else []
        told += [f"perhaps of {', '.join(perhaps[:PERHAPS])}"] if perhaps and not names else []
        where = f"{log.topic}[{log.partition}] offset {offsets}"
        found.append(Finding(Kind.RECORD_GONE, named, where, "; ".join(told), at))
    return found
