"""A store that was closed is vouched for by its checksums, and by nothing else."""

import shutil
from pathlib import Path

import pytest
import rocksdict

from streams.runtime.partition_store import PartitionStore, contents, no_index
from streams.runtime.store_errors import StoreCorruptError
from streams.runtime.store_seal import SEAL, compared, put_on

WRITTEN = {b"e%05d" % n: b"%05d" % n * 20 for n in range(400)}


def _open(path: Path, damaged: list[StoreCorruptError] | None = None) -> PartitionStore:
    told = [] if damaged is None else damaged
    return PartitionStore.open_or_rebuild(path, rocksdict.Cache(1 << 20), no_index, told.append)


def _closed(path: Path, offset: int = 1) -> Path:
    store = _open(path)
    store.write(WRITTEN.items(), offset)
    store.close()
    return path


def _flip(file: Path, place: int) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[place] ^= 0x10
    file.write_bytes(damaged)


def test_every_data_file_of_a_closed_store_has_its_sum(tmp_path: Path) -> None:
    path = _closed(_closed(tmp_path / "t.rocksdb"), 2)

    assert compared(path).keys() == {file.name for file in path.glob("*.sst")} != set()

    store = _open(path)
    assert contents(store) == WRITTEN
    store.close()


@pytest.mark.parametrize("part", range(8))
def test_a_flipped_bit_anywhere_in_a_sealed_file_is_found_and_the_table_begins_anew(tmp_path: Path, part: int) -> None:
    path, told = _closed(tmp_path / "t.rocksdb"), list[StoreCorruptError]()
    file = max(path.glob("*.sst"), key=lambda one: one.stat().st_size)
    _flip(file, (file.stat().st_size - 1) * part // 7)

    store = _open(path, told)

    assert file.name in str(told[0])
    assert contents(store) == {}
    store.close()


def test_a_file_that_was_cut_is_found(tmp_path: Path) -> None:
    path = _closed(tmp_path / "t.rocksdb")
    file = next(path.glob("*.sst"))
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(StoreCorruptError, match=file.name):
        compared(path)


@pytest.mark.parametrize("left", [b"", b"{", b'{"000012.sst": "x"}', b"[]", b"\xff"])
def test_a_seal_that_cannot_be_read_vouches_for_nothing(tmp_path: Path, left: bytes) -> None:
    path = _closed(tmp_path / "t.rocksdb")
    (path / SEAL).write_bytes(left)

    assert compared(path) == {}
    store = _open(path)
    assert contents(store) == WRITTEN
    store.close()


def test_what_a_kill_leaves_is_read_block_by_block_for_a_file_without_a_sum_may_be_damaged(tmp_path: Path) -> None:
    path, killed, told = _closed(tmp_path / "t.rocksdb"), tmp_path / "killed.rocksdb", list[StoreCorruptError]()
    seal = (path / SEAL).read_bytes()
    shutil.copytree(_closed(path, 2), killed)
    (killed / SEAL).write_bytes(seal)  # of the time before: a file came since
    assert compared(killed) == {}
    for file in killed.glob("*.sst"):
        _flip(file, 500)

    _open(killed, told).close()

    assert told


def test_a_store_that_met_damage_is_not_vouched_for_when_it_is_closed(tmp_path: Path) -> None:
    path = _closed(tmp_path / "t.rocksdb")
    _flip(max(path.glob("*.sst"), key=lambda one: one.stat().st_size), 500)
    store = PartitionStore(path, rocksdict.Cache(1 << 20))
    with pytest.raises(StoreCorruptError):
        contents(store)

    store.close()

    assert not (path / SEAL).exists()


def test_a_known_sum_is_kept_so_that_damage_since_is_not_sealed_with_it(tmp_path: Path) -> None:
    path = _closed(tmp_path / "t.rocksdb")
    known = compared(path)
    _flip(next(path.glob("*.sst")), 500)

    put_on(path, known)

    with pytest.raises(StoreCorruptError):
        compared(path)
