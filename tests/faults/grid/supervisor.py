"""What a service manager does: a worker that ended by its own fault is started again, with its data directory."""

import threading
from collections import Counter

from tests.faults.system import System

EVERY_S = 0.5
PAUSE_LOOKS = 4
"""Looks between an end and the new start: a worker that cannot start yet is not started all the time."""


class Supervisor:
    """Does nothing until `start`.  A worker that ended with 0, or by a signal of the test, stays ended.

    `codes` counts the exit codes of those that were started again.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.codes: Counter[int] = Counter()

    def start(self) -> None:
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        looks: Counter[str] = Counter()
        while not self._stopping.wait(EVERY_S):
            for worker in list(self._system.workers):
                if worker.running or worker.wait(1) <= 0:
                    continue
                looks[worker.name] += 1
                if looks[worker.name] % PAUSE_LOOKS == 0:
                    self.codes[worker.wait(1)] += 1
                    worker.start()
