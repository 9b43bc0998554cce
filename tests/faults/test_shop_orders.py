"""What becomes of orders is written to the shop once, on real Kafka, though answers are lost and workers are killed."""

import pytest

from tests.faults.conftest import MakeShopOrders
from tests.faults.shop_orders import ShopOrders
from tests.processes import Worker, call, until

pytestmark = pytest.mark.faults
ORDERS = 6
ONE_EACH = {"shipments": 1, "invoices": 1, "comments": 1}
CREATES = r"/V1/orders?/[0-9]+/(ship|invoice|comments)$"


def _is_done(system: ShopOrders) -> bool:
    have_all = all(made.keys() >= ONE_EACH.keys() for made in system.made().values())
    return have_all and all(system.external_ids().values()) and system.order_lag() == 0


def _what_is_missing(system: ShopOrders) -> str:
    logs = "\n".join(f"── {worker.name}\n{worker.log[-3000:]}" for worker in system.workers)
    return f"every order has its documents; {system.made()}, {system.external_ids()}\n{logs}"


def _order(system: ShopOrders, mode: str, verb: str) -> None:
    """The shop's sink of orders runs like that on every worker."""
    system.command("sinks", verb, "commerce-orders", "--reason", "stock-taking")
    for worker in system.workers:
        until(lambda: mode in _modes(worker), within=30, what=f"{worker.name} knows it")  # noqa: B023


def _modes(worker: Worker) -> list[str]:
    sinks = call(f"{worker.url}/api/v1/worker")["data"]["order_sinks"]
    return [one["mode"] for one in sinks if one["sink"] == "commerce-orders"]


def _waiting(worker: Worker, order_id: str) -> list[dict[str, str]]:
    """Shipments of the order that are not in the shop, as any worker tells them."""
    found: list[dict[str, str]] = call(f"{worker.url}/api/v1/orders/{order_id}", timeout=10)["data"]["shipments"]
    return found


def test_every_order_ends_with_one_of_each_document_and_the_erps_number(make_shop_orders: MakeShopOrders) -> None:
    system = make_shop_orders()
    workers = [system.worker(name) for name in ("a", "b")]
    for worker in workers:
        worker.wait_ready()
    lost = system.shop.fault(kind="drop-answer", methods=["POST"], path=CREATES, rate=0.3)
    system.place(ORDERS)
    until(lambda: all(system.external_ids().values()), within=60, what=lambda: _what_is_missing(system))
    _order(system, "paused", "pause")
    slow = system.shop.fault(kind="latency", methods=["POST"], path=r"/V1/order/[0-9]+/ship$", delay_s=1.0)
    system.say()
    order_id = min(system.made())
    for worker in workers:
        until(lambda: bool(_waiting(worker, order_id)), within=60, what=lambda: _what_is_missing(system))  # noqa: B023
        assert "The sink is in mode paused" in _waiting(worker, order_id)[0]["text"]
    assert "is not in the shop since" in system.command("trace", order_id, "--url", workers[0].url)
    _order(system, "run", "run")

    until(lambda: system.shop.hits(slow) > 0, within=60, what=lambda: f"calls under way\n{_what_is_missing(system)}")
    workers[0].kill()
    system.worker("c")

    until(lambda: _is_done(system), within=120, what=lambda: _what_is_missing(system), step=0.3)
    assert system.shop.hits(lost) > 1
    assert len(system.made()) == ORDERS
    assert {order_id: made for order_id, made in system.made().items() if made != ONE_EACH} == {}
    assert system.read("dead-letter.v1") == []
