"""Orders under faults, on real Kafka: an ERP that creates anew has each of them once.

In these scenes a worker with a bug built in fails (test_seeded_bugs.py); test_every_create.py has all targets.
"""

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_scenes import (
    CREATES,
    LONG,
    lost_answers_and_a_kill,
    stopped_between_look_and_call,
)
from tests.faults.order_system import OrderSystem

pytestmark = pytest.mark.faults


def _check_once(system: OrderSystem) -> None:
    """None missing, none doubled, none that nobody placed; nothing set aside for what a target did."""
    booked = system.booked
    assert booked.keys() == system.wanted
    assert {order_id for order_id, documents in booked.items() if documents != 1} == set()
    assert system.read("dead-letter.v1") == []


def test_answers_that_are_lost_and_workers_that_are_killed_make_no_second_order(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=CREATES)

    lost_answers_and_a_kill(system)

    _check_once(system)


def test_a_worker_that_stood_still_between_look_and_call_makes_no_second_order(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=CREATES, overrides=LONG)

    stopped_between_look_and_call(system)

    _check_once(system)
