"""The worker's own directory: one worker per directory, writable, checked before anything else starts."""

import errno
import fcntl
import os
from pathlib import Path
from typing import IO


class DataDirError(Exception):
    """The directory cannot be used; the message says why and what to do."""


_WHY = {
    errno.EACCES: "it may not be written by this user: correct its owner or mode",
    errno.EPERM: "it may not be written by this user: correct its owner or mode",
    errno.EROFS: "its file system is read-only: set STREAMS_DATA_DIR elsewhere",
    errno.ENOSPC: "its disk is full: free space, or set STREAMS_DATA_DIR to another disk",
    errno.EDQUOT: "its disk quota is used up: free space, or set STREAMS_DATA_DIR to another disk",
    errno.ENOTDIR: "a file is in the way: set STREAMS_DATA_DIR elsewhere",
}


class DataDir:
    """Held for the life of the process by a lock that the system releases, even after kill -9."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    def take(self) -> None:
        """Raises DataDirError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._probe()
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            why = _WHY.get(error.errno or 0, error.strerror or str(error))
            raise DataDirError(f"STREAMS_DATA_DIR={self.path}: {why}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            lock.close()
            raise DataDirError(
                f"STREAMS_DATA_DIR={self.path}: worker {os.getpid()} cannot use it, {holder} has it; "
                "give each worker a directory of its own"
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        self._lock = lock

    def _probe(self) -> None:
        probe = self.path / f".probe-{os.getpid()}"
        with probe.open("wb") as file:
            file.write(b"\0" * 65_536)
            file.flush()
            os.fsync(file.fileno())
        probe.unlink()

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
