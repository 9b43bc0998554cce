"""Changelog first, then the store; whole groups or nothing; counts with the state they describe."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import faust
import msgspec
import pytest
from faust.types import TP

from streams.domain.version import Version
from streams.runtime import outbox
from streams.runtime import tally as tallies
from streams.runtime.outbox import Message
from streams.runtime.partition_store import contents
from streams.runtime.store import VERSION_HEADER, RocksStore
from streams.runtime.store_errors import StoreCorruptError, StoreError, StoreLockedError
from streams.runtime.table import CHUNK_BYTES, BulkTable, Group, Write
from streams.runtime.tally import Tally
from streams.runtime.versioned import pack, unpack, version_bytes
from streams.runtime.writer import Record

PARTITION = 0


class RecordingWriter:
    """Stands for the broker: keeps every batch that it acknowledged."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self.sent: list[tuple[str, Record]] = []
        self.refuse_from: int | None = None

    async def append(self, topic: str, partition: int, records: Sequence[Record], *, generation: int) -> int:
        if self.refuse_from is not None and len(self.batches) >= self.refuse_from:
            raise ConnectionError("the broker is away")
        self.batches.append(list(records))
        return sum(map(len, self.batches)) - 1

    async def send(self, topic: str, records: Iterable[Record], *, generation: int) -> None:
        self.sent += [(topic, record) for record in records]


class Events:
    def __init__(self) -> None:
        self.errors: list[StoreCorruptError] = []
        self.ids: dict[str, str] = {}

    def damaged(self, table: str, error: StoreCorruptError) -> None:
        self.errors.append(error)

    async def opened(self, table: str, partitions: frozenset[int]) -> None: ...

    def closed(self, table: str, partitions: frozenset[int]) -> None: ...

    def changelog_ids(self) -> Mapping[str, str]:
        return self.ids


class World:
    """One table in a directory, opened as recovery opens it."""

    def __init__(self, folder: Path) -> None:
        self.writer, self.events = RecordingWriter(), Events()
        self._folder = folder
        self.table = self.open()

    def open(self) -> BulkTable:
        app = faust.App("tables", broker="kafka://127.0.0.1:1", store="memory://", datadir=self._folder)
        table = BulkTable.declare(app, self.writer, name="t", partitions=1, events=self.events)  # type: ignore[arg-type]
        self.store: RocksStore = table._table.data
        self.store.persisted_offset(TP(table.changelog, PARTITION))
        return table

    def close(self) -> None:
        self.store._close([PARTITION])

    def commit(self, *groups: Group, upto: Mapping[str, int] | None = None) -> None:
        asyncio.run(self.table.commit(PARTITION, groups, generation=1, upto=upto))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _write(key: bytes, text: bytes, counter: int = 1, epoch: int = 1) -> Write:
    version = Version(epoch, counter)
    return Write(key, pack(version, text), version)


def _content(world: World) -> dict[bytes, bytes]:
    held = contents(world.table.store(PARTITION))
    return {key: unpack(value)[1] for key, value in held.items() if key != tallies.KEY}


def test_nothing_is_stored_here_while_the_broker_has_not_acknowledged_it(world: World) -> None:
    world.writer.refuse_from = 0

    with pytest.raises(ConnectionError):
        world.commit(Group([_write(b"e1", b"one")], {"t/accepted": 1}), upto={"t": 5})

    assert _content(world) == {}
    assert world.table.tally(PARTITION).counts == {}


