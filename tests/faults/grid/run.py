"""One run of the grid: the system, the trade that goes on while a fault strikes, and what watches it."""

import threading
import time
from dataclasses import dataclass, field
from random import Random

from tests.faults.grid.supervisor import Supervisor
from tests.faults.grid.watch import Watch
from tests.faults.system import System
from tests.processes import Worker, until

RESTARTS = 3


@dataclass
class Run:
    """What a nemesis is given.  `chance` is seeded: a run can be had again by its seed."""

    system: System
    chance: Random
    trade_s: float
    per_s: float
    patience: float = 1.0
    """How many times the limits in seconds are stretched: a run that shares the machine is slow, not wrong."""
    watch: Watch = field(init=False)
    begun_at: float = 0.0
    """When the trade began; before that workers were still starting."""
    supervisor: Supervisor = field(init=False)
    counts_began_anew: bool = False
    """The ledger was rebuilt: what the lane counted before is counted once more (docs/runbooks.md, LedgerMismatch)."""

    def __post_init__(self) -> None:
        self.watch = Watch(self.system)
        self.supervisor = Supervisor(self.system)
        self._enough = threading.Event()
        self._trade: threading.Thread | None = None

    # ── what a nemesis may ask ───────────────────────────────────────────────────────────────────

    @property
    def workers(self) -> list[Worker]:
        """Those that run."""
        return [worker for worker in self.system.workers if worker.running]

    @property
    def trading(self) -> bool:
        return self._trade is not None and self._trade.is_alive()

    def live(self) -> None:
        """Returns when there is work in the log; AssertionError where the trade is over: a fault would hit nothing."""
        until(lambda: self.system.lag() > 0 or not self.trading, within=60, what="there is work in the log")
        assert self.trading, "the trade was over: the fault would hit no live work"

    def trade(self) -> None:
        """Begins the trade, in the background: for `trade_s` at least, and for as long as the fault strikes."""
        self.begun_at = time.time()  # noqa: TID251  compared with the broker's time stamps
        self._trade = threading.Thread(target=self._go_on, daemon=True)
        self._trade.start()

    def enough(self) -> None:
        """Ends the trade before its time: a fault took as long as it took."""
        self._enough.set()
        self.system.traffic.stop()

    def _go_on(self) -> None:
        self.system.trade(self.trade_s, self.per_s)
        while not self._enough.is_set():
            self.system.trade(1, self.per_s)

    def end(self) -> None:
        """Whatever became of the run: nothing of it goes on, nothing looks at the workers, or starts one again."""
        self.supervisor.stop()
        self.watch.stop()
        self._enough.set()
        if self._trade is not None:
            self.system.traffic.stop()
            self._trade.join(30)

    def traded(self) -> None:
        """Waits until all is sent that was to be traded."""
        assert self._trade is not None
        self._enough.set()
        self._trade.join()
        self.system.traffic.drain()

    def join(self) -> Worker:
        """One more, under a name that none had."""
        return self.system.worker(f"w{len(self.system.workers) + 1}")

    def back(self, worker: Worker) -> Worker:
        """Started again where it ended, as who runs workers does; waits until it is ready."""
        for _ in range(RESTARTS):
            if not worker.running:
                worker.start()
            until(lambda: worker.is_ready() or not worker.running, within=180, what=f"{worker.name} is ready", step=0.2)
            if worker.running:
                return worker
        raise AssertionError(f"{worker.name} ended {RESTARTS} times:\n{worker.log[-2000:]}")

    def at_work(self) -> Worker:
        """A worker that writes to a target; waits until there is one."""
        found: list[Worker] = []

        def one() -> bool:
            found[:] = [worker for worker in self.workers if self.system.is_at_work(worker)]
            return len(found) == 1 or (bool(found) and not self.system.one_writer)

        until(one, within=60, what="a worker writes to the target", step=0.2)
        return found[0]
