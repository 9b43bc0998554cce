"""A table that is written in batches: changelog first, then the local store, and never the other way round.

What must stay together (an entry, its movements, the commands it decided, the counts) is a `Group`: a group is never
torn, for each chunk of groups is one Kafka record batch and then one RocksDB write with the changelog offset.  So the
local store is never ahead of the changelog, and a kill leaves whole groups.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import faust
import msgspec
from faust.tables.table import Table

from streams.domain.version import Version
from streams.runtime.partition_store import Derive, PartitionStore, no_index
from streams.runtime.store import VERSION_HEADER, RocksStore, TableEvents
from streams.runtime.tally import Tally
from streams.runtime.versioned import version_bytes
from streams.runtime.writer import Record, Writer

CHUNK_BYTES = 1 << 20


class Write(msgspec.Struct, frozen=True, gc=False):
    """One key: the stored value (with its header), or None to delete; `version` is what decided it."""

    key: bytes
    value: bytes | None
    version: Version


class Group(NamedTuple):
    """Writes that the log takes whole, and what they add to the counts of their partition."""

    writes: Sequence[Write]
    counts: Mapping[str, int]


class _FaustTable(Table):
    """Faust knows the table (assignment, changelog, recovery); its per-key path is not used."""

    events: TableEvents
    derive: Derive

    def _new_store(self) -> RocksStore:
        return RocksStore(self.app, self, events=self.events, derive=type(self).derive)


class BulkTable:
    """One table of this worker, partition by partition."""

    def __init__(self, faust_table: Table, writer: Writer) -> None:
        self._table = faust_table
        self._writer = writer
        self._locks: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tallies: dict[int, Tally] = {}

    @classmethod
    def declare(
        cls,
        app: faust.App,
        writer: Writer,
        *,
        name: str,
        partitions: int,
        events: TableEvents,
        derive: Derive = no_index,
    ) -> "BulkTable":
        """Adds the table to the Faust app; must be called before the app starts."""
        kind = type("FaustTable", (_FaustTable,), {"events": events, "derive": staticmethod(derive)})
        return cls(
            app.tables.add(kind(app, name=name, partitions=partitions, key_type=bytes, value_type=bytes)), writer
        )

    @property
    def name(self) -> str:
        return str(self._table.name)

    @property
    def changelog(self) -> str:
        return str(self._table.changelog_topic_name)

    @property
    def owned(self) -> frozenset[int]:
        """Partitions that this worker has open."""
        return frozenset(self._store.partitions)

    @property
    def _store(self) -> RocksStore:
        store: Any = self._table.data  # Any: Faust's attribute
        assert isinstance(store, RocksStore)
        return store

    def lock(self, partition: int) -> asyncio.Lock:
        """Read, decide and commit under it: two inputs feed one partition."""
        return self._locks[partition]

    def store(self, partition: int) -> PartitionStore:
        """KeyError where the partition is not assigned to this worker."""
        return self._store.partition(partition)

    def tally(self, partition: int) -> Tally:
        """The counts of a partition, as of the last commit."""
        known = self._tallies.get(partition)
        if known is None:
            known = self._tallies[partition] = Tally.read(self.store(partition))
        return known

    def forget(self, partitions: Iterable[int]) -> None:
        """The partitions were closed, or recovered: what was kept of them in memory is void."""
        for partition in partitions:
            self._tallies.pop(partition, None)

    async def commit(
        self, partition: int, groups: Iterable[Group], *, generation: int, upto: Mapping[str, int] | None = None
    ) -> None:
        """Write the groups; with the last chunk note below which offset each input of `upto` is accounted for.

        Raises LeaseLostError, KafkaError, StoreError.  Safe to repeat: the same versions win again.
        """
        chunks = list(_chunks(groups))
        for number, chunk in enumerate(chunks or [[]]):
            is_last = number >= len(chunks) - 1
            await self._commit_chunk(partition, chunk, generation, upto if is_last else None)

    async def begin(self, partition: int, tally: Tally, *, generation: int) -> None:
        """Note the epoch and the input topics of an assignment."""
        write = Write(*tally.stored())
        record = Record(write.key, write.value)
        offset = await self._writer.append(self.changelog, partition, [record], generation=generation)
        store = self.store(partition)
        store.write([(write.key, write.value)], max(offset, store.offset or 0))
        self._tallies[partition] = tally

    async def _commit_chunk(
        self, partition: int, chunk: Sequence[Group], generation: int, upto: Mapping[str, int] | None
    ) -> None:
        held = self.tally(partition)
        tally = held.plus((group.counts for group in chunk), upto)
        writes = [write for group in chunk for write in group.writes]
        if not writes and (tally.counts, tally.upto) == (held.counts, held.upto):
            return
        writes.append(Write(*tally.stored()))
        records = [Record(one.key, one.value) if one.value is not None else _deletion(one) for one in writes]
        offset = await self._writer.append(self.changelog, partition, records, generation=generation)
        store = self.store(partition)
        store.write([(one.key, one.value) for one in writes], max(offset, store.offset or 0))
        self._tallies[partition] = tally


def _deletion(write: Write) -> Record:
    """It has no value that could carry the version."""
    return Record(write.key, None, ((VERSION_HEADER, version_bytes(write.version)),))


def _chunks(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """Runs of whole groups of about CHUNK_BYTES; a group beyond that stands alone."""
    chunk: list[Group] = []
    size = 0
    for group in groups:
        weight = 60 * len(group.writes)
        for write in group.writes:
            weight += len(write.key) + (0 if write.value is None else len(write.value))
        if chunk and size + weight > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(group)
        size += weight
    if chunk:
        yield chunk
