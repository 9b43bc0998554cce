"""Turns what the file system refuses into a message a person can act on."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from simulators.local_stack.errors import DiskFullError, FolderRefusedError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Around writes only: a refused network call must not be blamed on the disk.

    Raises:
        DiskFullError: no space, or the quota is used up.
        FolderRefusedError: no right to write, or a read-only file system.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(f"no space left on the disk of {path}: free some, or choose another folder") from None
        if error.errno in REFUSED:
            why = os.strerror(error.errno or 0)
            raise FolderRefusedError(f"cannot write {path} ({why}): choose another folder") from None
        raise


def write_atomically(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """A reader, or we after a kill, find the old or the new content and nothing between."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with writing(path):
        try:
            part.write_bytes(content)
            part.chmod(mode)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
