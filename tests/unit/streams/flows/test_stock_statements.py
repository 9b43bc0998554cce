"""Statements of warehouses: compared once they are old enough, and a recount asked where they differ."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.models.cause import Cause
from streams.flows.record_reader import RecordReader
from streams.flows.stock_statements import StockStatements
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.guard import Guard
from streams.runtime.metrics import STATEMENTS
from streams.runtime.pool import LeftError
from streams.topics import RECOUNT, WMS_SNAPSHOT
from tests.unit.streams.domain.ledger import T0, UNIT
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.test_stock import full, record
from tests.unit.streams.flows.wire import change_bytes
from tests.unit.streams.flows.worker import GENERATION, PARTITION, Worker

pytestmark = pytest.mark.anyio
PATIENCE = timedelta(seconds=30)


class Statements(Worker):
    """The ledger's worker, with the flow that compares."""

    def _build(self) -> None:
        super()._build()
        guard = Guard(WMS_SNAPSHOT.name, lambda topic, _: self.paused.append(topic))
        self.statements = StockStatements(
            self.table,
            self.broker.writer,
            DeadLetters(self.broker.writer, "app", self.folder / "letters"),
            reader=RecordReader(self.serde, {WMS_SNAPSHOT.name: guard}, 1 << 18),
            encode=self.serde.encode,
            rules=self.rules,
            clock=self.clock,
            patience=PATIENCE,
        )

    async def state(self, *values: bytes, first: int = 0, partition: int = PARTITION) -> None:
        """A batch that was appended now, once its time has come."""
        appended = self.clock.micros() // 1000
        records = [Raw(WMS_SNAPSHOT.name, offset, b"A", value, appended) for offset, value in enumerate(values, first)]
        taken = asyncio.ensure_future(self.statements.take(WMS_SNAPSHOT.name, partition, records, GENERATION))
        while not taken.done():
            self.clock.after(1)
            await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
        await taken


def statement(units: float, at: float, **fields: object) -> bytes:
    when = T0 + round(at * UNIT)
    given = {"event_id": f"s{at}", "source_sequence": None, "effective_at": when, "recorded_at": when, **fields}
    return change_bytes(kind="ABSOLUTE", quantity=Decimal(units).quantize(Decimal("0.000001")), **given)


def told(finding: str) -> float:
    found: float = STATEMENTS.labels(finding)._value.get()
    return found


@asynccontextmanager
async def working(folder: Path) -> AsyncIterator[Statements]:
    worker = Statements(folder)
    await worker.open()
    try:
        await worker.take(full(1, 10), record(2, -3, at=5), first=0)
        yield worker
    finally:
        worker.close()


async def test_a_statement_that_agrees_asks_for_nothing_and_counts_nothing(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        before, agreed = one.entry(), told("agrees")

        await one.state(statement(7, 6), statement(10, 1), first=0)

        assert (one.recounts, one.entry()) == ([], before)
        assert told("agrees") == agreed + 2


async def test_one_that_differs_asks_its_own_system_for_a_recount_and_overwrites_nothing(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        before = one.entry()

        await one.state(statement(8, 6), first=4)

        [asked] = one.recounts
        assert (asked.sku, asked.source_system, asked.location_code, asked.bucket) == ("A", "wms", "W1", "ON_HAND")
        assert asked.detail == "the warehouse stated 8, the ledger held 7 at that moment"
        assert asked.cause == Cause(WMS_SNAPSHOT.name, 0, 4)
        assert one.entry() == before


async def test_a_bucket_that_nobody_spoke_of_is_asked_for_too(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.state(statement(2, 6, location_code="W9"))

        assert [asked.detail for asked in one.recounts] == [
            "the warehouse stated 2, nothing is known of it at that moment"
        ]


async def test_a_change_that_comes_while_the_statement_waits_makes_it_agree(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        appended = one.clock.micros() // 1000
        records = [Raw(WMS_SNAPSHOT.name, 0, b"A", statement(5, 8), appended)]
        taken = asyncio.ensure_future(one.statements.take(WMS_SNAPSHOT.name, PARTITION, records, GENERATION))
        await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
        await one.take(record(3, -2, at=7), first=2)
        assert not taken.done()
        while not taken.done():
            one.clock.after(1)
            await asyncio.sleep(0)  # noqa: TID251  as above

        assert one.recounts == []
        assert one.clock.micros() // 1000 - appended >= PATIENCE.total_seconds() * 1000


async def test_what_waits_is_left_when_the_partitions_go_and_asks_once_however_often_it_is_read(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        one.statements.closing = True
        with pytest.raises(LeftError):
            await one.state(statement(8, 6))
        one.statements.closing = False

        await one.state(statement(8, 6))
        await one.state(statement(8, 6))

        assert len(one.recounts) == 2
        assert len({asked.request_id for asked in one.recounts}) == 1
        assert one.table.tally(PARTITION).upto[WMS_SNAPSHOT.name] == 1


async def test_a_partition_whose_ledger_is_elsewhere_is_left(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        with pytest.raises(LeftError):
            await one.state(statement(8, 6), partition=PARTITION + 1)


async def test_what_is_no_statement_is_a_dead_letter_and_only_once(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        bad = (record(9, 1), b"nothing", statement(1, 6, sku="B"), statement(-1, 6))

        await one.state(*bad, statement(8, 6))
        await one.state(*bad, statement(8, 6))

        assert [reason for _offset, reason in one.dead] == [
            "unknown-kind", "not-framed", "wrong-key", "negative-absolute"
        ]  # fmt: skip
        assert RECOUNT.name in one.broker.log