def test_a_group_is_never_torn_and_counts_come_with_their_chunk(world: World) -> None:
    big = b"x" * (CHUNK_BYTES // 3)
    groups = [Group([_write(b"a%d" % n, big), _write(b"b%d" % n, b"")], {"t/accepted": 1}) for n in range(4)]
    world.writer.refuse_from = 1

    with pytest.raises(ConnectionError):
        world.commit(*groups, upto={"t": 4})

    stored = _content(world)
    assert len(world.writer.batches) == 1
    assert {key[1:] for key in stored if key[:1] == b"a"} == {key[1:] for key in stored if key[:1] == b"b"}
    tally = world.table.tally(PARTITION)
    assert tally.counts == {"t/accepted": len(stored) // 2}
    assert tally.upto == {}, "the input is accounted for only with the last chunk"


def test_the_counts_survive_in_the_same_batch_as_the_state(world: World) -> None:
    world.commit(Group([_write(b"e1", b"one")], {"t/accepted": 2}), upto={"t": 7})

    [batch] = world.writer.batches
    assert [record.key for record in batch] == [b"e1", tallies.KEY]
    world.close()
    again = world.open().tally(PARTITION)
    assert (again.counts, again.upto) == ({"t/accepted": 2}, {"t": 7})


def test_a_later_chunk_counts_on_from_the_one_before(world: World) -> None:
    world.commit(Group([_write(b"e1", b"one")], {"t/accepted": 2}))
    world.commit(Group([_write(b"e2", b"two")], {"t/accepted": 3, "t/dead": 1}), upto={"t": 9})

    assert world.table.tally(PARTITION).counts == {"t/accepted": 5, "t/dead": 1}
    assert world.table.tally(PARTITION).number == 2


class _Changelog:
    """A record as recovery reads it."""

    def __init__(self, offset: int, write: Write) -> None:
        self.offset, self.key, self.value = offset, write.key, write.value
        self.headers: Sequence[tuple[str, bytes]] = (
            [] if write.value is not None else [(VERSION_HEADER, version_bytes(write.version))]
        )


def test_recovery_keeps_the_highest_version_of_a_key_not_its_last_record(world: World) -> None:
    records = [
        _Changelog(0, _write(b"e1", b"new", 7)),
        _Changelog(1, _write(b"e1", b"late and old", 3)),
        _Changelog(2, _write(b"e2", b"kept", 5)),
        _Changelog(3, Write(b"e2", None, Version(1, 4))),
        _Changelog(4, _write(b"e3", b"gone", 5)),
        _Changelog(5, Write(b"e3", None, Version(1, 5))),
        _Changelog(6, _write(b"e4", b"first epoch", 99)),
        _Changelog(7, _write(b"e4", b"next epoch", 1, epoch=2)),
    ]

    world.store.apply_records(PARTITION, records[:3])
    world.store.apply_records(PARTITION, records[3:])

    assert _content(world) == {b"e1": b"new", b"e2": b"kept", b"e4": b"next epoch"}
    assert world.store.persisted_offset(TP(world.table.changelog, PARTITION)) == 7


def test_a_damaged_store_is_thrown_away_and_begun_anew(world: World, tmp_path: Path) -> None:
    world.commit(Group([_write(b"e%d" % n, b"v" * 100) for n in range(2000)], {}))
    world.close()
    for file in tmp_path.rglob("*.rocksdb/*"):
        if file.name.startswith("MANIFEST") or file.suffix in (".sst", ".log"):
            file.write_bytes(b"\xff" * 200)

    world.table = world.open()

    assert len(world.events.errors) == 1
    assert _content(world) == {}
    assert world.store.persisted_offset(TP(world.table.changelog, PARTITION)) is None


def test_a_store_of_a_changelog_that_was_created_anew_is_not_trusted(world: World) -> None:
    world.events.ids[world.table.changelog] = "first"
    world.close()
    world.table = world.open()
    world.commit(Group([_write(b"e1", b"one")], {}))
    world.close()
    world.events.ids[world.table.changelog] = "second"

    world.table = world.open()

    assert _content(world) == {}
    assert "created anew" in str(world.events.errors[0])


def test_a_store_that_is_open_elsewhere_says_so(world: World) -> None:
    with pytest.raises(StoreLockedError, match="another process has it open: give each worker its own"):
        world.open()


def test_a_directory_that_cannot_be_written_says_so(world: World, tmp_path: Path) -> None:
    world.close()
    path = next(tmp_path.rglob("t-0.rocksdb"))
    for inside in path.iterdir():
        inside.unlink()
    path.rmdir()
    path.write_text("a file in the way")

    with pytest.raises(StoreError, match=str(path)):
        world.open()


def test_what_was_decided_and_not_acknowledged_is_sent_as_stored_and_then_forgotten(world: World) -> None:
    messages = [Message("alerts", b"k", b"v", (("h", b"1"),)), Message("recounts", b"k", b"w")]
    world.commit(Group([outbox.stored(b"name", Version(1, 1), messages)], {}))
    world.close()
    world.table = world.open()

    sent = asyncio.run(outbox.resend(world.table, world.writer, PARTITION, generation=1))  # type: ignore[arg-type]

    assert sent == 2
    assert world.writer.sent == [("alerts", Record(b"k", b"v", (("h", b"1"),))), ("recounts", Record(b"k", b"w"))]
    assert outbox.waiting(world.table.store(PARTITION)) == []


def test_a_topic_that_was_created_anew_is_a_new_incarnation_and_forgets_what_was_accounted_for() -> None:
    held = Tally(counts={"t/accepted": 5}, upto={"t": 5, "u": 3}, topics={"t": ("id-1", 0), "u": ("id-9", 0)}, epoch=4)

    begun = held.begun(4, {"t": ("id-2", 1), "u": ("id-9", 0)})

    assert begun.upto == {"u": 3}
    assert begun.incarnation("t") == 1
    assert begun.counts == {"t/accepted": 5}
    assert msgspec.msgpack.decode(unpack(begun.stored()[1])[1], type=Tally) == begun
