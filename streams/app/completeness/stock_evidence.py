"""Evidence of stock: what logs and tables show of each SKU, one partition of the ledger after the other.

Of a SKU's records only counts and the newest are kept; what the lane knows of SKUs is read before, newest of each.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from schemas.catalogue import DESIRED_STOCK, outcome_contract
from schemas.models.operations import WRITE_STOCK
from streams.app.completeness.logs import Counting, Stretch, Window, record_of
from streams.app.completeness.reading import LetterPlaces, Reading, spans_of
from streams.domain import lane_rows, stock_closing, stock_entry
from streams.domain.lane_rows import Row
from streams.domain.stock_closing import LedgerSeen, SkuEvidence, SkuRecords, SourceSeen
from streams.domain.version import NOTHING_SEEN, Version
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition
from streams.runtime.versioned import UnknownFormatError, unpack
from streams.tables import STOCK_LEDGER, STOCK_WRITE, TableSpec
from streams.topics import COMMERCE_OUTCOME, DEAD_LETTER, DESIRED, STOCK_INPUTS

ENTRY = b"e"
INPUTS = tuple(topic.name for topic in STOCK_INPUTS)
COUNTED = (*INPUTS, COMMERCE_OUTCOME.name, DEAD_LETTER.name)


@dataclass
class Lane:
    """What the lane's side knows of one SKU of the shop."""

    snapshot: dict[str, int] | None = None
    snapshot_version: Version = NOTHING_SEEN
    is_taken: bool = True
    rows: tuple[Row, ...] | None = None
    rows_version: Version = NOTHING_SEEN
    told: dict[str, Version] = field(default_factory=dict)


@dataclass
class Sku:
    """What the ledger's side knows of one SKU; `causes` are offsets of its newest records."""

    records: SkuRecords = field(default_factory=SkuRecords)
    ledger: LedgerSeen | None = None
    version: Version = NOTHING_SEEN
    causes: frozenset[int] = frozenset()


