"""Workers that stand still and go on: what they had decided before must not overtake what was done meanwhile."""

import signal
import threading

import pytest

from tests.faults import checks
from tests.faults.conftest import MakeSystem
from tests.faults.system import System
from tests.processes import Worker, until

pytestmark = pytest.mark.faults

LONGER_THAN_THE_LEASE_S = 4.4
"""The session of these workers lasts 6 s, so their lease 4 s; a heartbeat may be 1.2 s old when they are stopped."""


def _stand_still(system: System, worker: Worker) -> None:
    """Stopped for longer than its lease while there is work in hand; it goes on before the group has missed it."""
    until(lambda: system.lag() > 0, within=20, what="there is work in hand")
    worker.signal(signal.SIGSTOP)
    going_on = threading.Timer(LONGER_THAN_THE_LEASE_S, worker.signal, [signal.SIGCONT])
    going_on.start()
    going_on.join()


def _found_its_lease_over(worker: Worker) -> bool:
    return "no heartbeat was answered for" in worker.log or "left-batches-sought" in worker.log


def test_a_worker_that_stood_still_and_kept_its_partitions_loses_nothing(make_system: MakeSystem) -> None:
    system = make_system()
    worker = system.worker("a")
    system.open_stock()
    system.wait_equal()

    for stop in range(10):  # the answer to a waiting heartbeat may come first: then nothing is noticed, and once more
        if stop >= 3 and _found_its_lease_over(worker):  # noqa: PLR2004  three at least
            break
        trade = threading.Thread(target=system.trade, args=(6, 400))
        trade.start()
        _stand_still(system, worker)
        trade.join()

    assert _found_its_lease_over(worker), "nothing was in hand"
    system.wait_equal(within=120)
    checks.check_all(system)
