"""One run of the grid: the system, the trade that goes on while a fault strikes, and what watches it."""

import threading
import time
from dataclasses import dataclass, field
from random import Random

from tests.faults.grid.supervisor import Supervisor
from tests.faults.grid.watch import Watch
from tests.faults.system import System
from tests.processes import Worker, until


@dataclass
class Run:
    """What a nemesis is given.  `chance` is seeded: a run can be had again by its seed."""

    system: System
    chance: Random
    trade_s: float
    per_s: float
    watch: Watch = field(init=False)
    begun_at: float = 0.0
    """When the trade began; before that workers were still starting."""
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.system)
        self.supervisor = Supervisor(self.system)
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
        until(lambda: self.system.lag() > 0 or not self.trading, within=20, what="there is work in the log")
        assert self.trading, "the trade was over: the fault would hit no live work"

    def trade(self) -> None:
        """Begins the trade, in the background."""
        self.begun_at = time.time()  # noqa: TID251  compared with the broker's time stamps
        self._trade = threading.Thread(target=self.system.trade, args=(self.trade_s, self.per_s), daemon=True)
        self._trade.start()

    def enough(self) -> None:
        """Ends the trade before its time: a fault took as long as it took."""
        self.system.wms.stop()

    def traded(self) -> None:
        """Waits until all is sent that was to be traded."""
        assert self._trade is not None
        self._trade.join()
        self.system.wms.drain()

    def lane_holder(self) -> Worker:
        """The worker that writes to the shop; waits until there is one."""
        found: list[Worker] = []

        def one() -> bool:
            found[:] = [worker for worker in self.workers if worker.is_ready() and worker.facts()["lane"] is not None]
            return len(found) == 1

        until(one, within=60, what="one worker writes to the shop", step=0.2)
        return found[0]

    def end(self) -> None:
        """Nothing looks at the workers any more, or starts one again."""
        self.supervisor.stop()
        self.watch.stop()
