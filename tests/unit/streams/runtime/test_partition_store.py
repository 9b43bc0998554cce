"""A damaged file is found when it is read: nothing that is missing from it is taken for not there."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import rocksdict

from streams.runtime.partition_store import PartitionStore, contents, no_index
from streams.runtime.store_errors import StoreCorruptError
from streams.runtime.store_seal import SEAL
from tests.processes import until


def _filled(path: Path, written: Mapping[bytes, bytes]) -> None:
    """Closed: what was written stands in a file of its own."""
    store = PartitionStore(path, rocksdict.Cache(1 << 20))
    store.write(written.items(), 1)
    store.close()
    PartitionStore(path, rocksdict.Cache(1 << 20)).close()


def _bits_flipped(files: Path, *, parts: int) -> Iterator[None]:
    """One bit of the store's largest file after another, spread over it; as it was before at the end."""
    file = max(files.rglob("*.rocksdb/*.sst"), key=lambda one: one.stat().st_size)
    whole = file.read_bytes()
    for place in range(len(whole) // (2 * parts), len(whole), len(whole) // parts):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        file.write_bytes(damaged)
        yield
    file.write_bytes(whole)


def test_a_single_flipped_bit_is_found_when_the_store_is_opened_or_harms_nothing(tmp_path: Path) -> None:
    written = {b"e%05d" % n: b"%05d" % n * 20 for n in range(400)}
    path, found = tmp_path / "t.rocksdb", list[StoreCorruptError]()
    _filled(path, written)

    for _ in _bits_flipped(tmp_path, parts=24):
        copy = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns(SEAL))
        damaged = list[StoreCorruptError]()
        store = PartitionStore.open_or_rebuild(copy, rocksdict.Cache(1 << 20), no_index, damaged.append)
        assert contents(store) == ({} if damaged else written)
        store.close()
        found += damaged

    assert len(found) > 12, "most of the file are the data"


def test_damage_that_rocksdb_met_by_itself_is_told_when_the_store_is_checked_and_does_not_keep_it_open(
    tmp_path: Path,
) -> None:
    path = _about_to_be_compacted(tmp_path, of_files=3)
    for file in path.glob("*.sst"):
        damaged = bytearray(file.read_bytes())
        damaged[500] ^= 0x10
        file.write_bytes(damaged)
    store = PartitionStore(path, rocksdict.Cache(1 << 20))
    until(lambda: "Corruption" in (path / "LOG").read_text(), within=30, what="a compaction meets the damage")

    with pytest.raises(StoreCorruptError):
        store.check()

    rebuilt = PartitionStore.open_or_rebuild(path, rocksdict.Cache(1 << 20), no_index, lambda _error: None)
    assert contents(rebuilt) == {}
    rebuilt.close()


def _about_to_be_compacted(folder: Path, of_files: int) -> Path:
    """As a kill leaves it: one more file, out of the write-ahead log, and RocksDB merges them by itself."""
    path, copy = folder / "t.rocksdb", folder / "killed.rocksdb"
    for number in range(of_files):
        store = PartitionStore(path, rocksdict.Cache(1 << 20))
        store.write(((b"e%05d" % n, b"%05d" % (n * number) * 20) for n in range(400)), number)
        store.close()
    store = PartitionStore(path, rocksdict.Cache(1 << 20))
    store.write([(b"f", b"1")], of_files)
    shutil.copytree(path, copy)
    store.close()
    return copy


def test_a_read_that_meets_damage_says_so_and_does_not_end_early(tmp_path: Path) -> None:
    written = {b"e%05d" % n: b"%05d" % n * 20 for n in range(400)}
    path = tmp_path / "t.rocksdb"
    _filled(path, written)
    next(_bits_flipped(tmp_path, parts=2))

    store = PartitionStore(path, rocksdict.Cache(1 << 20))

    with pytest.raises(StoreCorruptError):
        contents(store)
    with pytest.raises(StoreCorruptError):
        store.get_many(list(written))
    store.close()
