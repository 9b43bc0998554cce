"""What stands in for Kafka and time while records are read again: nothing is written anywhere but into a directory."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import rocksdict

from streams.runtime.partition_store import Derive, PartitionStore, no_index
from streams.runtime.table import BulkTable
from streams.runtime.tally import Tally
from streams.runtime.writer import ORDINARY_BATCH, Record, Writer

GENERATION = 1
EPOCH = 1
"""Of a table that is never seen by a shop: any number will do, as long as it is the same each time."""
CACHE_BYTES = 32 << 20


@dataclass(slots=True)
class ReadAgain:
    """A record as a flow takes it (`streams.runtime.dead_letters.SourceRecord`); `timestamp` in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class RecordClock:
    """The time that the records state: two runs over the same records see the same moments.  Nobody ever waits."""

    def __init__(self) -> None:
        self._micros = 0

    def reach(self, micros: int) -> None:
        """It is so late now (µs, UTC), or later already."""
        self._micros = max(self._micros, micros)

    def now(self) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self._micros)

    def micros(self) -> int:
        return self._micros

    def monotonic(self) -> float:
        return self._micros / 1_000_000

    def nonce(self) -> str:
        return ""

    def random(self) -> float:
        return 0.5

    async def sleep(self, delay: timedelta) -> None:  # noqa: ARG002  time only moves with the records
        await asyncio.sleep(0)  # noqa: TID251  lets others run; nothing is waited for


class Heard(Protocol):
    """Who is told what would have been written to Kafka."""

    def heard(self, topic: str, records: Sequence[Record]) -> None:
        """These records, in order."""
        ...


class OfflineWriter(Writer):
    """Takes everything that a worker would write, and hands it to `heard`; changelogs are not kept."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._written = 0

    def limit(self, topic: str) -> int:  # noqa: ARG002  no log of this process has one of its own
        return ORDINARY_BATCH

    async def append(self, topic: str, partition: int, records: Sequence[Record], *, generation: int) -> int:  # noqa: ARG002  as Writer has it
        """Of a changelog; how many records there were before."""
        self._written += len(records)
        return self._written - 1

    async def send(self, topic: str, records: Iterable[Record], *, generation: int) -> None:  # noqa: ARG002  as Writer has it
        self._heard.heard(topic, list(records))


class OfflineTable(BulkTable):
    """One partition of a table in a directory, without Faust and without a changelog; begun from nothing."""

    def __init__(self, name: str, folder: Path, writer: Writer, *, partition: int, derive: Derive = no_index) -> None:
        super().__init__(None, writer)  # all that asks for Faust's table stands below
        self._name, self._partition = name, partition
        cache = rocksdict.Cache(CACHE_BYTES)
        self._opened = PartitionStore(folder / f"{name}-{partition}.rocksdb", cache, derive)

    @property
    def name(self) -> str:
        return self._name

    @property
    def changelog(self) -> str:
        return f"{self._name}-changelog"

    @property
    def owned(self) -> frozenset[int]:
        return frozenset({self._partition})

    def store(self, partition: int) -> PartitionStore:
        """KeyError for any other partition."""
        if partition != self._partition:
            raise KeyError(partition)
        return self._opened

    async def open(self, epoch: int = EPOCH) -> None:
        """Notes the epoch, as after an assignment."""
        await self.begin(self._partition, Tally(epoch=epoch), generation=GENERATION)

    def close(self) -> None:
        self._opened.close()
