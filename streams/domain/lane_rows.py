"""The stock lane's rows: what Commerce should show, what it acknowledged, and what stands in between.

One entry per SKU, one row per source.  A snapshot contains all earlier ones of its SKU, so folding keeps the newest
only: memory and disk are bounded by rows, never by changes.
"""

from enum import IntEnum
from typing import NamedTuple

import msgspec

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from streams.domain import lane_waits
from streams.domain.reasons import DeadReason, IgnoreReason, ParkReason
from streams.domain.version import NOTHING_SEEN, Version


class RowState(IntEnum):
    """Stored, so the numbers stay as they are."""

    CLEAN = 0
    DIRTY = 1
    PARKED = 2
    DEAD = 3


class Shown(NamedTuple):
    """A value of a row, as a shop shows it; quantity in micros."""

    quantity: int
    in_stock: bool


class Unposted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Goods that have left, and that the shop has not deducted yet because their shipment is not posted.

    `reference` is the id of the shipment's command, `quantity` in micros, `since` in µs.  While it is posted nobody
    else may write the row.  An expired one no longer counts; it is remembered until its command has ended, so that it
    is not counted again.
    """

    reference: str
    order_id: str
    quantity: int
    since: int
    is_posting: bool = False
    is_expired: bool = False


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One source of one SKU.

    `wanted` is what the last snapshot says; `to_write` is that with the goods that were shipped and not posted.

    `changes` and `holds` count the input records that the wanted value contains, `acked_changes` and `acked_holds`
    those that are settled: the acknowledged or the refused value contains them.  `dead_topic` is the topic of the
    record that was counted dead with a refused value, "" where that value contained no record.  `retry_at` is when a
    parked row gets another try, `parks` how often in a row it was parked with this value.  `rest_until` is when a clean
    row becomes due because a posting left the shop lower than what is wanted, 0 where none did.  `acked_before` is what
    the shop showed before it acknowledged another value.  Times in µs.
    """

    source_code: str
    wanted: Shown
    version: Version
    changes: int
    holds: int
    cause: Cause
    state: RowState = RowState.DIRTY
    dirty_since: int = 0
    reason: str = ""
    acked: Shown | None = None
    acked_version: Version = NOTHING_SEEN
    acked_at: int = 0
    acked_changes: int = 0
    acked_holds: int = 0
    dead_topic: str = ""
    retry_at: int = 0
    parks: int = 0
    unposted: tuple[Unposted, ...] = ()
    rest_until: int = 0
    acked_before: Shown | None = None

    @property
    def shipped(self) -> int:
        """What the shop still holds reservations for, although it has left (micros)."""
        return sum(item.quantity for item in self.unposted if not item.is_expired)

    @property
    def to_write(self) -> Shown:
        """What the shop should show until it has posted what was shipped.

        Where nothing else is there the source counts as in stock: the goods are reserved, so none of them can be sold,
        and a source that is out of stock would have its reservations taken off other sources.
        """
        shipped = self.shipped
        if not shipped:
            return self.wanted
        return Shown(self.wanted.quantity + shipped, self.wanted.in_stock or not self.wanted.quantity)

    @property
    def open_changes(self) -> int:
        return self.changes - self.acked_changes

    @property
    def open_holds(self) -> int:
        return self.holds - self.acked_holds


