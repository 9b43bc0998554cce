import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.local_stack import clock
from simulators.local_stack.child import Child, spawn

STARTER = """
import json, sys, time
from pathlib import Path
from simulators.local_stack.child import spawn
folder = Path(sys.argv[1])
child = spawn(["sleep", "300.0101", ], "300.0101", folder / "log", detached=sys.argv[2] == "detached")
(folder / "started.part").write_text(json.dumps(child.pid))
(folder / "started.part").rename(folder / "started")
time.sleep(300)
"""


def started_by_a_program_that_is_then_killed(folder: Path, how: str) -> int:
    """The process id of the server; its starter is gone."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(folder), how])
    assert clock.wait_until((folder / "started").exists, within=30)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    return int(json.loads((folder / "started").read_text()))


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    child = spawn(["sleep", "300.0202"], "300.0202", tmp_path / "log", detached=False)
    yield child
    child.signal(signal.SIGKILL)
    child.wait(10)


def test_a_server_on_a_leash_ends_with_its_killed_starter(tmp_path: Path) -> None:
    pid = started_by_a_program_that_is_then_killed(tmp_path, "bound")

    assert clock.wait_until(lambda: not Child(pid, "300.0101").alive, within=30)


def test_a_detached_server_goes_on_without_its_starter(tmp_path: Path) -> None:
    pid = started_by_a_program_that_is_then_killed(tmp_path, "detached")

    child = Child(pid, "300.0101")
    assert child.alive
    child.signal(signal.SIGKILL)
    assert child.wait(10)


def test_a_process_id_that_another_program_got_is_not_taken_for_ours() -> None:
    assert not Child(os.getpid(), "some text that no command line here has").alive


def test_a_signal_to_an_id_that_another_program_got_is_not_sent() -> None:
    Child(os.getpid(), "some text that no command line here has").signal(signal.SIGKILL)


def test_the_output_goes_on_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")

    child = spawn(["sh", "-c", "echo out; echo err >&2"], "echo", log, detached=False)

    assert child.wait(10)
    assert log.read_text() == "before\nout\nerr\n"


def test_waiting_for_a_server_that_runs_is_bounded(sleeper: Child) -> None:
    assert not sleeper.wait(0.05)
    assert sleeper.alive


def test_a_killed_server_takes_its_leash_along(sleeper: Child) -> None:
    leash = sleeper.leash
    assert leash

    sleeper.signal(signal.SIGKILL)
    assert sleeper.wait(10)

    assert leash.poll() is not None
