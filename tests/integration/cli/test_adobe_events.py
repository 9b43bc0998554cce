"""Adobe's events from the simulated Commerce through the gateway onto real Kafka: every order, whole, once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import COMMERCE_ORDER
from schemas.models.order import Order
from tests.integration.cli.desk import Desk
from tests.integration.cli.test_gateway import Gateway
from tests.processes import Shop, call, until

pytestmark = pytest.mark.integration

CLIENT = "simulated-client"


@pytest.fixture
def events_shop(tmp_path: Path) -> Iterator[Shop]:
    """Its events are tried again after 0.2 s, 0.4 s and so on."""
    found = Shop(tmp_path, events_client_id=CLIENT, events_first_wait_s=0.2)
    found.start()
    yield found.wait_ready()
    found.end()


@pytest.fixture
def make_gateway(desk: Desk, events_shop: Shop, tmp_path: Path) -> Iterator[Callable[[], Gateway]]:
    """Not started; the shop knows its address."""
    made: list[Gateway] = []
    own = {
        "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": events_shop.url,
        "STREAMS_GATEWAY__ADOBE_EVENTS__CLIENT_ID": CLIENT,
        "STREAMS_GATEWAY__ADOBE_EVENTS__STATIC_URL": events_shop.url,
    }

    def make() -> Gateway:
        made.append(Gateway(tmp_path, {**desk.environ, **own}))
        events_shop.seed(settings={"events_url": f"http://127.0.0.1:{made[-1].port}/v1/adobe/events"})
        return made[-1]

    yield make
    for one in made:
        one.end()


def place(shop: Shop, number: str) -> dict[str, Any]:
    body = {"items": [{"sku": "PUMP-P100", "qty": 2}], "increment_id": number, "force": True}
    found: dict[str, Any] = call(f"{shop.url}/_sim/orders", method="POST", body=body)
    return found


def counts(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = call(f"{shop.url}/_sim/events")
    return found


def orders(desk: Desk, number: str) -> list[Order]:
    return desk.models(COMMERCE_ORDER, number)


def test_a_placed_order_is_on_the_topic_as_the_shop_shows_it_and_once(
    desk: Desk, events_shop: Shop, make_gateway: Callable[[], Gateway]
) -> None:
    gateway = make_gateway()
    gateway.start()
    gateway.wait_ready()

    placed = place(events_shop, "EV-1")

    until(lambda: counts(events_shop)["delivered"] == 1, within=30, what=lambda: f"{counts(events_shop)} {gateway.log}")
    (order,) = orders(desk, "EV-1")
    assert (order.entity_id, order.channel, order.lines[0].sku) == (str(placed["entity_id"]), "web", "PUMP-P100")
    assert order.lines[0].quantity == 2_000_000
    assert order.event_id.startswith("web-EV-1-")
    assert 'streams_gateway_hints_total{outcome="appended",source="adobe-events"} 1.0' in gateway.get("/metrics").text
    assert gateway.stop(15) == 0


def test_while_the_gateway_or_the_shop_is_away_events_come_again_and_none_is_lost(
    desk: Desk, events_shop: Shop, make_gateway: Callable[[], Gateway]
) -> None:
    gateway = make_gateway()
    place(events_shop, "EV-2")
    until(lambda: counts(events_shop)["tries"] >= 1, within=30, what="nobody takes it")
    events_shop.fault(kind="status", status=503, path="/V1/orders", methods=["GET"])
    gateway.start()
    gateway.wait_ready()
    until(lambda: '"reason": "shop-away"' in gateway.log, within=30, what=lambda: gateway.log)
    events_shop.heal()

    until(lambda: counts(events_shop)["delivered"] == 1, within=30, what=lambda: f"{counts(events_shop)} {gateway.log}")
    assert [one.number for one in orders(desk, "EV-2")] == ["EV-2"]
    assert gateway.stop(15) == 0
