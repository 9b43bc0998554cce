"""The first record of a promoted table, as a worker reads it."""

from pathlib import Path

import rocksdict

from streams.cli.replay.promotion import epochs_of, first_record
from streams.domain.version import Version
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.partition_store import PartitionStore
from streams.runtime.store import ChangelogCopy, apply_records
from streams.runtime.tally import Tally
from streams.runtime.versioned import pack

CHANGELOG = "app-stock-ledger-changelog"


def _record(partition: int, offset: int, value: bytes | None) -> LogRecord:
    return LogRecord(CHANGELOG, partition, offset, 0, b"k", value, ())


def test_the_highest_epoch_of_any_value_is_found_per_partition() -> None:
    spans = {Partition(CHANGELOG, number): Span(0, 3) for number in (0, 1)}
    records = [_record(0, 0, pack(Version(70, 9), b"")), _record(0, 1, pack(Version(50, 1), b"")), _record(0, 2, None)]

    assert epochs_of(spans, records) == {0: 70, 1: 0}


def test_a_worker_finds_a_table_that_knows_nothing_in_the_new_epoch(tmp_path: Path) -> None:
    first = first_record(Partition(CHANGELOG, 3), 71)
    store = PartitionStore(tmp_path / "t.rocksdb", rocksdict.Cache(1 << 20))

    apply_records(store, [ChangelogCopy(first.key or b"", first.value, 0, ())])
    tally = Tally.read(store)
    store.close()

    assert (first.topic, first.partition) == (CHANGELOG, 3)
    assert (tally.epoch, tally.upto, tally.counts) == (71, {}, {})
    assert tally.next_version > Version(70, 10**9)
