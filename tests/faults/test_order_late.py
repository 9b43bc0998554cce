"""The window that stays open at a target without a key of ours: forced, and noticed."""

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.erps import PATIENCE, SapS4Hana
from tests.faults.order_scenes import CREATES
from tests.faults.system import SETTLE_S
from tests.processes import Worker, call, until

pytestmark = pytest.mark.faults

GIVEN_UP_S = float(PATIENCE["TIMEOUT_S"])
LOOKED_AT_AFTER_S = GIVEN_UP_S + SETTLE_S + SapS4Hana.read_lag_s + 1
"""When a call that was not answered is looked for, and made again."""


def test_a_create_that_lands_after_its_repeat_makes_a_second_order_which_is_found_and_held(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=CREATES)
    worker = system.worker("a").wait_ready()
    late = system.break_creates(kind="late-effect", times=1, delay_s=LOOKED_AT_AFTER_S + 3, hang=True)

    system.place(3)

    until(lambda: 2 in system.booked.values(), within=60, what="the late call landed beside its repeat")
    [doubled] = [order_id for order_id, documents in system.booked.items() if documents > 1]
    until(lambda: _holds(worker, doubled) == ["duplicate-suspected"], within=60, what="the order is held", step=1)
    assert system.hits(late) == 1
    assert sorted(system.booked.values()) == [1, 1, 2], "the others went on, and nothing was made a third time"
    assert system.read("dead-letter.v1") == []


def _holds(worker: Worker, order_id: str) -> list[str]:
    shown = call(f"{worker.url}/api/v1/orders/{order_id}")["data"]
    return [hold["reason"] for hold in shown["holds"]]
