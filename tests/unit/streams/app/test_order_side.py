"""Who the orders go to: the shop takes part where it can, through the door that its stock is written by."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.core import registry
from streams.app.order_side import OrderSide
from streams.app.targets import Choice, ShopTarget
from streams.domain.stock_rules import StockRules
from streams.runtime.gate import Gate
from streams.runtime.health import Health
from streams.runtime.partition_store import Derive
from streams.runtime.table import BulkTable
from streams.settings import SettingsError
from streams.settings.inventory import InventorySettings
from streams.settings.orders import OrderSettings
from streams.settings.rules import stock_rules
from streams.settings.tree import SinkSettings
from streams.settings.worker import KafkaSettings
from streams.sinks.beside import Nothing
from streams.sinks.shipment_post import ShipmentPost
from streams.tables import SHIPMENT_WORK, WORK, TableSpec
from streams.topics import COMMANDS, NEWS_INPUTS, ORDERS_READ, SHIPMENT
from tests.fakes.broker import MemoryBroker
from tests.fakes.shop_order_target import InMemoryShopOrderTarget
from tests.fakes.still_clock import StillClock
from tests.unit.streams.sinks.lane import Lane
from tests.unit.streams.tables import open_table


class Worker:
    """What the part needs of the application around it."""

    def __init__(self, folder: Path, orders: OrderSettings, port: InMemoryShopOrderTarget | None) -> None:
        self.folder, self.clock, self.broker = folder, StillClock(), MemoryBroker()
        kafka = KafkaSettings(bootstrap_servers="127.0.0.1:1")
        self.settings = SimpleNamespace(orders=orders, app_id="app", kafka=kafka, sinks=SinkSettings())
        self.health, self.rules = Health(self.clock), stock_rules(InventorySettings())
        self.writer, self.failed = self.broker.writer, print
        self.serde = SimpleNamespace(encode=None)
        self.letters, self.lease = SimpleNamespace(), SimpleNamespace(check=None)
        self.intake = SimpleNamespace(pause_after_errors=None, is_paused=None)
        ports: Any = SimpleNamespace(shop_orders=port, holdings=None)
        settings: Any = SimpleNamespace(settle_s=60, max_connections=4, channel="web")
        stock: Any = None
        self.shop = ShopTarget(stock, ports, Gate("shop", self.clock), settings)
        self.rules = StockRules()
        self.lane = SimpleNamespace(lane=Lane(folder / "lane").lane)
        self.asked: list[str] = []

    def table(self, spec: TableSpec, derive: Derive) -> BulkTable:  # noqa: ARG002  no index is needed
        return open_table(self.folder / spec.name, self.writer, name=spec.name, partitions=[0])

    def sink_mode(self, role: str) -> str:
        self.asked.append(role)
        return "paused"


def side(folder: Path, *, port: InMemoryShopOrderTarget | None = None, shop: bool = True) -> tuple[Worker, OrderSide]:
    worker: Any = Worker(folder, OrderSettings(shop=shop), port)
    return worker, OrderSide(worker, {})


def test_the_shop_takes_part_with_one_gate_for_stock_and_both_sinks_of_orders(tmp_path: Path) -> None:
    worker, made = side(tmp_path, port=InMemoryShopOrderTarget())

    assert {one.table for one in made.sinks} == {WORK["commerce"].name, SHIPMENT_WORK.name}
    assert made.gates == {"commerce": worker.shop.gate}
    assert {made.inputs[topic.name].table for topic in (COMMANDS["commerce"], SHIPMENT)} == {
        WORK["commerce"].name,
        SHIPMENT_WORK.name,
    }
    assert [made.inputs[topic.name].table for topic in ORDERS_READ if topic.name == "commerce.outcome.v1"] == ["orders"]


def test_both_sinks_of_the_shops_orders_are_ordered_under_one_name(tmp_path: Path) -> None:
    worker, made = side(tmp_path, port=InMemoryShopOrderTarget())

    for one in made.sinks:
        one.sink._mode()

    assert worker.asked == ["commerce-orders", "commerce-orders"]


def test_shipments_alone_are_posted_beside_the_lane_of_the_same_worker(tmp_path: Path) -> None:
    worker, made = side(tmp_path, port=InMemoryShopOrderTarget())
    beside = {one.table: one.sink._at.beside for one in made.sinks}

    assert isinstance(beside[SHIPMENT_WORK.name], ShipmentPost)
    assert isinstance(beside[WORK["commerce"].name], Nothing)
    assert worker.lane.lane.shipments.compare is not None


@pytest.mark.parametrize(
    ("port", "shop"), [(None, True), (InMemoryShopOrderTarget(), False)], ids=["cannot", "not set"]
)
def test_a_shop_that_cannot_or_shall_not_is_told_nothing(
    tmp_path: Path,
    port: InMemoryShopOrderTarget | None,
    shop: bool,  # noqa: FBT001
) -> None:
    _worker, made = side(tmp_path, port=port, shop=shop)

    assert (made.sinks, made.gates) == ([], {})
    assert SHIPMENT.name not in made.inputs


def test_only_what_the_checks_look_into_is_read(tmp_path: Path) -> None:
    worker: Any = Worker(tmp_path, OrderSettings(checks=("sku-known", "address-valid")), None)
    made = OrderSide(worker, {})

    assert [one.topic for one in made.reference.figures] == ["erp.product.v1"]


def test_without_checks_nothing_is_read(tmp_path: Path) -> None:
    _worker, made = side(tmp_path)

    assert made.reference.figures == ()


def test_the_books_take_part_with_a_gate_and_a_table_of_their_own(tmp_path: Path) -> None:
    worker: Any = Worker(tmp_path, OrderSettings(), None)
    made = OrderSide(worker, {"finance": _finance("rest_finance")})

    assert list(made.gates) == ["finance"]
    assert made.inputs[COMMANDS["finance"].name].table == WORK["finance"].name
    assert made.inputs["finance.outcome.v1"].table == "orders"


def test_a_connector_that_keeps_no_books_is_named_with_the_setting(tmp_path: Path) -> None:
    worker: Any = Worker(tmp_path, OrderSettings(), None)

    with pytest.raises(SettingsError, match="STREAMS_ORDERS__FINANCE: connector 'rest_wms' cannot play the finance"):
        OrderSide(worker, {"finance": _finance("rest_wms")})


def _finance(name: str) -> Choice:
    connector = registry.load(name)
    auth = {
        "rest_finance": {"kind": "client_credentials", "client_id": "sync", "client_secret": "s"},
        "rest_wms": {"kind": "bearer", "token": "t"},
    }[name]
    settings = connector.settings.model_validate({"base_url": "https://books.example", "auth": auth})
    return Choice(connector, settings, "STREAMS_ORDERS__FINANCE")


def test_unknown_words_are_told_of_every_topic_that_news_come_from(tmp_path: Path) -> None:
    _worker, made = side(tmp_path)

    assert set(made.unknown_words) == {topic.name for topic in NEWS_INPUTS}
    assert all(not one.words for one in made.unknown_words.values())
