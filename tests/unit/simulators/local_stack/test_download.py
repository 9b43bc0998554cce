import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.local_stack import ports
from simulators.local_stack.download import PAUSES_S, Downloader
from simulators.local_stack.errors import DiskFullError, DownloadFailedError
from simulators.local_stack.repository import Repository, from_address
from tests.unit.simulators.local_stack.conftest import MavenServer, pinned

CONTENT = bytes(range(256)) * 4000
FILE = pinned("thing", CONTENT)


class Counted:
    """Bytes and pauses, as the downloader reports them."""

    def __init__(self) -> None:
        self.bytes = 0
        self.pauses: list[float] = []

    def count(self, number: int) -> None:
        self.bytes += number


def save(maven: MavenServer, target: Path, login: str = "") -> Counted:
    counted = Counted()
    at = from_address(maven.address.replace("://", f"://{login}@" if login else "://"))
    Downloader(at, counted.pauses.append).save(FILE.path, target, counted.count)
    return counted


def test_a_file_arrives_whole_with_its_hash(maven: MavenServer, tmp_path: Path) -> None:
    maven.add(FILE, CONTENT)

    received = Downloader(Repository(maven.address)).save(FILE.path, tmp_path / "thing", lambda _: None)

    assert (received.sha256, received.size) == (FILE.sha256, FILE.size)
    assert (tmp_path / "thing").read_bytes() == CONTENT


@pytest.mark.parametrize("statuses", [[503], [500, 502], [429]])
def test_a_passing_fault_is_tried_again(maven: MavenServer, tmp_path: Path, statuses: list[int]) -> None:
    maven.add(FILE, CONTENT)
    failures = len(statuses)
    maven.statuses = statuses

    counted = save(maven, tmp_path / "thing")

    assert counted.pauses == list(PAUSES_S[:failures])


def test_a_cut_connection_is_tried_again_and_its_bytes_are_not_counted_twice(
    maven: MavenServer, tmp_path: Path
) -> None:
    maven.add(FILE, CONTENT)
    maven.cut_after = 1000

    counted = save(maven, tmp_path / "thing")

    assert len(maven.requests) == 2
    assert counted.bytes == FILE.size
    assert (tmp_path / "thing").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_final_refusal_is_told_at_once(maven: MavenServer, tmp_path: Path, status: int) -> None:
    maven.statuses = [status]

    with pytest.raises(DownloadFailedError, match=rf"cannot download thing-1\.0\.jar: HTTP {status}\."):
        save(maven, tmp_path / "thing")

    assert len(maven.requests) == 1


def test_a_dead_mirror_is_told_in_one_line_that_says_what_to_set(tmp_path: Path) -> None:
    pauses: list[float] = []
    nobody = Repository(f"http://127.0.0.1:{ports.free_port(set())}", "reader:secret")

    with pytest.raises(DownloadFailedError) as failed:
        Downloader(nobody, pauses.append).save(FILE.path, tmp_path / "thing", lambda _: None)

    message = str(failed.value)
    assert "Connection refused" in message
    assert "MAVEN_REPOSITORY_URL" in message
    assert "KAFKA_JARS_DIR" in message
    assert "\n" not in message
    assert "secret" not in message
    assert pauses == list(PAUSES_S)


def test_a_login_opens_a_protected_mirror(maven: MavenServer, tmp_path: Path) -> None:
    maven.add(FILE, CONTENT)
    maven.login = "reader:secret"

    save(maven, tmp_path / "thing", "reader:secret")

    assert (tmp_path / "thing").exists()


def test_a_wrong_login_is_told_without_the_login(maven: MavenServer, tmp_path: Path) -> None:
    maven.login = "reader:secret"

    with pytest.raises(DownloadFailedError, match="HTTP 401") as failed:
        save(maven, tmp_path / "thing", "reader:wrong-secret")

    assert "wrong-secret" not in str(failed.value)


def test_a_login_stays_with_the_mirror_that_sends_us_on(
    maven: MavenServer, new_maven: Callable[[], MavenServer], tmp_path: Path
) -> None:
    storage = new_maven()
    storage.add(FILE, CONTENT)
    maven.login, maven.redirect_to = "reader:secret", storage.address

    save(maven, tmp_path / "thing", "reader:secret")

    assert storage.requests == [(f"/{FILE.path}", None)]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux' always full device")  # noqa: PTH110
def test_a_full_disk_is_named_and_not_tried_again(maven: MavenServer, tmp_path: Path) -> None:
    maven.add(FILE, CONTENT)
    target = tmp_path / "thing"
    target.symlink_to("/dev/full")

    with pytest.raises(DiskFullError, match=f"no space left on the disk of {target}"):
        save(maven, target)

    assert len(maven.requests) == 1
