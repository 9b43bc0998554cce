"""Orders under faults, on real Kafka: the ERP has each of them once, whatever is killed, lost or told twice."""

import signal
import threading

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_system import OrderSystem
from tests.processes import until

pytestmark = pytest.mark.faults
UPSERTS, CREATES = "netsuite", "sap_s4hana"


def _check_once(system: OrderSystem) -> None:
    """None missing, none doubled, none that nobody placed; nothing set aside for what a target did."""
    booked = system.booked
    assert booked.keys() == system.wanted
    assert {order_id for order_id, documents in booked.items() if documents != 1} == set()
    assert system.read("dead-letter.v1") == []


@pytest.mark.parametrize("erp", [UPSERTS, CREATES])
def test_answers_that_are_lost_and_workers_that_are_killed_make_no_second_order(
    make_order_system: MakeOrderSystem, erp: str
) -> None:
    system = make_order_system(erp_name=erp)
    workers = [system.worker(name) for name in ("a", "b")]
    for worker in workers:
        worker.wait_ready()
    lost = system.break_creates(kind="drop-answer", rate=0.25)
    placing = threading.Thread(target=system.place, args=(60,))
    placing.start()

    until(lambda: system.hits(lost) > 2, within=60, what=lambda: f"answers were lost\n{workers[0].log[-2000:]}")
    until(lambda: 0 < len(system.booked) < 60, within=60, what="there is work in hand")
    workers[0].kill()
    placing.join()
    system.worker("c")

    system.wait_booked()
    _check_once(system)


def test_an_erp_that_is_down_for_a_while_loses_nothing_and_is_told_each_order_once(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=UPSERTS)
    worker = system.worker("a").wait_ready()
    down = system.erp.process.fault(kind="status", status=503, path=system.erp.orders_path)
    system.place(30)
    until(lambda: system.hits(down) > 2, within=60, what=lambda: f"it is refused\n{worker.log[-2000:]}")
    assert system.booked == {}

    system.erp.process.heal()

    system.wait_booked()
    _check_once(system)


def test_a_worker_that_stood_still_while_another_took_over_makes_no_second_order(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=CREATES)
    workers = [system.worker(name).wait_ready() for name in ("a", "b")]
    slow = system.break_creates(kind="latency", delay_s=0.6)
    system.place(40)
    until(lambda: system.hits(slow) > 3, within=60, what="calls are under way")

    workers[0].signal(signal.SIGSTOP)
    until(lambda: len(system.booked) > 10, within=120, what=lambda: f"the heir goes on\n{workers[1].log[-2000:]}")
    workers[0].signal(signal.SIGCONT)

    system.wait_booked()
    _check_once(system)
