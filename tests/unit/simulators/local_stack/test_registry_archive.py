import io
import tarfile
from pathlib import Path

import pytest

from simulators.local_stack.errors import DamagedFileError
from simulators.local_stack.locked_files import Lock
from simulators.local_stack.progress import silent
from simulators.local_stack.registry_archive import registry_home, unpack
from tests.unit.simulators.local_stack.conftest import LockMaker, MavenServer


def archive_of(*entries: tarfile.TarInfo, content: bytes = b"jar") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for entry in entries:
            entry.size = len(content) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def folder_entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.DIRTYPE
    return entry


def link_entry(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


@pytest.fixture
def lock(maven: MavenServer, lock_of: LockMaker) -> Lock:
    content = archive_of(folder_entry("lib"), tarfile.TarInfo("lib/a.jar"), tarfile.TarInfo("quarkus-run.jar"))
    made = lock_of({"registry": content})
    maven.add(made.files[0], content)
    return made


def test_the_registry_is_unpacked_once_and_its_archive_is_not_kept(lock: Lock, maven: MavenServer) -> None:
    first = registry_home(silent, lock)
    second = registry_home(silent, lock)

    assert first == second
    assert (first / "lib" / "a.jar").read_bytes() == b"jar"
    assert len(maven.requests) == 1
    assert [path.name for path in first.parent.iterdir() if not path.name.startswith(".")] == [first.name]


def test_a_registry_that_lost_a_file_is_unpacked_again(lock: Lock) -> None:
    home = registry_home(silent, lock)
    (home / "lib" / "a.jar").unlink()

    again = registry_home(silent, lock)

    assert (again / "lib" / "a.jar").read_bytes() == b"jar"


def test_a_half_unpacked_registry_of_a_killed_process_is_not_used(lock: Lock) -> None:
    home = registry_home(silent, lock)
    home.rename(home.with_name(f"{home.name}.part"))

    again = registry_home(silent, lock)

    assert (again / "quarkus-run.jar").exists()
    assert not home.with_name(f"{home.name}.part").exists()


@pytest.mark.parametrize(
    "entry",
    [tarfile.TarInfo("../outside"), tarfile.TarInfo("/etc/outside"), link_entry("inside", "/etc/passwd")],
    ids=lambda entry: entry.name,
)
def test_an_entry_that_leaves_the_folder_is_refused(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(archive_of(entry))

    with pytest.raises(DamagedFileError, match="holds an entry that is refused"):
        unpack(archive, tmp_path / "home" / "registry")

    assert not (tmp_path / "home" / "outside").exists()
