"""What logs and tables show of one SKU, and how each of its input records ended.

The newest record that the ledger took stands for what the shop shows; those before it are contained in it.  So of the
records of a SKU one is delivered and the others are superseded, once every row of it is acknowledged.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from streams.domain.closing import STILL_OPEN, Closed, Finding, Kind, State
from streams.domain.lane_rows import Row, RowState
from streams.domain.order_closing import Record
from streams.domain.version import NOTHING_SEEN, Version


class SourceSeen(NamedTuple):
    """One source of the ledger's entry: `contained` counts the changes and holds that its value contains.

    `is_new`: the newest of them is of the stretch.
    """

    code: str
    shown: bool
    contained: int
    is_new: bool = True


class LedgerSeen(NamedTuple):
    """The changelog's newest entry; `next_offsets` by topic: what it has seen."""

    next_offsets: Mapping[str, int]
    sources: tuple[SourceSeen, ...] = ()


class SkuRecords(NamedTuple):
    """Input records of one SKU, counted as they are read.

    By topic, `newest` is that of all that were taken, `due` that of those old enough to be judged.
    """

    dead: int = 0
    waiting: int = 0
    waiting_since: int = 0
    taken: int = 0
    newest: Mapping[str, Record] = MappingProxyType({})
    due: Mapping[str, Record] = MappingProxyType({})


class SkuEvidence(NamedTuple):
    """Everything that was found of one SKU."""

    sku: str
    records: SkuRecords = SkuRecords()
    ledger: LedgerSeen | None = None
    snapshot: Mapping[str, int] | None = None
    """Source → what the newest snapshot contains; None where there is no snapshot."""
    is_snapshot_taken: bool = True
    rows: tuple[Row, ...] | None = None
    told: Mapping[str, Version] = MappingProxyType({})
    """Source → the newest version whose outcome is in the log."""
    told_from: int = 0
    """Outcomes were read from there on (µs)."""


def noted(records: SkuRecords, record: Record, settled_at: int, *, is_dead: bool) -> SkuRecords:
    """One more record; those of a topic come in their order."""
    if is_dead:
        return records._replace(dead=records.dead + 1)
    if not record.is_taken:
        since = min(records.waiting_since or record.at, record.at)
        return records._replace(waiting=records.waiting + 1, waiting_since=since)
    newest = {**records.newest, record.topic: record}
    due = {**records.due, record.topic: record} if record.at < settled_at else records.due
    return records._replace(taken=records.taken + 1, newest=newest, due=due)


def closed(one: SkuEvidence) -> Closed:
    """How the records ended, and what is missing."""
    findings = tuple(dict.fromkeys(_findings(one)))
    states = Counter[State]({State.DEAD: one.records.dead, State.IN_FLIGHT: one.records.waiting})
    since = one.records.waiting_since
    if one.records.taken:
        newest = State.MISSING if findings else _of_rows(one)
        states[newest] += 1
        states[State.SUPERSEDED] += one.records.taken - 1
        first = min(record.at for record in one.records.newest.values())
        since = min(since or first, first) if newest in STILL_OPEN else since
    return Closed(one.sku, {state: number for state, number in states.items() if number}, findings, since)


def _findings(one: SkuEvidence) -> Iterator[Finding]:
    for record in one.records.due.values():
        if one.ledger is None or one.ledger.next_offsets.get(record.topic, 0) <= record.offset:
            yield Finding(Kind.NOT_IN_STATE, one.sku, "changelog of stock-ledger", record.where, record.at)
    if one.ledger is None or not one.records.due:
        return
    at = max(record.at for record in one.records.due.values())
    yield from _not_told(one, one.ledger, at)
    yield from _not_in_rows(one, at)


def _not_told(one: SkuEvidence, ledger: LedgerSeen, at: int) -> Iterator[Finding]:
    for source in ledger.sources:
        if source.shown and source.is_new and (one.snapshot or {}).get(source.code, -1) < source.contained:
            yield Finding(Kind.SNAPSHOT_GONE, one.sku, "inventory.desired.v1", f"source {source.code}", at)


def _not_in_rows(one: SkuEvidence, at: int) -> Iterator[Finding]:
    if one.snapshot is None or not one.is_snapshot_taken:
        return
    rows = {row.source_code: row for row in one.rows or ()}
    for code, contained in one.snapshot.items():
        if code not in rows or rows[code].changes + rows[code].holds < contained:
            yield Finding(Kind.NOT_IN_STATE, one.sku, "changelog of stock-write", f"source {code}", at)


def may_lack_an_outcome(one: SkuEvidence) -> bool:
    """Whether a row was acknowledged in a version that no outcome names.

    That alone is no loss: a value that the shop shows already is acknowledged without a call, and nothing is told.
    """
    return any(
        row.acked_at >= one.told_from and one.told.get(row.source_code, NOTHING_SEEN) < row.acked_version
        for row in one.rows or ()
    )


def _of_rows(one: SkuEvidence) -> State:
    """The row that is furthest from done decides; without a shown source the records wait for a base."""
    if one.ledger is None:
        return State.IN_FLIGHT
    if not any(source.shown for source in one.ledger.sources):
        return State.PARKED if one.ledger.sources else State.SUPERSEDED
    if not any(source.is_new for source in one.ledger.sources):
        return State.SUPERSEDED  # repeats, or older than what was known
    states = {_STATE[row.state] for row in one.rows or ()}
    if not states or not one.is_snapshot_taken:
        return State.IN_FLIGHT
    return next(state for state in (State.DEAD, State.PARKED, State.IN_FLIGHT, State.DELIVERED) if state in states)


_STATE: Mapping[RowState, State] = MappingProxyType(
    {
        RowState.CLEAN: State.DELIVERED,
        RowState.DIRTY: State.IN_FLIGHT,
        RowState.PARKED: State.PARKED,
        RowState.DEAD: State.DEAD,
    }
)
