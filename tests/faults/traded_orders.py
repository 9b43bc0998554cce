"""Orders under trade: placed at a pace at several channels, told of by warehouse and ERP, written to three targets."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, cast

from confluent_kafka import KafkaException, TopicPartition

from simulators.channels.orders import Record
from simulators.wms.simulator import WmsSimulator
from streams.domain.order_id import unified_id
from streams.tables import ORDER_INTAKE, ORDERS, WORK, TableSpec
from streams.topics import (
    COMMANDS,
    COMMERCE_ORDER,
    ERP_ORDER_EVENT,
    FULFILMENT_EVENT,
    ORDER_EVENT,
    ORDERS_READ,
    OUTCOMES,
)
from tests.faults.every_target import EveryTarget, bill_of, step_of
from tests.faults.order_traffic import POISONS, OrderTraffic, Said
from tests.faults.struck import Struck, Written
from tests.faults.system import APP_ID, UNKNOWN_LAG
from tests.processes import Worker, until

ORDERS_FOR_A_CHANGE = 1 / 30
"""An order is three records, two events and commands to three targets that are asked one by one."""
BURST = 250
OPENING_S = 240
MOST = 1_000_000
ERP = COMMANDS["erp"].name


@dataclass
class TradedOrders(EveryTarget):
    """What the fault grid trades.  The shop is told nothing of these orders: it does not hold them."""

    erp_name: str = "sap_s4hana"

    topic: ClassVar[str] = COMMERCE_ORDER.name
    key: ClassVar[str] = "number"
    accounted: ClassVar[Mapping[str, TableSpec]] = {
        COMMERCE_ORDER.name: ORDER_INTAKE,
        ORDER_EVENT.name: ORDERS,
        ERP: WORK["erp"],
    }
    commands: ClassVar[str] = ERP
    decides: ClassVar[TableSpec] = ORDERS
    outcomes: ClassVar[str] = OUTCOMES["erp"].name
    poisons: ClassVar[Sequence[str]] = tuple(POISONS)
    many: ClassVar[int] = 6
    some: ClassVar[int] = 12
    one_writer: ClassVar[bool] = False
    sets_rows_aside: ClassVar[bool] = False

    def start(self) -> "TradedOrders":
        super().start()
        at = (self.kafka.bootstrap, self.registry_url)
        self._orders = OrderTraffic(*at, self._simple(), _story, self.placed, self.seed)
        return self

    @property
    def environ(self) -> dict[str, str]:
        return {**super().environ, "STREAMS_ORDERS__SHOP": "false", "STREAMS_ORDERS__CHANNELS": '["web", "dealer"]'}

    def _simple(self) -> Iterator[Record]:
        """What is made to order has a task of its own, later: left out, so that each order is one task."""
        for order in self._channels.orders(MOST):
            if not any(line["make_to_order"] for line in order["lines"]):
                yield order

    # ── what a fault strikes ─────────────────────────────────────────────────────────────────────

    @cached_property
    def struck(self) -> Struck:
        writes = [self.creates[name] for name in ("order", "task", "record")]
        return Struck({one.target: Written(self.targets[one.target], one.path, tuple(one.methods)) for one in writes})

    def is_at_work(self, worker: Worker) -> bool:
        return worker.is_ready()

    def has_taken_over(self, worker: Worker) -> bool:
        """All partitions of what is traded are its."""
        intakes = worker.facts()["intakes"]
        return any(one["topic"] == self.topic and len(one["partitions"]) == self.partitions for one in intakes)

    @property
    def traffic(self) -> WmsSimulator:
        """What the grid asks of a warehouse's traffic, of orders."""
        return cast("WmsSimulator", self._orders)

    def burst(self) -> None:
        self._orders.place(BURST)

    # ── traffic ──────────────────────────────────────────────────────────────────────────────────

    def open_stock(self) -> None:
        """Nothing has to be there before an order, but workers."""
        for worker in self.workers:
            worker.wait_ready(OPENING_S)

    def trade(self, seconds: float, per_s: float) -> None:
        self._orders.run(seconds, per_s * ORDERS_FOR_A_CHANGE)

    def lag(self) -> int:
        try:
            return self._lag()
        except KafkaException:  # coordinator moving, broker away
            return UNKNOWN_LAG

    def _lag(self) -> int:
        """Of every topic of orders; raises KafkaException."""
        with self.consumer(APP_ID) as consumer:
            known = consumer.list_topics(timeout=10).topics
            wanted = [TopicPartition(one.name, n) for one in ORDERS_READ for n in known[one.name].partitions]
            done = consumer.committed(wanted, timeout=10)
            return sum(consumer.get_watermark_offsets(tp, timeout=10)[1] - max(tp.offset, 0) for tp in done)

    def wait_equal(self, within: float = 60) -> None:
        """Every target has every order, and nothing is left to do."""
        self._orders.drain()
        until(lambda: not self.missing() and self.lag() == 0, within=within, what=self._missing_text, step=1)

    def made(self) -> dict[str, Counter[str]]:
        """Target → unified order id → how often it was made there."""
        return {"erp": Counter(self.booked), "wms": self.tasks(), "crm": self.records()}

    def missing(self) -> dict[str, list[str]]:
        """Target → orders that it has not."""
        wanted = self.wanted
        found = {name: sorted(wanted - there.keys()) for name, there in self.made().items()}
        return {name: orders for name, orders in found.items() if orders}

    def _missing_text(self) -> str:
        logs = "\n".join(f"── {worker.name}\n{worker.log[-3000:]}" for worker in self.workers)
        missing = {name: (len(orders), orders[:3]) for name, orders in self.missing().items()}
        return f"every target has every order; missing {missing} of {len(self.placed)}; lag {self.lag()}\n{logs}"


def _story(order: Record) -> Sequence[Said]:
    """The order, and two of the things that are said of it; who sends them does not wait for one another."""
    order_id = unified_id(order["channel"], order["number"])
    said = [Said(COMMERCE_ORDER.name, "number", order)]
    for topic, key, step, made in (
        (FULFILMENT_EVENT.name, "order_id", "PACKED", step_of),
        (ERP_ORDER_EVENT.name, "erp_number", "INVOICED", bill_of),
    ):
        at = order["updated_at"] + 60_000_000
        told = {"event_id": f"{order_id}-{step}", "order_id": order_id, "effective_at": at, "recorded_at": at}
        said.append(Said(topic, key, {**told, **made(order, step)}))
    return said
