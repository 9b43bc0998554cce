"""Checksums of a store's data files, noted when it was closed: compared in a moment; a walk through it takes seconds.

RocksDB writes a data file once and never changes it, so a file that has the same sum still is what was written.  Files
that came since (a kill leaves them) have no sum: then the store is walked through, as without a seal.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from streams.runtime.store_errors import StoreCorruptError

SEAL, DATA_FILES = "sealed.json", "*.sst"
CHUNK_BYTES = 1 << 20

Sums = Mapping[str, int]
"""Name of a data file → CRC-32 of its content."""


def compared(folder: Path) -> Sums:
    """The sums, each of which its file still has; none of them where any file of the folder has no sum.

    Raises StoreCorruptError for a file that is not what was closed.
    """
    files = sorted(folder.glob(DATA_FILES))
    sums = _read(folder)
    if {file.name for file in files} != sums.keys():
        return {}
    for file in files:
        if _sum(file) != sums[file.name]:
            raise StoreCorruptError(f"{file}: it is not what was closed; the table will be rebuilt from the changelog")
    return sums


def put_on(folder: Path, known: Sums) -> None:
    """Note the files of a closed store; those in `known` are not read again.  May be repeated.  Raises OSError."""
    files = folder.glob(DATA_FILES)
    sums = {file.name: known[file.name] if file.name in known else _sum(file) for file in files}
    made = folder / f"{SEAL}.new"
    made.write_bytes(msgspec.json.encode(sums))
    made.replace(folder / SEAL)


def take_off(folder: Path) -> None:
    """The store met damage: its files are no longer vouched for."""
    (folder / SEAL).unlink(missing_ok=True)


def _read(folder: Path) -> Sums:
    """Empty where there is none, or none that can be read."""
    try:
        return msgspec.json.decode((folder / SEAL).read_bytes(), type=dict[str, int])
    except (OSError, msgspec.MsgspecError):
        return {}


def _sum(file: Path) -> int:
    found = 0
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            found = zlib.crc32(chunk, found)
    return found
