"""The ledger that a worker has, read from its changelog, beside the one that the log gives."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from schemas.models.inventory import InventoryHold
from streams.app.replay.batches import Bounds, batches, merged
from streams.app.replay.offline import OfflineTable, OfflineWriter
from streams.app.replay.offline_flow import MessageCodec, OfflineFlow
from streams.app.replay.rebuild import Rebuilding, Rebuilt, TableLogs
from streams.runtime.clock import SystemClock
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.serde import Serde
from streams.runtime.table import Group, Write
from streams.runtime.versioned import pack
from streams.runtime.writer import Record
from streams.settings import InventorySettings
from streams.topics import HOLD, STOCK_CHANGE
from tests.unit.streams.app.replay.logs import MemoryLogs
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import MemoryRegistry, hold_bytes

CHANGELOG = Partition("app-stock-ledger-changelog", 0)
TODAY = InventorySettings(locations={"W1": "east", "W2": "west"})
OTHER = InventorySettings(locations={"W1": "east", "W2": "east"})


class ChangelogWriter(OfflineWriter):
    """Keeps what a worker would append to its changelog."""

    def __init__(self) -> None:
        super().__init__(self)
        self.log: list[LogRecord] = []

    def heard(self, topic: str, records: object) -> None:
        """Not kept."""

    async def append(self, topic: str, partition: int, records: object, *, generation: int) -> int:
        assert isinstance(records, list)
        for record in records:
            assert isinstance(record, Record)
            self.log.append(LogRecord(*CHANGELOG, len(self.log), 0, record.key, record.value, record.headers))
        return len(self.log) - 1


class Live:
    """A worker's ledger over the logs, with its changelog."""

    def __init__(self, folder: Path, logs: MemoryLogs, inventory: InventorySettings = TODAY) -> None:
        self.logs, self.writer = logs, ChangelogWriter()
        serde = Serde(MemoryRegistry(), SystemClock())
        self._flow = OfflineFlow(folder, 0, inventory, serde=serde, codec=MessageCodec(), heard=self.writer)
        self._flow.table._writer = self.writer

    @property
    def table(self) -> OfflineTable:
        return self._flow.table

    def read(self, upto: int | None = None) -> None:
        """All that is in the logs, or so many records of each."""
        asyncio.run(self._read(upto))

    async def _read(self, upto: int | None) -> None:
        await self.table.open(epoch=77)
        spans = {part: Span(0, span.end if upto is None else upto) for part, span in self._spans().items()}
        bounds = Bounds(STOCK_CHANGE.name, Span(0, 10**6), Span(0, 10**6))
        for batch in batches(merged([self.logs.read({part: span}) for part, span in spans.items()]), bounds):
            await self._flow.take(batch.records)

    def put(self, writes: list[Write]) -> None:
        asyncio.run(self.table.commit(0, [Group(writes, {})], generation=1))

    def _spans(self) -> Mapping[Partition, Span]:
        return self.logs.spans(sorted(self.logs.logs))

    def rebuilt(self, folder: Path, inventory: InventorySettings = TODAY) -> Rebuilt:
        serde = Serde(MemoryRegistry(), SystemClock())
        rebuilding = Rebuilding(folder, inventory, serde, self._reading)
        logs = TableLogs((CHANGELOG, Span(0, len(self.writer.log))), self._spans())
        return asyncio.run(rebuilding.run([logs], 5, lambda _done, _total: None))

    def _reading(self, spans: Mapping[Partition, Span]) -> list[LogRecord]:
        if CHANGELOG in spans:
            return self.writer.log
        return list(self.logs.read(spans))

    def close(self) -> None:
        self.table.close()


def _logs() -> MemoryLogs:
    logs = MemoryLogs()
    for number in range(40):
        kind = "ABSOLUTE" if number < 8 else "DELTA"
        logs.change(
            f"S{number % 4}", ms=number * 30, location_code=f"W{number % 2 + 1}", kind=kind, quantity=Decimal(7)
        )
    hold = InventoryHold(
        hold_id="h1", revision=1, sku="S1", source_code="west", kind="ALLOCATION", quantity=1_000_000, effective_at=T0
    )
    logs.append(b"S1", hold_bytes(hold), topic=HOLD.name, ms=400)
    logs.append(b"X", b"no avro", ms=2000)
    return logs


