"""The window that stays open at a target without a key of ours: forced, and noticed."""

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.erps import PATIENCE, SapS4Hana
from tests.faults.order_scenes import CREATES
from tests.faults.system import SETTLE_S
from tests.processes import until

pytestmark = pytest.mark.faults

GIVEN_UP_S = float(PATIENCE["TIMEOUT_S"])
LOOKED_AT_AFTER_S = GIVEN_UP_S + SETTLE_S + SapS4Hana.read_lag_s + 1
"""When a call that was not answered is looked for, and made again."""


def test_a_create_that_lands_after_its_repeat_makes_a_second_order_which_is_found_and_held(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(erp_name=CREATES)
    system.worker("a").wait_ready()
    late = system.break_creates(kind="late-effect", times=1, delay_s=LOOKED_AT_AFTER_S + 3, hang=True)

    system.place(3)

    until(lambda: 2 in system.booked.values(), within=60, what="the late call landed beside its repeat")
    [doubled] = [order_id for order_id, documents in system.booked.items() if documents > 1]
    until(lambda: _is_held(system.command("orders", "held"), doubled), within=60, what="the order is held", step=1)
    assert system.hits(late) == 1
    told = [one for one in system.read("erp.outcome.v1") if one["state"] == "HELD"]
    assert [(one["entity"], one["reason"]) for one in told] == [(doubled, "duplicate-suspected")]
    assert sorted(system.booked.values()) == [1, 1, 2], "the others went on, and nothing was made a third time"
    assert system.read("dead-letter.v1") == []


def _is_held(shown: str, order_id: str) -> bool:
    return any(order_id in line and "duplicate" in line for line in shown.splitlines())
