"""The ledger from nothing beside the live one, in a directory, and how they differ.

The live table is read from its changelog up to where it ends now.  It says itself how far it has read each input
(`Tally.upto`), so the log is folded exactly as far: live traffic makes no difference.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import rocksdict

from streams.app.replay.batches import Batch, Bounds, batches, merged
from streams.app.replay.ledger_comparison import ledger_differences
from streams.app.replay.offline import CACHE_BYTES
from streams.app.replay.offline_flow import MessageCodec, OfflineFlow
from streams.domain.differences import DifferenceGroup, grouped, joined
from streams.flows.stock_keys import ENTRY, derive_index
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.partition_store import PartitionStore
from streams.runtime.serde import Serde
from streams.runtime.store import ChangelogCopy, apply_records
from streams.runtime.tally import Tally
from streams.runtime.writer import Record
from streams.settings import InventorySettings

Read = Callable[[Mapping[Partition, Span]], Iterable[LogRecord]]
Done = Callable[[int, int], None]
AT_ONCE = 5_000


class TableLogs(NamedTuple):
    """One partition of a table: its changelog, and the logs of its inputs, whole."""

    changelog: tuple[Partition, Span]
    inputs: Mapping[Partition, Span]


class Rebuilt(NamedTuple):
    """`epoch` is the highest of the live partitions, 0 where there is none; `cut` are logs that begin late."""

    records: int
    entries: int
    epoch: int
    cut: tuple[Partition, ...]
    groups: tuple[DifferenceGroup, ...]


class Rebuilding:
    """Partition after partition, in a directory that the caller takes away."""

    def __init__(self, folder: Path, inventory: InventorySettings, serde: Serde, read: Read) -> None:
        self._folder, self._inventory, self._serde, self._read = folder, inventory, serde, read
        self._records = self._entries = self._epoch = 0

    async def run(self, logs: Sequence[TableLogs], examples: int, done: Done) -> Rebuilt:
        """Raises IntakeWouldPauseError, and what reading raises."""
        total = sum(span.records for one in logs for span in one.inputs.values())
        found: list[DifferenceGroup] = []
        for one in logs:
            found += await self._partition(one, examples, lambda: done(self._records, total))
        cut = tuple(sorted(part for one in logs for part, span in one.inputs.items() if span.first > 0))
        return Rebuilt(self._records, self._entries, self._epoch, cut, joined(found, examples))

    async def _partition(self, logs: TableLogs, examples: int, told: Callable[[], None]) -> tuple[DifferenceGroup, ...]:
        part, span = logs.changelog
        folder = self._folder / f"partition-{part.number}"
        live = PartitionStore(folder / "live.rocksdb", rocksdict.Cache(CACHE_BYTES), derive_index)
        fresh = OfflineFlow(
            folder / "fresh", part.number, self._inventory, serde=self._serde, codec=MessageCodec(), heard=Nobody()
        )
        try:
            fill(live, self._read({part: span}))
            tally = Tally.read(live)
            self._epoch = max(self._epoch, tally.epoch)
            for batch in self._batches(logs, tally):
                await fresh.take(batch.records)
                self._records += len(batch.records)
                told()
            store = fresh.table.store(part.number)
            self._entries += sum(1 for _ in store.scan(ENTRY))
            return grouped(ledger_differences(live, store), examples)
        finally:
            live.close()
            fresh.close()
            shutil.rmtree(folder)

    def _batches(self, logs: TableLogs, tally: Tally) -> Iterator[Batch]:
        """Every input as far as the live table has read it."""
        spans = {
            part: Span(span.first, min(span.end, tally.upto.get(part.topic, 0))) for part, span in logs.inputs.items()
        }
        open_ = {part: span for part, span in spans.items() if span.records}
        if not open_:
            return iter(())
        first, whole = next(iter(open_.items()))
        bounds = Bounds(first.topic, whole, Span(whole.first, whole.end))
        return batches(merged([self._read({part: span}) for part, span in open_.items()]), bounds)


class Nobody:
    """What the fresh ledger would say is heard by nobody: it has no live effects."""

    def heard(self, topic: str, records: Sequence[Record]) -> None:
        """Not kept."""


def fill(store: PartitionStore, records: Iterable[LogRecord]) -> None:
    """A changelog, as recovery reads it."""
    chunk: list[ChangelogCopy] = []
    for record in records:
        headers = [(name, value or b"") for name, value in record.headers]
        chunk.append(ChangelogCopy(record.key or b"", record.value, record.offset, headers))
        if len(chunk) == AT_ONCE:
            apply_records(store, chunk)
            chunk = []
    if chunk:
        apply_records(store, chunk)