def _found(rebuilt: Rebuilt) -> dict[tuple[str, str], int]:
    return {(group.kind, group.about): group.number for group in rebuilt.groups}


def test_the_logs_give_the_live_table(tmp_path: Path) -> None:
    live = Live(tmp_path / "live", _logs())
    live.read()

    found = live.rebuilt(tmp_path)
    live.close()

    assert found.groups == ()
    assert (found.records, found.entries, found.epoch, found.cut) == (42, 4, 77, ())


def test_what_the_live_table_has_not_read_yet_is_no_difference(tmp_path: Path) -> None:
    live = Live(tmp_path / "live", _logs())
    live.read(upto=20)

    found = live.rebuilt(tmp_path)
    live.close()

    assert found.groups == ()
    assert found.records == 21


def test_a_table_that_was_built_with_another_mapping_differs_by_what_it_shows(tmp_path: Path) -> None:
    live = Live(tmp_path / "live", _logs())
    live.read()

    found = live.rebuilt(tmp_path, OTHER)
    live.close()

    assert _found(found) == {("shown", "east"): 2, ("shown", "west"): 2}
    (east, _west) = found.groups
    assert [(one.name, one.before) for one in east.examples] == [("S1", "not shown"), ("S3", "not shown")]


def test_every_kind_of_key_that_only_the_live_table_has_is_told(tmp_path: Path) -> None:
    live = Live(tmp_path / "live", _logs())
    live.read()
    store = live.table.store(0)
    (hold,) = [(key, value) for key, value in store.scan(b"h")]
    (movement, *_others) = [(key, value) for key, value in store.scan(b"t")]
    version = live.table.tally(0).next_version
    payload = pack(version, movement[1][13:])
    live.put(
        [
            Write(hold[0] + b"2", pack(version, hold[1][13:]), version),
            Write(movement[0] + b"2", payload, version),
            Write(b"mlocations", pack(version, b"\x81\xa2W1\xa3erp"), version),
        ]
    )

    found = live.rebuilt(tmp_path)
    live.close()

    assert _found(found) == {("hold-only-live", "west"): 1, ("location-user", ""): 2, ("movement-only-live", ""): 1}
    users = next(group for group in found.groups if group.kind == "location-user")
    assert [(one.name, one.before, one.after) for one in users.examples] == [("W1", "erp", "wms"), ("W2", None, "wms")]


def test_a_lifted_hold_that_the_sweep_forgot_is_no_difference(tmp_path: Path) -> None:
    logs = _logs()
    lifted = InventoryHold(
        hold_id="h1", revision=2, sku="S1", source_code="west", kind="ALLOCATION", quantity=0, effective_at=T0 + 1
    )
    logs.append(b"S1", hold_bytes(lifted), topic=HOLD.name, ms=3000)
    live = Live(tmp_path / "live", logs)
    live.read()
    version = live.table.tally(0).next_version
    live.put([Write(key, None, version) for key, _value in live.table.store(0).scan(b"h")])

    found = live.rebuilt(tmp_path)
    live.close()

    assert found.groups == ()


def test_a_log_that_begins_late_is_named(tmp_path: Path) -> None:
    logs = _logs()
    live = Live(tmp_path / "live", logs)
    live.read()
    part = Partition(STOCK_CHANGE.name, 0)
    spans = {part: Span(10, 41)}
    serde = Serde(MemoryRegistry(), SystemClock())
    rebuilding = Rebuilding(tmp_path, TODAY, serde, live._reading)
    tables = [TableLogs((CHANGELOG, Span(0, len(live.writer.log))), spans)]

    found = asyncio.run(rebuilding.run(tables, 5, lambda _done, _total: None))
    live.close()

    assert found.cut == (part,)
    assert ("shown", "east") in _found(found)
