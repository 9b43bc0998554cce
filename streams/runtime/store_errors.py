"""What RocksDB says, as errors that a person or the rebuild can act on.

rocksdict raises plain `Exception` with RocksDB's text: the text is read here and nowhere else.
"""

from pathlib import Path


class StoreError(Exception):
    """A state directory cannot be used; the message says which and what to do."""


class StoreLockedError(StoreError):
    """Another process has it open."""


class StoreCorruptError(StoreError):
    """Its content fails RocksDB's checks: it is rebuilt from the changelog, never trusted."""


class StoreFullError(StoreError):
    """The disk is full."""


class StoreReadOnlyError(StoreError):
    """It cannot be written."""


_SIGNS: tuple[tuple[str, type[StoreError], str], ...] = (
    ("No space left", StoreFullError, "the disk is full: free space, or set STREAMS_DATA_DIR to another disk"),
    ("Disk quota exceeded", StoreFullError, "the disk quota is used up: free space, or set STREAMS_DATA_DIR"),
    ("Read-only file system", StoreReadOnlyError, "the file system is read-only: set STREAMS_DATA_DIR elsewhere"),
    ("Permission denied", StoreReadOnlyError, "it may not be written by this user: correct its owner or mode"),
    ("lock hold", StoreLockedError, "another process has it open: give each worker its own STREAMS_DATA_DIR"),
    ("While lock file", StoreLockedError, "another process has it open: give each worker its own STREAMS_DATA_DIR"),
    ("Corruption", StoreCorruptError, "it is damaged and will be rebuilt from the changelog"),
    ("No such file or directory", StoreCorruptError, "files are missing; it will be rebuilt from the changelog"),
    ("does not exist", StoreCorruptError, "files are missing; it will be rebuilt from the changelog"),
    ("rocksdict-config", StoreCorruptError, "files are missing; it will be rebuilt from the changelog"),
)


def explained(path: Path, error: Exception) -> StoreError:
    """The error that fits RocksDB's text; a text nobody knows counts as damage, which is safe: it is rebuilt."""
    text = str(error)
    for sign, kind, advice in _SIGNS:
        if sign in text:
            return kind(f"{path}: {advice} ({text[:200]})")
    return StoreCorruptError(f"{path}: unexpected answer of the store, it will be rebuilt ({text[:200]})")
