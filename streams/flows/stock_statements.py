"""What warehouses say they hold (`wms.snapshot.v1`), compared with the ledger; where they differ a recount is asked.

A statement is of one moment, and so is the comparison: the ledger subtracts what came after it.  What came before it
may still be on its way, so a statement is looked at once it is old enough for that.  Nothing is overwritten here: the
answer to the recount is a record like any other, and counts.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from schemas.catalogue import WMS_SNAPSHOT
from schemas.models.cause import Cause
from schemas.models.inventory import RecountRequest
from schemas.models.stock_change import StockChange
from streams.domain import stock_entry
from streams.domain.derived_id import derived_id
from streams.domain.quantities import to_decimal
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Admitted, Arrival, Refused, admit
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_rules import StockRules
from streams.domain.stock_statement import WRONG, Comparison, Finding, compare
from streams.flows import stock_keys
from streams.flows.record_reader import RecordReader
from streams.flows.stock_movements import StoredBook
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.logs import logger
from streams.runtime.metrics import CONSUMED, RECOUNTS, STATEMENTS
from streams.runtime.outbox import Message
from streams.runtime.pool import LeftError
from streams.runtime.table import BulkTable
from streams.runtime.versioned import unpack
from streams.runtime.writer import Writer
from streams.topics import RECOUNT

Encode = Callable[[str, msgspec.Struct], bytes]
LOOK_EVERY = timedelta(seconds=1)
_LOG = logger("streams.stock-statements")


class Statement(NamedTuple):
    """A record that could be read and passed the door; `location` as its sender writes it."""

    record: SourceRecord
    sku: str
    location: str
    admitted: Admitted


class StockStatements:
    """Reads the ledger only; the caller gives one batch of one partition at a time."""

    def __init__(
        self,
        table: BulkTable,
        writer: Writer,
        letters: DeadLetters,
        *,
        reader: RecordReader,
        encode: Encode,
        rules: StockRules,
        clock: Clock,
        patience: timedelta,
    ) -> None:
        self._table, self._writer, self._letters, self._reader = table, writer, letters, reader
        self._encode, self._rules, self._clock = encode, rules, clock
        self._patience = int(patience / timedelta(microseconds=1))
        self.closing = False
        """Set before the partitions go: what waits is left, and comes again."""

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Everything of the batch is told when this returns.  Raises LeftError, LeaseLostError, KafkaError."""
        await self._old_enough(records[-1])
        CONSUMED.labels(topic).inc(len(records))
        if partition not in self._table.owned:
            raise LeftError(f"the ledger's partition {partition} is not here")
        async with self._table.lock(partition):
            fresh_from = self._table.tally(partition).upto.get(topic, 0)
            read, bad = await self._reader.read(WMS_SNAPSHOT, records, self._admitted)
            await self._letters.send(
                [one.letter for one in bad if one.record.offset >= fresh_from], generation=generation
            )
            messages = self._compared(partition, read)
            await outbox.send(self._writer, messages, generation=generation)
            await self._table.commit(partition, [], generation=generation, upto={topic: records[-1].offset + 1})

    def forget(self, partitions: frozenset[int]) -> None:
        """Nothing is kept."""

    async def _old_enough(self, newest: SourceRecord) -> None:
        while newest.timestamp * 1000 + self._patience > self._clock.micros():
            if self.closing:
                raise LeftError("the partitions go")
            await self._clock.sleep(LOOK_EVERY)

    def _admitted(self, record: SourceRecord, value: StockChange) -> Statement | Refused:
        """By the ledger's own door: codes, units and names mean the same."""
        if record.key != value.sku.encode():
            return Refused(DeadReason.WRONG_KEY, f"key {record.key or b''!r:.80} is not the SKU of the record")
        if value.kind != "ABSOLUTE":
            return Refused(DeadReason.UNKNOWN_KIND, f"a statement is ABSOLUTE, not {value.kind}")
        admitted = admit(value, Arrival(record.offset, record.timestamp * 1000), self._rules)
        if isinstance(admitted, Refused):
            return admitted
        return Statement(record, value.sku, value.location_code, admitted)

    def _compared(self, partition: int, statements: Sequence[Statement]) -> list[Message]:
        """Requests for what differs."""
        store = self._table.store(partition)
        skus = list(dict.fromkeys(one.sku for one in statements))
        found = store.get_many([stock_keys.entry(sku) for sku in skus])
        entries = {
            sku: StockEntry() if value is None else stock_entry.decode(unpack(value)[1])
            for sku, value in zip(skus, found, strict=True)
        }
        messages = []
        for one in statements:
            entry = entries[one.sku]
            scope = entry.scope(one.admitted.location, one.admitted.bucket)
            movements = StoredBook(store, one.sku, {}).of(entry.next_scope if scope is None else scope.number)
            said = compare(one.admitted, scope, movements)
            STATEMENTS.labels(said.finding).inc()
            if said.finding in WRONG:
                messages.append(self._recount(one, said))
        return messages

    def _recount(self, one: Statement, said: Comparison) -> Message:
        """The same statement asks once, however often it is read."""
        change = one.admitted.change
        held = "nothing is known of it" if said.finding is Finding.UNKNOWN else f"the ledger held {_units(said.held)}"
        request = RecountRequest(
            request_id=derived_id("recount", "snapshot", one.record.topic, one.record.partition, one.record.offset),
            sku=one.sku,
            source_system=one.admitted.source_system,
            owner_code=one.admitted.owner_code or None,
            location_code=one.location,
            bucket=one.admitted.bucket,
            reason="SUSPECT",
            detail=f"the warehouse stated {_units(change.counted)}, {held} at that moment",
            at=one.record.timestamp * 1000,
            cause=Cause(one.record.topic, one.record.partition, one.record.offset),
        )
        RECOUNTS.labels("SUSPECT").inc()
        place = f"{one.admitted.location}/{one.admitted.bucket}"
        _LOG.warning("statement-differs", sku=one.sku, place=place, stated=change.counted, held=said.held)
        return Message(RECOUNT.name, one.sku.encode(), self._encode(RECOUNT.name, request))


def _units(micros: int | None) -> str:
    return "–" if micros is None else str(to_decimal(micros))
