"""A worker that cannot run says why in one line, and ends with exit code 2; a target that is down is no reason."""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from simulators.local_stack import LocalStack
from tests.processes import Worker, call, free_port, until

pytestmark = pytest.mark.integration

COMMERCE = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
SHOP = {
    f"{COMMERCE}BASE_URL": "http://127.0.0.1:9",
    f"{COMMERCE}AUTH__KIND": "token",
    f"{COMMERCE}AUTH__USERNAME": "somebody",
    f"{COMMERCE}AUTH__PASSWORD": "canary-7d1f",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture
def environ(stack: LocalStack, tmp_path: Path) -> dict[str, str]:
    """Everything that a worker needs; the group is this test's own."""
    own = {"STREAMS_DATA_DIR": str(tmp_path / "data"), "STREAMS_WEB__PORT": "0", "STREAMS_KAFKA__PARTITIONS": "2"}
    return {**stack.environment(), **SHOP, **own}


@pytest.fixture
def applied(environ: dict[str, str]) -> dict[str, str]:
    for command in ("topics", "schemas"):
        assert _run(environ, command, "apply").returncode == 0
    return environ


def _run(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STREAMS_")}
    return subprocess.run(
        [sys.executable, "-m", "streams", *(arguments or ("worker",))],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _refused(environ: Mapping[str, str]) -> str:
    """The one line."""
    done = _run(environ)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("commerce-streams:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "canary-7d1f" not in done.stderr + done.stdout
    return lines[0]


def test_a_misspelt_setting_is_named_with_what_was_probably_meant(environ: dict[str, str]) -> None:
    line = _refused({**environ, "STREAMS_INVENTORY__WINDOWMS": "5"})

    assert "STREAMS_INVENTORY__WINDOWMS" in line
    assert "STREAMS_INVENTORY__WINDOW_MS" in line


def test_a_missing_credential_is_named(environ: dict[str, str]) -> None:
    line = _refused({name: value for name, value in environ.items() if not name.endswith("AUTH__PASSWORD")})

    assert "PASSWORD" in line.upper()


def test_a_missing_address_is_named(environ: dict[str, str]) -> None:
    line = _refused({name: value for name, value in environ.items() if name != "STREAMS_SCHEMA_REGISTRY__URL"})

    assert "STREAMS_SCHEMA_REGISTRY__URL" in line


def test_a_broker_that_does_not_answer_is_named(environ: dict[str, str]) -> None:
    line = _refused({**environ, "STREAMS_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"})

    assert "STREAMS_KAFKA__BOOTSTRAP_SERVERS" in line
    assert "Connection refused" in line


def test_a_missing_topic_is_named_with_the_command_that_makes_it(environ: dict[str, str]) -> None:
    line = _refused({**environ, "STREAMS_APP_ID": "never-applied"})

    assert "does not exist" in line
    assert "commerce-streams topics apply" in line


def test_another_number_of_partitions_is_refused(applied: dict[str, str]) -> None:
    line = _refused({**applied, "STREAMS_KAFKA__PARTITIONS": "3"})

    assert "has 2 partitions, 3 are set" in line


def test_a_registry_that_does_not_answer_is_named(applied: dict[str, str]) -> None:
    line = _refused({**applied, "STREAMS_SCHEMA_REGISTRY__URL": f"http://127.0.0.1:{free_port()}/apis/ccompat/v7"})

    assert "STREAMS_SCHEMA_REGISTRY__URL" in line


def test_a_schema_that_is_not_registered_is_named(applied: dict[str, str], stack: LocalStack) -> None:
    subject = f"{stack.registry.url}/subjects/audit.v1-value"
    call(subject, method="DELETE")
    call(f"{subject}?permanent=true", method="DELETE")

    line = _refused(applied)

    assert "audit.v1-value" in line
    assert "commerce-streams schemas apply" in line
    assert _run(applied, "schemas", "apply").returncode == 0


def test_a_data_directory_that_another_worker_has_is_named_with_its_holder(applied: dict[str, str]) -> None:
    folder = Path(applied["STREAMS_DATA_DIR"])
    folder.mkdir()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 4711")
        lock.flush()

        line = _refused(applied)

    assert str(folder) in line
    assert "process 4711" in line


def test_a_port_that_is_taken_is_named(applied: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = _refused({**applied, "STREAMS_WEB__PORT": str(port)})

    assert f"STREAMS_WEB__PORT={port}" in line


def test_a_data_directory_that_cannot_be_made_is_named(applied: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    line = _refused({**applied, "STREAMS_DATA_DIR": str(tmp_path / "file" / "data")})

    assert str(tmp_path / "file") in line


def test_a_full_disk_is_named(applied: dict[str, str], tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(small)], check=False)
    if mounted.returncode:
        pytest.skip("2026-11-21: a small disk can be mounted only by root")
    try:
        line = _refused({**applied, "STREAMS_DATA_DIR": str(small / "data")})
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert "disk is full" in line


def test_a_shop_that_is_down_does_not_stop_the_start(applied: dict[str, str], tmp_path: Path) -> None:
    worker = Worker("a", tmp_path, {**applied, "STREAMS_WEB__PORT": str(free_port())})
    worker.start()
    try:
        worker.wait_ready()
        until(lambda: "target-trouble" in worker.log, within=20, what="the trouble is told")
        assert worker.stop() == 0
    finally:
        worker.end()
    assert "canary-7d1f" not in worker.log
