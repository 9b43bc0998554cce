"""Stock: every change that the WMS states becomes the exact quantity that Commerce should show.

`wms.stock-change.v1`, `inventory.hold.v1`, `inventory.rebase.v1` and `inventory.reservation-request.v1`
→ table `stock-ledger` → `inventory.desired.v1`, and how reservations stand on `inventory.reservation.v1`.
For each batch of one partition: dead letters first, then the state (changelog, store), then the snapshots; the offset
is committed last.  The snapshot is a pure function of the state, so after a kill it is computed again.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from streams.domain import stock_entry
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_rules import StockRules
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.flows.record_reader import Bad
from streams.flows.stock_batch import Input, SkuFold, StockBatch, snapshot_of
from streams.flows.stock_locations import LocationUsers
from streams.flows.stock_messages import Encode, StockMessages
from streams.flows.stock_movements import StoredBook
from streams.flows.stock_overtaken import Overtaken, audits, overtaken
from streams.flows.stock_records import Parsed, StockRecords
from streams.flows.stock_skew import ClockSkew
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.dead_letters import DeadLetters, Letter, SourceRecord
from streams.runtime.metrics import CONSUMED, REDELIVERED, SKU_UPDATES
from streams.runtime.outbox import Outboxes
from streams.runtime.partition_store import PartitionStore
from streams.runtime.table import BulkTable, Group
from streams.runtime.traces import NO_TRACES, Batch, Traces
from streams.runtime.versioned import unpack
from streams.runtime.writer import Record, Writer
from streams.topics import DESIRED, STOCK_INPUTS

YIELD_EVERY = 250
NO_TIME = timedelta(0)


class Decided(NamedTuple):
    """A batch, decided: what is written, said, and set aside."""

    groups: list[Group]
    emitted: list[SkuFold]
    outboxes: dict[bytes, list[outbox.Message]]
    letters: list[Letter]
    overtaken: list[Overtaken]
    """Dead letters that were sent again, and changed nothing."""


class StockFlow:
    """Four inputs, one ledger; the caller gives one batch of one partition at a time."""

    def __init__(
        self,
        table: BulkTable,
        writer: Writer,
        letters: DeadLetters,
        *,
        records: StockRecords,
        encode: Encode,
        rules: StockRules,
        clock: Clock,
        worker: str = "",
        traces: Traces = NO_TRACES,
    ) -> None:
        """`worker` is who says in the audit that newer state has overtaken a letter."""
        self._traces = traces
        self._table, self._writer, self._letters = table, writer, letters
        self._records, self._encode, self._rules, self._clock = records, encode, rules, clock
        self._worker = worker
        self._messages = StockMessages(encode)
        self._skew = ClockSkew(encode)
        self._outboxes = Outboxes(table, writer)

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Everything of the batch is durable or certain when this returns.

        Raises LeaseLostError (nothing more may be done for this generation), KafkaError, StoreError.
        """
        CONSUMED.labels(topic).inc(len(records))
        with self._traces.batch(records) as batch:
            await self._take(topic, partition, records, generation, batch)

    async def _take(
        self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int, traced: Batch
    ) -> None:
        async with self._table.lock(partition):
            await self._outboxes.tell_left(partition, generation=generation)
            tally = self._table.tally(partition)
            number = next(n for n, one in enumerate(STOCK_INPUTS) if one.name == topic)
            source = Input(number, topic, tally.incarnation(topic))
            fresh_from = tally.upto.get(topic, 0)
            parsed, bad = await self._records.parse(source, records)
            decided = await self._decide(source, partition, parsed, bad, fresh_from)
            await self._letters.send(decided.letters, generation=generation)
            for letter in decided.letters:
                traced.set_aside(letter.record.offset, letter.reason.value)
            told = self._skew.alerts(bad, tally.epoch, partition)
            told += audits(decided.overtaken, self._encode, self._worker, self._clock.micros)
            await outbox.send(self._writer, told, generation=generation)
            upto = {topic: records[-1].offset + 1}
            await self._table.commit(
                partition, self._with_sent(partition, decided.groups), generation=generation, upto=upto
            )
            self._outboxes.written(partition)
            await self._emit(partition, decided.emitted, generation, traced)
            await self._outboxes.tell(partition, decided.outboxes, generation=generation)

    def forget(self, partitions: frozenset[int]) -> None:
        """The partitions are gone; what was sent of their outboxes is sent again by the next owner."""
        self._outboxes.forget(partitions)

    # ── decide ───────────────────────────────────────────────────────────────────────────────────

    async def _decide(
        self, source: Input, partition: int, parsed: Sequence[Parsed], bad: Sequence[Bad], fresh_from: int
    ) -> Decided:
        store, tally = self._table.store(partition), self._table.tally(partition)
        batch = StockBatch(source, self._rules, tally.epoch, self._clock.micros())
        users = LocationUsers(store, self._rules)
        parsed, ambiguous = users.told_apart(parsed)
        self._open(batch, store, parsed)
        dead = [one.letter for one in (*bad, *ambiguous) if one.record.offset >= fresh_from]
        door_dead = len(dead)
        refused, late = await self._fold(batch, parsed, store)
        for bad_one in refused:
            if bad_one.refused.reason is DeadReason.UNEXPECTED_ERROR:  # of which the entry knows nothing
                if bad_one.record.offset < fresh_from:
                    continue
                door_dead += 1
            dead.append(bad_one.letter)
        groups, outboxes = await self._settle(batch, partition)
        groups.append(Group(users.writes(tally.next_version), {f"{source.topic}/dead": door_dead} if door_dead else {}))
        emitted = [fold for fold in batch.folds.values() if fold.emit]
        REDELIVERED.labels(source.topic).inc(sum(not fold.changed for fold in emitted))
        return Decided(groups, emitted, outboxes, dead, late)

    async def _fold(
        self, batch: StockBatch, parsed: Sequence[Parsed], store: PartitionStore
    ) -> tuple[list[Bad], list[Overtaken]]:
        """All of them; those that the ledger refuses, and letters of old that it ignores."""
        refusals: list[Bad] = []
        late: list[Overtaken] = []
        for start in range(0, len(parsed), YIELD_EVERY):
            some = parsed[start : start + YIELD_EVERY]
            for one, folded in zip(some, self._records.fold(batch, some, store), strict=True):
                if isinstance(folded, Refused):
                    refusals.append(Bad(one.record, folded))
                elif folded is not None and one.record.headers and (old := overtaken(one.record, folded)):
                    late.append(old)
            await self._clock.sleep(NO_TIME)
        return refusals, late

    def _open(self, batch: StockBatch, store: PartitionStore, parsed: Sequence[Parsed]) -> None:
        """Entries and identities of the whole batch, each with one call to the store."""
        skus = list(dict.fromkeys(one.sku for one in parsed))
        found = store.get_many([stock_keys.entry(sku) for sku in skus])
        entries = {
            sku: StockEntry() if value is None else stock_entry.decode(unpack(value)[1])
            for sku, value in zip(skus, found, strict=True)
        }
        known = self._records.known_identities(store, entries, parsed)
        for sku, entry in entries.items():
            batch.open(sku, entry, StoredBook(store, sku, known.get(sku, {})))

    async def _settle(self, batch: StockBatch, partition: int) -> tuple[list[Group], dict[bytes, list[outbox.Message]]]:
        groups: list[Group] = []
        outboxes: dict[bytes, list[outbox.Message]] = {}
        now = self._clock.micros()
        for number, fold in enumerate(batch.folds.values(), 1):
            if not fold.changed:
                continue
            writes, counts = batch.finish(fold)
            version = batch.version(fold)
            messages = self._messages.of(fold, version, partition, now)
            if messages:
                name = fold.sku.encode() + version.counter.to_bytes(8, "big")
                outboxes[name] = messages
                writes.append(outbox.stored(name, version, messages))
            groups.append(Group(writes, counts))
            if number % YIELD_EVERY == 0:
                await self._clock.sleep(NO_TIME)
        return groups, outboxes

    # ── act ──────────────────────────────────────────────────────────────────────────────────────

    def _with_sent(self, partition: int, groups: list[Group]) -> list[Group]:
        gone = self._outboxes.gone(partition)
        return [Group(gone, {}), *groups] if gone else groups

    async def _emit(self, partition: int, folds: Sequence[SkuFold], generation: int, traced: Batch) -> None:
        """The snapshots, in order; a repeat carries the version it had."""
        epoch, now = self._table.tally(partition).epoch, self._clock.micros()
        records = []
        for number, fold in enumerate(folds, 1):
            snapshot = snapshot_of(fold, Version(epoch, fold.entry.counter), partition, now, self._rules)
            if snapshot is not None:
                records.append(
                    Record(
                        snapshot.sku.encode(), self._encode(DESIRED.name, snapshot), traced.headers(fold.sku.encode())
                    )
                )
            if number % YIELD_EVERY == 0:
                await self._clock.sleep(NO_TIME)
        if records:
            await self._writer.send(DESIRED.name, records, generation=generation)
            SKU_UPDATES.inc(len(records))
