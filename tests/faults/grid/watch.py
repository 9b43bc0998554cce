"""Looks at the workers and their commits while a run goes on; what it saw is judged afterwards."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException

from tests.faults.system import System

EVERY_S = 0.5
PAGE = 4096


@dataclass(frozen=True)
class Sample:
    """At one moment: committed offset of each (topic, partition) that is accounted for, and bytes of each worker."""

    at: float
    committed: dict[tuple[str, int], int]
    resident: dict[str, int]


@dataclass
class Watch:
    system: System
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():  # a run can come to nothing before anything is watched
            self._thread.join(30)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            self.samples.append(self._look())

    def _look(self) -> Sample:
        committed = _unless_away(self._committed)
        # the clock of the broker's time stamps, taken after the commits were read: what they contain is older
        return Sample(time.time(), committed, self._resident())  # noqa: TID251  as the comment says

    def _committed(self) -> dict[tuple[str, int], int]:
        topics = self.system.accounted
        return {(topic, n): done for topic in topics for n, (done, _) in self.system.committed(topic).items()}

    def _resident(self) -> dict[str, int]:
        found = {}
        for worker in list(self.system.workers):
            if worker.running:
                found[worker.name] = resident(worker.pid)
        return found


def _unless_away(read: Callable[[], dict[tuple[str, int], int]]) -> dict[tuple[str, int], int]:
    try:
        return read()
    except KafkaException:  # a broker that is away tells nothing, which is no sample
        return {}


def resident(pid: int) -> int:
    """Bytes in memory; 0 for a process that ended meanwhile."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
