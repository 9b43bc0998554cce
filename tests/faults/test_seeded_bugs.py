"""The scenes see what they are there for: a worker with a bug built in fails where the product passes."""

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_scenes import CREATES, LONG, SCENES
from tests.faults.seeded import BUGS

pytestmark = pytest.mark.faults


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", BUGS)
def test_a_worker_with_a_seeded_bug_is_caught(make_order_system: MakeOrderSystem, bug: str) -> None:
    system = make_order_system(erp_name=CREATES, overrides=LONG, program=("tests.faults.seeded", bug))

    SCENES[bug](system)

    booked = system.booked
    wrong = {order_id: booked.get(order_id, 0) for order_id in system.wanted}
    wrong = {order_id: documents for order_id, documents in wrong.items() if documents != 1}
    assert wrong, f"{bug} made no difference: the scene does not hit it"
    is_missing = bug == "commit-before-effect"
    assert any((documents == 0) == is_missing for documents in wrong.values()), wrong
