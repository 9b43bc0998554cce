"""The stock flow and its sweep as a worker runs them: a real store, real bytes, with Kafka and time in memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from schemas.models.desired_stock import DesiredStock
from schemas.models.inventory import InventoryAlert, InventoryHold, RecountRequest
from schemas.models.operations import Audit
from schemas.models.stock_reservation import Reservation, ReservationRequest
from streams.domain import stock_entry
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_rules import StockRules
from streams.flows import stock_keys
from streams.flows.reservation_sweep import ReservationSweep
from streams.flows.stock import StockFlow
from streams.flows.stock_records import StockRecords
from streams.flows.stock_sweep import Limits, StockSweep
from streams.runtime import outbox
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.guard import Guard
from streams.runtime.partition_store import contents
from streams.runtime.serde import Serde
from streams.runtime.versioned import unpack
from streams.runtime.writer import Record
from streams.topics import (
    ALERT,
    AUDIT,
    DEAD_LETTER,
    DESIRED,
    HOLD,
    RECOUNT,
    RESERVATION,
    RESERVATION_REQUEST,
    STOCK_CHANGE,
    STOCK_INPUTS,
)
from tests.fakes.broker import MemoryBroker
from tests.fakes.still_clock import StillClock
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import MemoryRegistry, model_of
from tests.unit.streams.tables import close_table, open_table

GENERATION = 1
PARTITION = 3
LIMITS = Limits(hold=timedelta(hours=24), base=timedelta(hours=24), every=timedelta(minutes=10))
ModelT = TypeVar("ModelT", bound=msgspec.Struct)


class Worker:
    """One partition; `killed` ends the process in the middle and begins the next one, with the same store and log."""

    def __init__(self, folder: Path, rules: StockRules | None = None) -> None:
        self.folder, self.rules = folder, rules or StockRules()
        self.broker = MemoryBroker()
        self.clock = StillClock(datetime.fromtimestamp(T0 / 1_000_000, UTC))
        self.paused: list[str] = []
        self._build()

    def _build(self) -> None:
        self.serde = Serde(MemoryRegistry(), self.clock)
        writer, encode = self.broker.writer, self.serde.encode
        self.table = open_table(
            self.folder, writer, name="stock-ledger", derive=stock_keys.derive_index, partitions=[PARTITION]
        )
        guards = {topic.name: Guard(topic.name, lambda topic, _: self.paused.append(topic)) for topic in STOCK_INPUTS}
        self.flow = StockFlow(
            self.table,
            writer,
            DeadLetters(writer, "app", self.folder / "letters"),
            records=StockRecords(self.serde, self.rules, guards, 1 << 18),
            encode=encode,
            rules=self.rules,
            clock=self.clock,
            worker="worker-1",
        )
        self.sweep = StockSweep(self.table, writer, encode=encode, limits=LIMITS, clock=self.clock)
        every = timedelta(seconds=1)
        self.ends = ReservationSweep(self.table, writer, encode=encode, every=every, clock=self.clock)

    async def open(self) -> None:
        """As after an assignment: what was decided and not acknowledged is sent first."""
        written = (DESIRED, ALERT, RECOUNT, HOLD, AUDIT, RESERVATION_REQUEST, RESERVATION)
        await self.serde.prepare([topic.name for topic in written])
        await outbox.resend(self.table, self.broker.writer, PARTITION, generation=GENERATION)

    async def killed(self) -> None:
        """What the log has and the store has not is recovered."""
        close_table(self.table)
        self._build()
        self._recover()
        await self.open()

    def _recover(self) -> None:
        log = self.broker.log[self.table.changelog]
        held = self.table.store(PARTITION).offset
        left = [Changelog(offset, one) for offset, one in enumerate(log) if held is None or offset > held]
        if left:
            self.table._store.apply_records(PARTITION, left)

    def close(self) -> None:
        close_table(self.table)

    async def take(self, *values: bytes | None, first: int, topic: str = STOCK_CHANGE.name, key: bytes = b"A") -> None:
        """A batch of one topic, from this offset on."""
        await self.take_records(
            [Raw(topic, offset, key, value, T0 // 1000) for offset, value in enumerate(values, first)]
        )

    async def take_records(self, records: Sequence[Raw]) -> None:
        await self.flow.take(records[0].topic, PARTITION, records, GENERATION)

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    @property
    def counts(self) -> Mapping[str, int]:
        return {name: number for name, number in self.table.tally(PARTITION).counts.items() if number}

    def entry(self, sku: str = "A") -> StockEntry:
        stored = self.table.store(PARTITION).get(stock_keys.entry(sku))
        return StockEntry() if stored is None else stock_entry.decode(unpack(stored)[1])

    def stored(self) -> dict[bytes, bytes]:
        """Everything but the counts of chunks and what is only waiting to be sent or deleted."""
        held = contents(self.table.store(PARTITION)).items()
        return {key: value for key, value in held if key[:1] not in (b"m", outbox.PREFIX)}

    def _told(self, topic: str, kind: type[ModelT]) -> list[ModelT]:
        return [model_of(topic, record.value, kind) for record in self.broker.log[topic]]

    @property
    def snapshots(self) -> list[DesiredStock]:
        return self._told(DESIRED.name, DesiredStock)

    @property
    def alerts(self) -> list[InventoryAlert]:
        return self._told(ALERT.name, InventoryAlert)

    @property
    def audits(self) -> list[Audit]:
        return self._told(AUDIT.name, Audit)

    @property
    def recounts(self) -> list[RecountRequest]:
        return self._told(RECOUNT.name, RecountRequest)

    @property
    def holds(self) -> list[InventoryHold]:
        return self._told(HOLD.name, InventoryHold)

    @property
    def reservations(self) -> dict[str, Reservation | None]:
        """As a reader of the topic knows them; None for what was forgotten."""
        found: dict[str, Reservation | None] = {}
        for record in self.broker.log[RESERVATION.name]:
            name = (record.key or b"").decode()
            found[name] = None if record.value is None else model_of(RESERVATION.name, record.value, Reservation)
        return found

    @property
    def requests(self) -> list[ReservationRequest]:
        return self._told(RESERVATION_REQUEST.name, ReservationRequest)

    @property
    def dead(self) -> list[tuple[int, str]]:
        """(offset, reason) of every letter."""
        found = []
        for record in self.broker.log[DEAD_LETTER.name]:
            told = {name: (text or b"").decode() for name, text in record.headers}
            found.append((int(told["dl_offset"]), told["dl_reason"]))
        return found


class Changelog:
    """A record as recovery reads it."""

    def __init__(self, offset: int, record: Record) -> None:
        assert record.key is not None
        self.offset, self.key, self.value = offset, record.key, record.value
        self.headers: Sequence[tuple[str, bytes]] = [(name, text or b"") for name, text in record.headers]
