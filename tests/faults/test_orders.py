"""Orders under faults, on real Kafka: the ERP has each of them once, whatever is killed, lost or told twice."""

import signal

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_scenes import (
    CREATES,
    LONG,
    UPSERTS,
    lost_answers_and_a_kill,
    stopped_between_look_and_call,
)
from tests.faults.order_system import OrderSystem
from tests.processes import until

pytestmark = pytest.mark.faults


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

    lost_answers_and_a_kill(system)

    _check_once(system)


def test_a_worker_that_stood_still_between_look_and_call_makes_no_second_order(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=CREATES, overrides=LONG)

    stopped_between_look_and_call(system)

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
