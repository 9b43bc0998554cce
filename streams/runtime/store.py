"""The store behind every table: Faust asks it where recovery starts, the runtime reads and writes it in batches."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import faust
import rocksdict
from faust.stores.base import Store
from faust.types import TP

from streams.runtime.partition_store import Derive, PartitionStore
from streams.runtime.store_errors import StoreCorruptError
from streams.runtime.versioned import VERSION_BYTES

VERSION_HEADER = "streams-version"
CACHE_BYTES = 64 << 20


class ChangelogRecord(Protocol):
    """What recovery hands over: an aiokafka record."""

    key: bytes
    value: bytes | None
    offset: int
    headers: Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class ChangelogCopy:
    """A record of a changelog that somebody else has read."""

    key: bytes
    value: bytes | None
    offset: int
    headers: Sequence[tuple[str, bytes]]


class TableEvents(Protocol):
    """Who wants to know what happens to a table's partitions."""

    def damaged(self, table: str, error: StoreCorruptError) -> None:
        """A partition was damaged and starts empty."""
        ...

    async def opened(self, table: str, partitions: frozenset[int]) -> None:
        """Recovery is complete for these; agents start after this returns."""
        ...

    def closed(self, table: str, partitions: frozenset[int]) -> None:
        """The partitions are gone."""
        ...

    def changelog_ids(self) -> Mapping[str, str]:
        """Changelog topic → topic id, as the broker has it now."""
        ...


class RocksStore(Store):
    """One RocksDB per assigned partition."""

    cache = rocksdict.Cache(CACHE_BYTES)

    def __init__(self, app: faust.App, table: Any, *, events: TableEvents, derive: Derive) -> None:
        # Any: Faust's table
        super().__init__("streams-rocksdb://", app, table)
        self._events = events
        self._derive = derive
        self._open: dict[int, PartitionStore] = {}

    def partition(self, number: int) -> PartitionStore:
        """The open store of an assigned partition; KeyError where it is not assigned."""
        return self._open[number]

    @property
    def partitions(self) -> Mapping[int, PartitionStore]:
        return self._open

    def apply_records(self, partition: int, records: Sequence[ChangelogRecord]) -> None:
        """One fetch of the changelog, in one write.  Of a key the highest version stays, whatever the order."""
        apply_records(self._open[partition], records)

    # ── Faust's side ─────────────────────────────────────────────────────────────────────────────

    def persisted_offset(self, tp: TP) -> int | None:
        return self._opened(tp.partition).offset

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        self._opened(tp.partition).set_offset(offset)

    async def need_active_standby_for(self, tp: TP) -> bool:
        return True

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        # Any: Faust's events and callables.  Bulk recovery leaves at most what was written in between.
        by_partition: dict[int, list[Any]] = {}
        for event in batch:
            by_partition.setdefault(event.message.partition, []).append(event.message)
        for partition, messages in by_partition.items():
            self.apply_records(partition, messages)

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Partitions that went are closed at once; those that came are opened when recovery asks for them."""
        mine = self.table.changelog_topic_name
        keep = {tp.partition for tp in assigned if tp.topic == mine}
        self._close(set(self._open) - keep)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        await self._events.opened(self.table.name, frozenset(tp.partition for tp in active_tps))

    async def backup_partition(self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1) -> None:  # noqa: FBT001, FBT002
        """Nothing to do: the changelog is the copy, and a rebuild from it takes seconds."""

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:  # noqa: FBT001, FBT002
        """Nothing to do, as above."""

    def reset_state(self) -> None:
        """Faust's `reset` command: local files only, the changelog stays."""
        self._close(set(self._open))

    async def stop(self) -> None:
        self._close(set(self._open))
        await super().stop()

    def _close(self, partitions: Iterable[int]) -> None:
        closing = frozenset(partitions)
        for partition in closing:
            self._open.pop(partition).close()
        if closing:
            self._events.closed(self.table.name, closing)

    def _opened(self, partition: int) -> PartitionStore:
        store = self._open.get(partition)
        if store is None:
            store = self._open[partition] = self._fresh(partition)
        return store

    def _fresh(self, partition: int) -> PartitionStore:
        """Open, and begun anew where it is damaged or belongs to a changelog that exists no more."""
        path = Path(os.fspath(self.app.conf.tabledir)) / f"{self.table.name}-{partition}.rocksdb"
        changelog = self._events.changelog_ids().get(self.table.changelog_topic_name, "")
        store = self._open_path(path)
        if store.changelog_id not in ("", changelog):
            store.close()
            gone = StoreCorruptError(f"{path}: its changelog was created anew; it is rebuilt")
            self._events.damaged(self.table.name, gone)
            rocksdict.Rdict.destroy(str(path))
            store = self._open_path(path)
        store.set_changelog_id(changelog)
        return store

    def _open_path(self, path: Path) -> PartitionStore:
        return PartitionStore.open_or_rebuild(
            path, self.cache, self._derive, lambda error: self._events.damaged(self.table.name, error)
        )


def apply_records(store: PartitionStore, records: Sequence[ChangelogRecord]) -> None:
    """One fetch of a changelog, in one write.  Of a key the highest version stays, whatever the order."""
    newest: dict[bytes, bytes | None] = {}
    held = dict(zip(keys := list({r.key for r in records}), store.get_many(keys), strict=True))
    for record in records:
        key, value = record.key, record.value
        before = held[key]
        if before is None or _version(record) >= before[VERSION_BYTES]:
            newest[key] = held[key] = value
    store.write(newest.items(), records[-1].offset)


def _version(record: ChangelogRecord) -> bytes:
    """Twelve bytes that compare as the version; a deletion carries them in a header."""
    if record.value is not None:
        return record.value[VERSION_BYTES]
    return next((bytes(value) for name, value in record.headers or () if name == VERSION_HEADER), b"\xff" * 12)
