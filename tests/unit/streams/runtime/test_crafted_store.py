"""A store that somebody else wrote must not run code: rocksdict's own default unpickles what it reads, ours never."""

import pickle
from pathlib import Path

import pytest
import rocksdict

from streams.runtime.partition_store import PartitionStore
from streams.runtime.store_errors import StoreCorruptError


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return _explode, (str(self._file),)


def _explode(file: str) -> None:
    Path(file).touch()


@pytest.mark.parametrize("is_raw", [True, False], ids=["as ours", "as the library's default"])
def test_opening_and_reading_a_crafted_store_unpickles_nothing(tmp_path: Path, is_raw: bool) -> None:  # noqa: FBT001
    folder, gone_off = tmp_path / "store", tmp_path / "gone-off"
    crafted = rocksdict.Rdict(str(folder), rocksdict.Options(raw_mode=is_raw))
    bomb = pickle.dumps(Bomb(gone_off))
    if is_raw:
        crafted[b"e1"] = bomb
    else:
        crafted["e1"] = Bomb(gone_off)
    crafted.close()

    found: list[bytes] = []
    damage: list[StoreCorruptError] = []
    store = PartitionStore.open_or_rebuild(folder, rocksdict.Cache(1 << 20), lambda _: None, damage.append)
    found = [value for _, value in store.scan(b"")]
    store.close()

    assert all(isinstance(value, bytes) for value in found)
    assert found or damage
    assert not gone_off.exists()
    pickle.loads(bomb)
    assert gone_off.exists(), "it was no bomb"
