import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.faults.grid.supervisor import Supervisor
from tests.faults.system import System
from tests.processes import Process, until

RAN = "ran"


class Named(Process):
    """Says that it ran, then ends with this code, or waits where there is none."""

    def __init__(self, name: str, folder: Path, code: int | None) -> None:
        self.name = name
        then = "import time; time.sleep(60)" if code is None else f"raise SystemExit({code})"
        super().__init__([sys.executable, "-c", f"print({RAN!r}, flush=True)\n{then}"], folder / f"{name}.log")

    @property
    def starts(self) -> int:
        return self.log.count(RAN)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Supervisor, dict[str, Named]]]:
    processes = {name: Named(name, tmp_path, code) for name, code in {"fault": 70, "done": 0, "killed": None}.items()}
    for process in processes.values():
        process.start()
    supervisor = Supervisor(cast("System", SimpleNamespace(workers=list(processes.values()))))
    yield supervisor, processes
    supervisor.stop()
    for process in processes.values():
        process.end()


def test_a_worker_that_ends_by_its_own_fault_is_started_again_and_no_other(
    made: tuple[Supervisor, dict[str, Named]],
) -> None:
    supervisor, processes = made
    until(lambda: all(one.starts for one in processes.values()), within=20, what="all run")
    processes["killed"].signal(signal.SIGKILL)

    supervisor.start()
    supervisor.start()

    until(lambda: processes["fault"].starts >= 2, within=30, what="it is started again")
    supervisor.stop()
    assert set(supervisor.codes) == {70}
    assert (processes["done"].starts, processes["killed"].starts) == (1, 1)


def test_one_that_was_not_started_does_nothing(made: tuple[Supervisor, dict[str, Named]]) -> None:
    supervisor, processes = made
    until(lambda: not processes["fault"].running, within=20, what="it ended")

    supervisor.stop()

    assert not supervisor.codes
