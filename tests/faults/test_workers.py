"""Workers are killed, join and leave while they work."""

import signal
import threading

import pytest

from tests.faults import checks
from tests.faults.conftest import MakeSystem
from tests.faults.system import System
from tests.processes import until

pytestmark = pytest.mark.faults


def _in_background(system: System, seconds: float, per_s: float) -> threading.Thread:
    trade = threading.Thread(target=system.trade, args=(seconds, per_s))
    trade.start()
    return trade


def test_a_worker_killed_in_the_middle_of_a_call_loses_nothing_and_writes_nothing_older(
    make_system: MakeSystem,
) -> None:
    system = make_system()
    system.worker("a"), system.worker("b")
    system.open_stock()
    system.wait_equal()
    trade = _in_background(system, 6, 200)
    held = system.shop.fault(kind="latency", path="source-items", methods=["POST"], delay_s=2.5, times=1)
    until(lambda: system.shop.hits(held) > 0, within=20, what="a call is held")

    for worker in system.workers:  # one of them has the lane: both die, so the held call dies too
        worker.kill()
    system.worker("c"), system.worker("d")
    trade.join()

    system.wait_equal()
    checks.check_all(system)
    left = [entry for entry in system.shop.journal() if entry["fault"] == "latency"]
    assert left, "the fault hit no call"
    assert not left[0]["answered"], "the worker was killed after the answer: the fault missed the live call"


def test_workers_that_join_and_leave_under_load_lose_nothing(make_system: MakeSystem) -> None:
    system = make_system()
    first = system.worker("a")
    system.open_stock()
    system.wait_equal()
    trade = _in_background(system, 22, 150)

    second = system.worker("b").wait_ready()
    assert first.stop() == 0
    third = system.worker("c").wait_ready()
    second.signal(signal.SIGKILL)
    second.wait(5)
    third.wait_ready()
    assert trade.is_alive(), "the trade was over before the last worker left: the fault hit no live work"
    trade.join()

    system.wait_equal()
    checks.check_all(system)