class SkuRows(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Value of the table `stock-write` for one SKU; `seen` is the newest snapshot folded."""

    seen: Version = NOTHING_SEEN
    rows: tuple[Row, ...] = ()

    def row(self, source_code: str) -> Row | None:
        return next((row for row in self.rows if row.source_code == source_code), None)

    def with_row(self, row: Row) -> "SkuRows":
        """The entry with one row replaced or added; rows stay sorted by source."""
        others = [old for old in self.rows if old.source_code != row.source_code]
        return msgspec.structs.replace(self, rows=tuple(sorted((*others, row), key=lambda one: one.source_code)))


class Count(NamedTuple):
    """So many input records of a topic ended so (or, below zero, no longer did)."""

    topic: str
    outcome: str
    records: int


class Settled(NamedTuple):
    """A row after an answer, and the counts that moved."""

    row: Row
    counts: tuple[Count, ...] = ()


class Folded(NamedTuple):
    """What a snapshot did: the entry, the rows that now are due, and the counts that moved."""

    entry: SkuRows
    due: tuple[Row, ...] = ()
    counts: tuple[Count, ...] = ()
    ignored: IgnoreReason | None = None


CHANGES, HOLDS = "wms.stock-change.v1", "inventory.hold.v1"
"""The inputs whose records a row contains."""


def fold(entry: SkuRows, snapshot: DesiredStock, now: int) -> Folded:
    """One snapshot of a SKU; older ones are refused, the same one again revives what was set aside."""
    version = Version(snapshot.epoch, snapshot.counter)
    if version < entry.seen:
        return Folded(entry, ignored=IgnoreReason.OLD_VERSION)
    if version == entry.seen:
        return _revived(entry, now)
    settled = [_wanted(entry.row(source.source_code), source, snapshot, now) for source in snapshot.sources]
    folded = msgspec.structs.replace(entry, seen=version)
    for one in settled:
        folded = folded.with_row(one.row)
    due = tuple(one.row for one in settled if one.row.state is RowState.DIRTY)
    return Folded(folded, due, tuple(count for one in settled for count in one.counts))


def acknowledged(row: Row, written: Row, now: int, called_at: int | None = None) -> Settled:
    """The shop shows what `written` had to write; `row` may want another value by now, and then stays dirty.

    What it wants then came after the call began (`called_at`, µs), for a call carries the newest value.  Goods that
    were shipped meanwhile are no reason to write again: see `lane_shipments.raised`.
    """
    shown, is_newest = written.to_write, row.wanted == written.wanted
    if is_newest:
        written = row
    closed = _closed(row, written, "applied")
    acked = msgspec.structs.replace(
        closed.row,
        acked=shown,
        acked_version=written.version,
        acked_at=now,
        reason="",
        retry_at=0,
        parks=0,
        rest_until=0,
        acked_before=row.acked_before if shown == row.acked else row.acked,
    )
    if is_newest and shown.quantity <= row.to_write.quantity:
        return Settled(msgspec.structs.replace(acked, state=RowState.CLEAN), closed.counts)
    since = row.dirty_since if called_at is None else called_at
    return Settled(msgspec.structs.replace(acked, state=RowState.DIRTY, dirty_since=since), closed.counts)


def refused(row: Row, written: Row, reason: DeadReason) -> Settled:
    """The shop will never take what `written` wanted: one record is dead, the others are contained in it."""
    if row.version == written.version:
        written = row
    closed = _closed(row, written, "dead")
    if row is not written:
        return Settled(msgspec.structs.replace(closed.row, state=RowState.DIRTY, reason=reason), closed.counts)
    topic = closed.counts[0].topic if closed.counts else ""
    dead = msgspec.structs.replace(closed.row, state=RowState.DEAD, reason=reason, dead_topic=topic)
    return Settled(dead, closed.counts)


def parked(row: Row, written: Row, reason: ParkReason, now: int) -> Settled:
    """`written` was refused alone without a reason: it waits for its next version, or until another try is due."""
    if row.version != written.version:
        return Settled(row)  # what it wants by now was never tried
    counts = (Count(CHANGES, "parked", row.open_changes), Count(HOLDS, "parked", row.open_holds))
    retry_at = now + lane_waits.PARKED.after(row.parks)
    aside = msgspec.structs.replace(row, state=RowState.PARKED, reason=reason, retry_at=retry_at, parks=row.parks + 1)
    return Settled(aside, _real(counts))


def tried_again(row: Row) -> Settled:
    """A parked row is dirty again, for as long as it was; refused once more, it waits longer than before."""
    if row.state is not RowState.PARKED:
        return Settled(row)
    back = _brought_back(row, row, row.dirty_since)
    return Settled(msgspec.structs.replace(back.row, parks=row.parks), back.counts)


def overwritten(row: Row, shown: Shown | None, now: int) -> Row:
    """The shop shows something else than it acknowledged: the row is due again, by what it shows.

    Its records are settled already, so nothing is counted once more.
    """
    return msgspec.structs.replace(row, state=RowState.DIRTY, acked=shown, dirty_since=now)


def _wanted(old: Row | None, source: SourceQuantity, snapshot: DesiredStock, now: int) -> Settled:
    """The row with the snapshot's value; a value that the shop shows already needs no call."""
    wanted = Shown(source.quantity, source.status == 1)
    version = Version(snapshot.epoch, source.version)
    if old is None:
        counted = (source.changes, source.holds, source.cause)
        return Settled(Row(source.source_code, wanted, version, *counted, dirty_since=snapshot.dirty_since))
    known = old
    if version.epoch != old.version.epoch:  # the ledger was rebuilt and counts from the beginning again
        known = msgspec.structs.replace(old, acked_changes=0, acked_holds=0)
    row = msgspec.structs.replace(
        known, wanted=wanted, version=version, changes=source.changes, holds=source.holds, cause=source.cause
    )
    if old.state is RowState.DIRTY:
        return Settled(row if old.version == version else msgspec.structs.replace(row, parks=0))
    if old.state is not RowState.CLEAN:
        return _joined(row, old) if old.version == version else _brought_back(row, old, snapshot.dirty_since)
    if old.acked == row.to_write:
        return acknowledged(row, row, now)
    if old.wanted == wanted:
        return _closed(row, row, "applied")  # it differs by what was shipped only, which is no reason to write
    return Settled(msgspec.structs.replace(row, state=RowState.DIRTY, dirty_since=snapshot.dirty_since, rest_until=0))


def _joined(row: Row, old: Row) -> Settled:
    """More records for a value that was set aside: they share its fate."""
    if row.state is RowState.DEAD:
        return _closed(row, row, "superseded")
    more = (row.open_changes - old.open_changes, row.open_holds - old.open_holds)
    return Settled(row, _real((Count(CHANGES, "parked", more[0]), Count(HOLDS, "parked", more[1]))))


def _revived(entry: SkuRows, now: int) -> Folded:
    """The same snapshot again, after a retry by a person or as a redelivery: what was set aside gets another try."""
    aside = [row for row in entry.rows if row.state in (RowState.DEAD, RowState.PARKED)]
    settled = [_brought_back(_reopened(row), row, now) for row in aside]
    folded = entry
    for one in settled:
        folded = folded.with_row(one.row)
    counts = tuple(count for one in settled for count in one.counts)
    dead = [Count(row.dead_topic, "dead", -1) for row in aside if row.dead_topic]
    due = tuple(one.row for one in settled)
    return Folded(folded, due, (*counts, *dead), None if due else IgnoreReason.DUPLICATE)


def _reopened(row: Row) -> Row:
    """The dead record of a row, if it has one, counts as open again."""
    if not row.dead_topic:
        return row
    if row.dead_topic == HOLDS:
        return msgspec.structs.replace(row, acked_holds=row.acked_holds - 1)
    return msgspec.structs.replace(row, acked_changes=row.acked_changes - 1)


def _brought_back(row: Row, old: Row, dirty_since: int) -> Settled:
    """Dirty again; records that were counted as parked are open again."""
    back = msgspec.structs.replace(
        row, state=RowState.DIRTY, dirty_since=dirty_since, reason="", dead_topic="", retry_at=0, parks=0
    )
    if old.state is not RowState.PARKED:
        return Settled(back)
    return Settled(back, _real((Count(CHANGES, "parked", -old.open_changes), Count(HOLDS, "parked", -old.open_holds))))


def _closed(row: Row, written: Row, newest: str) -> Settled:
    """The records that `written` contains end: the newest as `newest`, the others superseded.

    None of them where the ledger was rebuilt meanwhile: then `row` counts from the beginning again.
    """
    if row.version.epoch != written.version.epoch:
        return Settled(row)
    changes, holds = max(row.acked_changes, written.changes), max(row.acked_holds, written.holds)
    closed = msgspec.structs.replace(row, acked_changes=changes, acked_holds=holds)
    contained = {CHANGES: changes - row.acked_changes, HOLDS: holds - row.acked_holds}
    cause = written.cause.topic
    topic = cause if contained.get(cause) else max(contained, key=lambda one: contained[one])
    if not contained[topic]:
        return Settled(closed)
    contained[topic] -= 1
    superseded = (Count(one, "superseded", records) for one, records in contained.items())
    return Settled(closed, _real((Count(topic, newest, 1), *superseded)))


def _real(counts: tuple[Count, ...]) -> tuple[Count, ...]:
    return tuple(count for count in counts if count.records)


def encode(entry: SkuRows) -> bytes:
    """Stored form, without the header that the table puts before every value."""
    return _ENCODER.encode(entry)


def decode(stored: bytes) -> SkuRows:
    return _DECODER.decode(stored)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(SkuRows)
