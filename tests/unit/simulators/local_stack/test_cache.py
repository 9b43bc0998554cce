import subprocess
import sys
from pathlib import Path

import pytest

from simulators.local_stack.cache import cache_folder, fetch
from simulators.local_stack.errors import DamagedFileError, DownloadFailedError
from simulators.local_stack.progress import Progress, silent
from tests.unit.simulators.local_stack.conftest import LockMaker, MavenServer

CONTENTS = {"one": b"1" * 5000, "two": b"2" * 7000, "three": b"3" * 100}

FETCH = """
import sys
from pathlib import Path
from simulators.local_stack.cache import fetch
from simulators.local_stack.locked_files import Lock
fetch(Lock("some files", Path(sys.argv[1])), Path(sys.argv[2]), lambda _: None)
"""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_the_cache_is_where_the_desktop_standard_puts_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache" / "commerce-streams"

    monkeypatch.delenv("XDG_CACHE_HOME")

    assert cache_folder() == tmp_path / "home" / ".cache" / "commerce-streams"


def test_missing_files_come_from_the_repository_and_progress_ends_at_the_whole(
    maven: MavenServer, lock_of: LockMaker, tmp_path: Path
) -> None:
    lock = lock_of(CONTENTS)
    for file in lock.files:
        maven.add(file, CONTENTS[file.artifact])
    seen: list[Progress] = []

    folder = fetch(lock, tmp_path / "jars", seen.append)

    assert {path.read_bytes() for path in folder.glob("*.jar")} == set(CONTENTS.values())
    assert seen[-1] == Progress("downloading some files 0 MB", lock.size, lock.size)


def test_what_is_there_is_not_asked_for_again(maven: MavenServer, lock_of: LockMaker, tmp_path: Path) -> None:
    lock = lock_of(CONTENTS)
    for file in lock.files:
        maven.add(file, CONTENTS[file.artifact])
    fetch(lock, tmp_path / "jars", silent)
    asked = len(maven.requests)

    fetch(lock, tmp_path / "jars", silent)

    assert (asked, len(maven.requests)) == (len(CONTENTS), len(CONTENTS))


def test_a_damaged_file_in_the_cache_is_replaced(maven: MavenServer, lock_of: LockMaker, tmp_path: Path) -> None:
    lock = lock_of({"one": b"right"})
    (file,) = lock.files
    maven.add(file, b"right")
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / file.name).write_bytes(b"wrong")

    fetch(lock, tmp_path / "jars", silent)

    assert (tmp_path / "jars" / file.name).read_bytes() == b"right"


@pytest.mark.parametrize("served", [b"another content", b""])
def test_another_content_than_pinned_is_refused_and_not_kept(
    maven: MavenServer, lock_of: LockMaker, tmp_path: Path, served: bytes
) -> None:
    lock = lock_of({"one": b"pinned content."})
    maven.add(lock.files[0], served)

    with pytest.raises(DamagedFileError, match=r"one-1\.0\.jar: the repository serves another file than the SHA-256"):
        fetch(lock, tmp_path / "jars", silent)

    assert names(tmp_path / "jars") == set()


def test_a_folder_of_jars_makes_the_network_needless(
    lock_of: LockMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = lock_of(CONTENTS)
    stick = tmp_path / "stick"
    stick.mkdir()
    for file in lock.files:
        (stick / file.name).write_bytes(CONTENTS[file.artifact])
    monkeypatch.setenv("KAFKA_JARS_DIR", str(stick))
    monkeypatch.setenv("MAVEN_REPOSITORY_URL", "http://127.0.0.1:1")

    assert fetch(lock, tmp_path / "jars", silent) == stick


def test_the_local_maven_folder_comes_before_the_network(
    maven: MavenServer, lock_of: LockMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = lock_of({"one": b"pinned", "two": b"other"})
    built, absent = lock.files
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    (tmp_path / "m2" / built.path).parent.mkdir(parents=True)
    (tmp_path / "m2" / built.path).write_bytes(b"pinned")
    maven.add(absent, b"other")

    folder = fetch(lock, tmp_path / "jars", silent)

    assert (folder / built.name).read_bytes() == b"pinned"
    assert [path for path, _ in maven.requests] == [f"/{absent.path}"]


def test_a_damaged_file_in_the_local_maven_folder_is_passed_by(
    maven: MavenServer, lock_of: LockMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = lock_of({"one": b"pinned"})
    (file,) = lock.files
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    (tmp_path / "m2" / file.path).parent.mkdir(parents=True)
    (tmp_path / "m2" / file.path).write_bytes(b"broken")
    maven.add(file, b"pinned")

    folder = fetch(lock, tmp_path / "jars", silent)

    assert (folder / file.name).read_bytes() == b"pinned"


def test_one_missing_file_is_named(maven: MavenServer, lock_of: LockMaker, tmp_path: Path) -> None:
    lock = lock_of(CONTENTS)
    for file in lock.files:
        if file.artifact != "two":
            maven.add(file, CONTENTS[file.artifact])

    with pytest.raises(DownloadFailedError, match=r"two-1\.0\.jar: HTTP 404"):
        fetch(lock, tmp_path / "jars", silent)


def test_two_processes_at_once_download_each_file_once(maven: MavenServer, lock_of: LockMaker, tmp_path: Path) -> None:
    lock = lock_of(CONTENTS)
    for file in lock.files:
        maven.add(file, CONTENTS[file.artifact])
    maven.slow_s = 0.5
    command = [sys.executable, "-c", FETCH, str(lock.source), str(tmp_path / "jars")]

    running = [subprocess.Popen(command) for _ in range(3)]
    ended = [process.wait(timeout=60) for process in running]

    assert ended == [0, 0, 0]
    assert sorted(path for path, _ in maven.requests) == sorted(f"/{file.path}" for file in lock.files)
    assert names(tmp_path / "jars") == {file.name for file in lock.files}
