"""Nothing is broken here: the run that must pass before any fault run means anything."""

import pytest

from simulators.wms.disturb import Disturbance
from tests.faults import checks
from tests.faults.conftest import MakeSystem

pytestmark = pytest.mark.faults


def test_the_shop_equals_the_warehouses_and_every_record_is_accounted_for(make_system: MakeSystem) -> None:
    system = make_system(disturbance=Disturbance(duplicate=0.05, reorder=0.05, late=0.02, late_s=2))
    for name in ("a", "b"):
        system.worker(name)
    system.open_stock()

    system.trade(8, 250)

    system.wait_equal()
    totals = checks.check_all(system)
    assert totals["stock-ledger:wms.stock-change.v1/accepted"] > 2000
    assert totals["stock-ledger:wms.stock-change.v1/ignored"] > 50
    assert totals["stock-write:wms.stock-change.v1/superseded"] > 0
    assert all(worker.stop() == 0 for worker in system.workers)