class StockEvidences:
    """One look: `begin`, then `partition` for each number."""

    def __init__(self, reading: Reading, stretches: Mapping[Partition, Stretch], window: Window) -> None:
        self._reading, self._window = reading, window
        self.stretches, self.counting = stretches, Counting(stretches)
        self._letters: LetterPlaces = {}
        self._lane: defaultdict[str, Lane] = defaultdict(Lane)
        self.erased: dict[tuple[str, str], LogRecord] = {}
        """Table and SKU → the deletion of its entry, where nothing was written after it: no table deletes a SKU."""
        self.names: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
        """Of records that others name as their cause: topic and partition → offset → SKU."""

    async def begin(self) -> None:
        """The lane's side."""
        self._letters = await self._reading.letters(self.stretches, self.counting.take)
        await self._snapshots()
        await self._rows()
        await self._outcomes()

    async def _snapshots(self) -> None:
        async for piece in self._reading.pieces(spans_of(self.stretches, (DESIRED.name,))):
            found = await self._reading.decoded(DESIRED_STOCK, piece)
            for raw, snapshot in zip(piece, found, strict=True):
                if snapshot is None:
                    continue
                one, version = self._lane[snapshot.sku], Version(snapshot.epoch, snapshot.counter)
                if version >= one.snapshot_version:
                    one.snapshot = {each.source_code: each.changes + each.holds for each in snapshot.sources}
                    one.snapshot_version = version
                    one.is_taken = record_of(raw, self.stretches).is_taken and raw.at < self._window.settled_at
                for each in snapshot.sources:
                    self.names[each.cause.topic, each.cause.partition][each.cause.offset] = snapshot.sku

    async def _rows(self) -> None:
        span = await asyncio.to_thread(self._reading.changelog_span, STOCK_WRITE, 0, self._window.since)
        async for piece in self._reading.pieces(span):
            for raw in piece:
                if raw.key is not None and raw.key.startswith(ENTRY):
                    self._noted(STOCK_WRITE, raw)
                    self._row(raw.key[1:].decode("utf-8", "replace"), raw.value)

    def _noted(self, table: TableSpec, raw: LogRecord) -> None:
        sku = (raw.key or b"")[1:].decode("utf-8", "replace")
        self.erased.pop((table.name, sku), None)
        if raw.value is None:
            self.erased[table.name, sku] = raw

    def _row(self, sku: str, value: bytes | None) -> None:
        one = self._lane[sku]
        if value is None:
            one.rows, one.rows_version = None, NOTHING_SEEN
            return
        try:
            version, payload = unpack(value)
            rows = lane_rows.decode(payload).rows
        except (UnknownFormatError, msgspec.MsgspecError):
            return
        if version >= one.rows_version:
            one.rows, one.rows_version = rows, version

    async def _outcomes(self) -> None:
        async for piece in self._reading.pieces(spans_of(self.stretches, (COMMERCE_OUTCOME.name,))):
            found = await self._reading.decoded(outcome_contract("commerce"), piece)
            for raw, outcome in zip(piece, found, strict=True):
                self.counting.take(raw)
                if outcome is None or outcome.kind != WRITE_STOCK or outcome.part is None:
                    continue
                told = self._lane[outcome.entity].told
                told[outcome.part] = max(told.get(outcome.part, NOTHING_SEEN), Version(outcome.epoch, outcome.counter))
                if outcome.cause is not None:
                    self.names[outcome.cause.topic, outcome.cause.partition][outcome.cause.offset] = outcome.entity

    # ── one partition ────────────────────────────────────────────────────────────────────────────

    async def partition(self, number: int) -> Iterator[SkuEvidence]:
        """Every SKU that had a record in the stretch."""
        book: defaultdict[str, Sku] = defaultdict(Sku)
        async for piece in self._reading.pieces(spans_of(self.stretches, INPUTS, number)):
            for raw in piece:
                self._record(raw, book)
        span = await asyncio.to_thread(self._reading.changelog_span, STOCK_LEDGER, number, self._window.since)
        async for piece in self._reading.pieces(span):
            for raw in piece:
                if raw.key is not None and raw.key.startswith(ENTRY):
                    self._noted(STOCK_LEDGER, raw)
                    self._ledger(raw, book[raw.key[1:].decode("utf-8", "replace")])
        self._name(number, book)
        return (self._evidence(sku, one) for sku, one in book.items() if one.records != SkuRecords())

    def _record(self, raw: LogRecord, book: defaultdict[str, Sku]) -> None:
        self.counting.take(raw)
        if not self._window.since <= raw.at < self._window.closed_at:
            return
        one = book[(raw.key or b"").decode("utf-8", "replace")]
        is_dead = (raw.topic, raw.partition, raw.offset) in self._letters
        record = record_of(raw, self.stretches)
        one.records = stock_closing.noted(one.records, record, self._window.settled_at, is_dead=is_dead)

    def _ledger(self, raw: LogRecord, one: Sku) -> None:
        if raw.value is None:
            one.ledger, one.version = None, NOTHING_SEEN
            return
        try:
            version, payload = unpack(raw.value)
            entry = stock_entry.decode(payload)
        except (UnknownFormatError, msgspec.MsgspecError):
            return
        if version < one.version:
            return
        offsets = {STOCK_INPUTS[number].name: offset for number, _made, offset in entry.guards}
        sources = tuple(
            SourceSeen(
                each.code,
                each.shown,
                each.changes + each.holds,
                each.cause_offset >= self._since(each.cause_input, raw.partition),
            )
            for each in entry.sources
        )
        one.ledger, one.version, one.causes = LedgerSeen(offsets, sources), version, frozenset(entry.causes)

    def _since(self, source: int, partition: int) -> int:
        """First offset of the stretch."""
        stretch = self.stretches.get(Partition(STOCK_INPUTS[source].name, partition))
        return 0 if stretch is None else stretch.since

    def _name(self, number: int, book: Mapping[str, Sku]) -> None:
        """A cause says its offset, not its topic: nearly all are changes."""
        names = self.names[STOCK_INPUTS[0].name, number]
        for sku, one in book.items():
            for offset in one.causes:
                names.setdefault(offset, sku)

    def _evidence(self, sku: str, one: Sku) -> SkuEvidence:
        lane = self._lane.get(self._reading.app.rules.sku_of(sku), Lane())
        return SkuEvidence(
            sku, one.records, one.ledger, lane.snapshot, lane.is_taken, lane.rows, lane.told, self._window.since
        )
