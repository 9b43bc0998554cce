"""One partition of one table on disk: RocksDB in raw mode (bytes in, bytes out; nothing is pickled)."""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import rocksdict

from streams.runtime import store_seal
from streams.runtime.store_errors import StoreCorruptError, StoreError, explained
from streams.runtime.store_seal import Sums

OFFSET_KEY = b"\x00changelog-offset"
CHANGELOG_KEY = b"\x00changelog-id"
LOCAL = (b"\x00",)

Derive = Callable[[bytes], tuple[bytes, bytes] | None]
"""From a stored key to the (key, value) of its local index entry; index entries are never in the changelog."""


def no_index(_key: bytes) -> None:
    """For tables without an index."""


class PartitionStore:
    """Data, index and changelog offset; a write is one atomic batch of all three."""

    def __init__(
        self, path: Path, cache: rocksdict.Cache, derive: Derive = no_index, sums: Sums = MappingProxyType({})
    ) -> None:
        self.path = path
        self._derive = derive
        self._sums = sums
        self._is_sound = True
        self._db = self._open(cache)

    def _open(self, cache: rocksdict.Cache) -> rocksdict.Rdict:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return rocksdict.Rdict(str(self.path), _options(cache))
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> StoreError:
        """Once there was an error, the files are no longer vouched for when they are closed."""
        self._is_sound = False
        return explained(self.path, error)

    @classmethod
    def open_or_rebuild(
        cls, path: Path, cache: rocksdict.Cache, derive: Derive, damaged: Callable[[StoreCorruptError], None]
    ) -> "PartitionStore":
        """A damaged store is reported, thrown away, and begun anew: the changelog fills it."""
        try:
            sums = store_seal.compared(path)
            store = cls(path, cache, derive, sums)
            if not sums:
                store.check()
        except StoreCorruptError as error:
            damaged(error)
            shutil.rmtree(path, ignore_errors=True)
            return cls(path, cache, derive)
        return store

    def check(self) -> None:
        """Reads every block of the files once, so that damage is found before anything is trusted.

        A second or two for a million entries, in which nothing else happens: a seal spares it.
        """
        damage = self._damage()
        if damage is not None:
            with contextlib.suppress(StoreError):  # what is thrown away need not be written down first
                self.close()
            raise damage

    def _damage(self) -> StoreError | None:
        """Returned, not raised: a traceback would keep the iterator, and the iterator the store."""
        iterator = self._db.iter(_uncached())
        iterator.seek_to_first()
        while iterator.valid():
            iterator.next()
        return self._why_it_ended(iterator)

    def _why_it_ended(self, iterator: rocksdict.RdictIter) -> StoreError | None:
        """An iterator also ends at a damaged block, as if nothing followed; only its status says so."""
        try:
            iterator.status()
        except Exception as error:  # noqa: BLE001  rocksdict's own, see `store_errors`
            return self._explained(error)
        return None

    def get(self, key: bytes) -> bytes | None:
        """Raises StoreError, as everything that reads."""
        value: bytes | None = self._read(key)
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """In the order of `keys`; None where there is nothing."""
        found = self._read(list(keys)) if keys else []
        return cast("list[bytes | None]", found)  # a list of keys gives a list: the stub says Any

    def _read(self, wanted: Any) -> Any:  # noqa: ANN401  what the library takes and gives
        try:
            return self._db.get(wanted)
        except Exception as error:
            raise self._explained(error) from error

    def scan(self, prefix: bytes, start: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Keys that begin with `prefix`, in order, from `start` on."""
        iterator = self._db.iter()
        iterator.seek(start or prefix)
        while iterator.valid():
            key = iterator.key()
            if not key.startswith(prefix):
                return
            yield key, iterator.value()
            iterator.next()
        damage = self._why_it_ended(iterator)
        if damage is not None:
            raise damage

    def write(self, items: Iterable[tuple[bytes, bytes | None]], offset: int) -> None:
        """Put or delete (None) all of them, with the changelog offset that contains them."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in items:
            indexed = self._derive(key)
            if value is None:
                batch.delete(key)
                if indexed is not None:
                    batch.delete(indexed[0])
                continue
            batch.put(key, value)
            if indexed is not None:
                batch.put(*indexed)
        batch.put(OFFSET_KEY, str(offset).encode())
        self._write(batch)

    def _write(self, batch: rocksdict.WriteBatch) -> None:
        try:
            self._db.write(batch)
        except Exception as error:
            raise self._explained(error) from error

    @property
    def offset(self) -> int | None:
        """Last changelog offset that the data contains."""
        stored = self.get(OFFSET_KEY)
        return None if stored is None else int(stored)

    def set_offset(self, offset: int) -> None:
        self._db.put(OFFSET_KEY, str(offset).encode())

    @property
    def changelog_id(self) -> str:
        """Topic id of the changelog that the data came from."""
        return (self.get(CHANGELOG_KEY) or b"").decode()

    def set_changelog_id(self, topic_id: str) -> None:
        self._db.put(CHANGELOG_KEY, topic_id.encode())

    @property
    def size_bytes(self) -> int:
        return self._db.property_int_value("rocksdb.total-sst-files-size") or 0

    def close(self) -> None:
        """Closed also where it raises StoreError: what could not be written stands in the write-ahead log."""
        try:
            self._db.close()
        except Exception as error:
            raise self._explained(error) from error
        finally:
            self._seal()

    def _seal(self) -> None:
        """Without a seal the next start takes longer; nothing else is lost."""
        with contextlib.suppress(OSError):
            if self._is_sound:
                store_seal.put_on(self.path, self._sums)
            else:
                store_seal.take_off(self.path)


def _uncached() -> rocksdict.ReadOptions:
    """For what is read once: it must not push out what is read often."""
    options = rocksdict.ReadOptions()
    options.fill_cache(False)  # type: ignore[call-arg]  # noqa: FBT003  the stub lacks the argument
    return options


def is_local(key: bytes) -> bool:
    """Whether the key belongs to this copy alone, not to the table's content."""
    return key.startswith(LOCAL)


def _options(cache: rocksdict.Cache) -> rocksdict.Options:
    """Small write buffers, Bloom filters for the many misses (duplicates, recovery), one block cache for all."""
    blocks = rocksdict.BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_bloom_filter(10, block_based=False)
    blocks.set_cache_index_and_filter_blocks(True)  # noqa: FBT003  the library's own signature
    options = rocksdict.Options(raw_mode=True)
    options.set_block_based_table_factory(blocks)
    options.set_write_buffer_size(8 << 20)
    options.set_max_write_buffer_number(2)
    options.set_memtable_whole_key_filtering(True)  # noqa: FBT003  as above
    options.set_memtable_prefix_bloom_ratio(0.05)
    options.set_max_background_jobs(2)
    options.set_max_open_files(256)
    options.set_compression_type(rocksdict.DBCompressionType.lz4())
    options.set_keep_log_file_num(2)
    return options


def contents(store: PartitionStore) -> Mapping[bytes, bytes]:
    """Everything but what is local: what a replay of the changelog must give."""
    return {key: value for key, value in store.scan(b"") if not is_local(key)}
