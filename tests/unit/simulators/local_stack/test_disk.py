import errno
import os
from pathlib import Path

import pytest

from simulators.local_stack.disk import write_atomically, writing
from simulators.local_stack.errors import DiskFullError, FolderRefusedError, StackError


@pytest.mark.parametrize(
    ("number", "kind", "says"),
    [
        (errno.ENOSPC, DiskFullError, "no space left on the disk of /some/folder"),
        (errno.EDQUOT, DiskFullError, "no space left on the disk of /some/folder"),
        (errno.EROFS, FolderRefusedError, "cannot write /some/folder (Read-only file system)"),
        (errno.EACCES, FolderRefusedError, "cannot write /some/folder (Permission denied)"),
    ],
)
def test_what_the_file_system_refuses_is_said_with_the_folder(number: int, kind: type[StackError], says: str) -> None:
    with pytest.raises(kind) as refused, writing(Path("/some/folder")):
        raise OSError(number, os.strerror(number))

    assert str(refused.value).startswith(says)


def test_another_failure_is_not_blamed_on_the_disk() -> None:
    with pytest.raises(ConnectionResetError), writing(Path("/some/folder")):
        raise ConnectionResetError(errno.ECONNRESET, "reset")


def test_a_write_that_fails_leaves_the_old_content_and_no_part(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_atomically(file, b"old")
    (tmp_path / f"state.json.{os.getpid()}.part").symlink_to("/dev/full")

    with pytest.raises(DiskFullError):
        write_atomically(file, b"new")

    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
