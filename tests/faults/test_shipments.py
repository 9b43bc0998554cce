"""Shipments and stock writes on real Kafka: whatever comes first, Commerce ends with what the warehouse has."""

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.shipping import SOURCE, Shipping
from tests.processes import until

pytestmark = pytest.mark.faults
SKUS = [f"SKU-{number:05d}" for number in range(1, 7)]
EACH = 4


def test_shipments_beside_stock_changes_leave_the_shop_with_what_the_warehouse_has(
    make_order_system: MakeOrderSystem,
) -> None:
    """Also with answers that are lost, and a worker that is killed while shipments are under way."""
    overrides = {"STREAMS_INVENTORY__POSTED_REST_S": "2", "STREAMS_ORDERS__SHOP": "true"}
    system = make_order_system(items=len(SKUS), overrides=overrides)
    system.worker("a").wait_ready()
    system.worker("b").wait_ready()
    shipping = Shipping(system, SKUS)
    shipping.opened()
    shipments = shipping.ordered(EACH)
    lost = system.shop.fault(kind="drop-answer", path=r"/V1/order/[0-9]+/ship$", methods=["POST"], rate=0.3)

    shipping.traded(shipments[: len(shipments) // 2])
    until(lambda: bool(shipping.ended()), within=60, what=shipping.log)
    lane = next(worker for worker in system.workers if "lane-opened" in worker.log)
    lane.kill()
    system.worker("c")
    shipping.traded(shipments[len(shipments) // 2 :])
    shipping.wait_over(len(shipments))

    assert shipping.ended() == {"APPLIED": len(shipments)}
    assert system.shop.hits(lost) > 0
    assert shipping.salable() == {sku: shipping.on_hand[sku] for sku in SKUS}, "no reservation is left"
    assert shipping.made() == len(shipments), "each once"
    for sku, writes in shipping.excess().items():
        assert all(0 <= above <= unposted for above, unposted in writes), f"{sku} at {SOURCE}: {writes}"
    assert system.read("dead-letter.v1") == []
