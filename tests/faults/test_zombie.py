"""Workers that stand still and go on: what they had decided before must not overtake what was done meanwhile."""

import re
import signal
import threading
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.faults import checks
from tests.faults.conftest import MakeSystem
from tests.faults.system import System
from tests.processes import Worker, until

pytestmark = pytest.mark.faults

STORE = "STREAMS_CONNECTORS__ADOBE_COMMERCE__STORE"
SCOPES = ("default", "all")
LONGER_THAN_THE_LEASE_S = 4.4
"""The session of these workers lasts 6 s, so their lease 4 s; a heartbeat may be 1.2 s old when they are stopped."""
OPENED = re.compile(r"lane-opened .* at=(\S+)Z")


def _started(system: System, scope: str) -> Worker:
    """Its calls are known in the shop's journal by their scope."""
    made = Worker(scope, system.folder, {**system.environ, STORE: scope})
    system.workers.append(made)
    made.start()
    return made


def _written_at(system: System, scope: str) -> list[float]:
    """When the worker's calls that wrote stock began."""
    found = [(entry["at"], entry["detail"] or {}) for entry in system.shop.journal() if entry["kind"] == "request"]
    return [at for at, detail in found if detail.get("rows") and detail["store"] == scope]


class _Steady:
    """Whether a number was the same at ten looks: the shop has done with what a stopped worker had asked."""

    def __init__(self, number: Callable[[], int]) -> None:
        self._number, self._last, self._looks = number, -1, 0

    def __call__(self) -> bool:
        now = self._number()
        self._looks = self._looks + 1 if now == self._last else 0
        self._last = now
        return self._looks >= 10  # noqa: PLR2004  three seconds; its call takes half of one


def _opened_at(worker: Worker) -> list[float]:
    """When the worker was given the lane."""
    return [datetime.fromisoformat(f"{at}+00:00").timestamp() for at in OPENED.findall(worker.log)]


def _has_lane(worker: Worker) -> bool:
    return worker.facts()["lane"] is not None


def test_a_worker_that_stood_still_until_its_partitions_moved_overtakes_nobody(make_system: MakeSystem) -> None:
    system = make_system()
    workers = [_started(system, scope) for scope in SCOPES]
    system.open_stock()
    system.wait_equal()
    until(lambda: sum(map(_has_lane, workers)) == 1, within=120, what="one of them writes to the shop")
    zombie, heir = sorted(workers, key=_has_lane, reverse=True)
    trade = threading.Thread(target=system.trade, args=(15, 150))
    trade.start()
    slow = system.shop.fault(kind="latency", path="source-items$", methods=["POST"], delay_s=0.5)
    until(lambda: system.shop.hits(slow) > 1, within=20, what="a call is under way")

    zombie.signal(signal.SIGSTOP)
    until(_Steady(lambda: len(_written_at(system, zombie.name))), within=30, what="its call ended", step=0.3)
    before = _written_at(system, zombie.name)
    until(lambda: len(_written_at(system, heir.name)) > 3, within=120, what=lambda: f"the heir writes\n{heir.log}")
    zombie.signal(signal.SIGCONT)
    trade.join()

    system.wait_equal(within=120)
    checks.check_all(system)
    later = [at for at in _written_at(system, zombie.name) if at not in before]
    again = [at for at in _opened_at(zombie) if at > _opened_at(heir)[-1]]
    assert not later or (again and min(later) > again[0]), "it wrote before it was given the lane again"


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
