"""The product in memory, wired as the application wires it: stock flow, orders flows, stock lane and the shop's sinks.

Each part has its own log, as it has its own partitions; `hop` carries what one has written to the next.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from schemas import projection
from schemas.catalogue import CONTRACTS, SHIPMENT, Contract, command_contract
from schemas.errors import SchemaError
from schemas.models.command import Command
from schemas.models.desired_stock import DesiredStock
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.order_event import OrderEvent
from schemas.projection import Decoder
from streams.domain.drift import REPAIRABLE
from streams.domain.order_names import KnownOrders
from streams.domain.order_news import NewsRules
from streams.domain.order_rules import OrderRules
from streams.domain.reconciliation import ReconcileRules, RunState, Scope
from streams.domain.stock_rules import StockRules
from streams.runtime.serde import Serde
from streams.runtime.writer import Record
from streams.sinks.beside import Beside, Nothing
from streams.sinks.command_sink import CommandSink
from streams.sinks.lane_table import PARTITION as LANE
from streams.sinks.shipment_post import ShipmentPost
from streams.sinks.shop import ShopActs
from streams.sinks.sink_context import Arrived, SinkContext
from streams.sinks.work_table import WorkTable
from streams.topics import ALERT, AUDIT, COMMERCE_OUTCOME, DESIRED, FULFILMENT_EVENT
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.order_worker import OrderWorker, applied, step_bytes
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import IDS, model_of
from tests.unit.streams.flows.worker import Worker
from tests.unit.streams.promise.commerce import SOURCES, STOCK, Shop
from tests.unit.streams.sinks.lane import GENERATION, SETTLE_S, Lane, Settings, turns
from tests.unit.streams.sinks.reconciling import compare
from tests.unit.streams.tables import close_table, open_table

WMS = "wms"
T = TypeVar("T")
COMMERCE = command_contract("commerce")
ORDER_RULES = OrderRules(
    roles=frozenset({"erp", "commerce"}), shop_channels=frozenset({"web"}), furthest=frozenset({WMS})
)
NEWS = NewsRules(orders=KnownOrders(frozenset({"web"}), "web", frozenset(SOURCES)), stock=StockRules())


_ENCODERS: dict[str, Callable[[Any], bytes]] = {}
_DECODERS: dict[str, dict[int, Decoder[Any]]] = {}


async def _prepared(topics: Sequence[str]) -> None:
    """Nothing is left to prepare."""


def warm(serde: Serde) -> None:
    """Encoders and decoders are compiled once for all examples, not once for each."""
    for contract in CONTRACTS:
        if contract.topic not in _ENCODERS:
            with contextlib.suppress(SchemaError):
                _ENCODERS[contract.topic] = projection.encoder(contract)
    serde._ids, serde._encoders, serde._decoders = dict(IDS), _ENCODERS, _DECODERS
    serde.prepare = _prepared  # type: ignore[method-assign]


class StockPart(Worker):
    """The stock flow of one partition."""

    def _build(self) -> None:
        super()._build()
        warm(self.serde)


class OrderPart(OrderWorker):
    """Intake, news and orders flow of one partition."""

    def _build(self) -> None:
        super()._build()
        warm(self.serde)


class ShopLane(Lane):
    """The stock lane with the shop's two command sinks beside it; `killed` begins the next worker's."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        self.at_shop = shop
        self.taken: dict[str, int] = defaultdict(int)
        repair = ReconcileRules(repair=frozenset(REPAIRABLE))
        super().__init__(folder, Settings(stocks=dict.fromkeys(SOURCES, (STOCK,)), reconcile=repair))

    def _build(self) -> None:
        super()._build()
        warm(self.serde)
        self.at.port, self.at.reservations = self.at_shop.stock, self.at_shop.reservations
        self.at.sources._port = self.at.catalogue._port = self.at_shop.stock
        self.shipment_work = self._work("shipment-work")
        self.order_work = self._work("commerce-work")
        beside = ShipmentPost(self.lane, self.shipment_work, self.serde)
        self.shipments = self._sink("commerce-shipments", SHIPMENT, self.shipment_work, beside)
        self.orders = self._sink("commerce-orders", COMMERCE, self.order_work, Nothing())
        self.sinks = {SHIPMENT.topic: self.shipments, COMMERCE.topic: self.orders}

    def _work(self, name: str) -> WorkTable:
        return WorkTable(open_table(self.folder, self.broker.writer, name=name))

    def _sink(self, name: str, contract: Contract[Command], work: WorkTable, beside: Beside) -> CommandSink:
        context = SinkContext(
            name=name,
            contract=contract,
            table=work,
            acts=ShopActs(self.at_shop.shop_orders, timedelta(seconds=SETTLE_S)),
            gate=self.gate,
            writer=self.broker.writer,
            serde=self.serde,
            clock=self.clock,
            failed=self.faults.append,
            beside=beside,
        )
        return CommandSink(context, lambda: "run")

    async def open(self) -> None:
        topics = (ALERT.name, AUDIT.name, COMMERCE_OUTCOME.name, SHIPMENT.topic, COMMERCE.topic)
        await self.serde.prepare(list(topics))
        await self.lane.opened(GENERATION)
        for sink in self.sinks.values():
            await sink.opened(frozenset({LANE}), GENERATION)

    async def killed(self) -> None:
        await self._stop()
        self._build()
        await self.open()

    async def close(self) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for sink in self.sinks.values():
            await sink.close(timedelta(0))
        await self.lane.close(timedelta(0))
        for table in (self.rows.table, self.shipment_work.table, self.order_work.table):
            close_table(table)

    def after(self, seconds: float) -> None:
        super().after(seconds)
        for sink in self.sinks.values():
            sink._wake.set()

    async def command(self, topic: str, records: Sequence[Record]) -> None:
        """One batch of commands, as `CommandPart` takes them."""
        first = self.taken[topic]
        decoded = [model_of(topic, one.value, Command) for one in records]
        arrived = [
            Arrived(command, record.value or b"", (topic, LANE, first + number), is_new=True)
            for number, (command, record) in enumerate(zip(decoded, records, strict=True))
        ]
        self.taken[topic] += len(records)
        await self.sinks[topic].fold(LANE, arrived, upto={topic: self.taken[topic]})

    @property
    def is_idle(self) -> bool:
        """Nothing is due, under way, frozen, resting or unposted."""
        entries = [entry for _sku, entry in self.rows.every_entry("")]
        rows = [row for entry in entries for row in entry.rows]
        waits = any(row.rest_until or row.unposted for row in rows)
        work = sum(sink.pending for sink in self.sinks.values())
        return not (waits or work or self.at.index.pending or self.readback_open)


class Product:
    """All of it, over one folder; time is the lane's, and moves for everybody."""

    def __init__(self, folder: Path) -> None:
        self.stock = StockPart(_below(folder, "stock"))
        self.orders = OrderPart(_below(folder, "orders"), ("erp", "commerce"), rules=ORDER_RULES, news=NEWS)
        self.shop = Shop(self.orders.clock)
        self.lane = ShopLane(_below(folder, "lane"), self.shop)
        self.carried: dict[str, int] = defaultdict(int)
        self.offsets: dict[str, int] = defaultdict(int)

    async def open(self) -> None:
        await self.stock.open()
        await self.orders.open()
        await self.lane.open()
        await self.lane.until(lambda: self.lane.lane._learned and self.lane.lane.shipments.is_compared, passing=1)

    async def close(self) -> None:
        self.shop.wire.free.set()
        await self.lane.close()
        self.stock.close()
        self.orders.close()
        await self.shop.ports.close()

    # ── what comes in ────────────────────────────────────────────────────────────────────────────

    async def hear_stock(self, sku: str, value: bytes) -> None:
        """A record of the WMS."""
        first = self._next("stock")
        await self.stock.take(value, first=first, key=sku.encode())

    async def hear_order(self, number: str) -> None:
        """A hint came: the order is read at the shop, as the gateway and the poll do."""
        order = await self.shop.shop_orders.read_order(number)
        await self.orders.place(order, first=self._next("orders"))

    async def hear_step(self, step: FulfilmentEvent) -> None:
        """The WMS tells a step."""
        offset = self._next("steps")
        await self.orders.hear(
            FULFILMENT_EVENT.name,
            Raw(FULFILMENT_EVENT.name, offset, step.order_id.encode(), step_bytes(step), T0 // 1000),
        )

    async def hear_event(self, event: OrderEvent) -> None:
        """Another system says something of an order."""
        await self.orders.happen(event)

    def _next(self, name: str) -> int:
        self.offsets[name] += 1
        return self.offsets[name] - 1

    # ── from part to part ────────────────────────────────────────────────────────────────────────

    async def hop(self, which: str) -> bool:
        """Whether there was anything to carry."""
        return bool(await getattr(self, f"_hop_{which}")())

    async def _hop_desired(self) -> int:
        new = self._new("desired", self.stock.broker.log[DESIRED.name])
        if new:
            await self.lane.fold(*(model_of(DESIRED.name, one.value, DesiredStock) for one in new))
        return len(new)

    async def _hop_events(self) -> int:
        """The orders flow reads what intake and news made of records; the ERP does what it is asked."""
        before = len(self.orders.broker.batches)
        await self.orders.follow()
        for command in self._new("erp", self.orders.commands("erp")):
            await self.orders.answer(applied(command, value=f"SO-{command.entity}"))
        return len(self.orders.broker.batches) - before

    async def _hop_shipments(self) -> int:
        return await self._hop_commands(SHIPMENT.topic)

    async def _hop_orders(self) -> int:
        return await self._hop_commands(COMMERCE.topic)

    async def _hop_commands(self, topic: str) -> int:
        new = self._new(topic, self.orders.broker.log[topic])
        if new:
            await self.lane.command(topic, new)
        return len(new)

    async def _hop_outcomes(self) -> int:
        new = self._new("outcomes", self.lane.broker.log[COMMERCE_OUTCOME.name])
        if new:
            self.orders.broker.log[COMMERCE_OUTCOME.name] += new
            await self.orders.follow(COMMERCE_OUTCOME.name)
        return len(new)

    def _new(self, name: str, log: Sequence[T]) -> Sequence[T]:
        first = self.carried[name]
        self.carried[name] = len(log)
        return log[first:]

    async def carry_all(self) -> None:
        """Until nobody has anything for anybody."""
        while any([await self.hop(which) for which in HOPS]):
            await turns()

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    def after(self, seconds: float) -> None:
        self.lane.after(seconds)
        for clock in (self.stock.clock, self.orders.clock):
            clock.after(seconds)

    async def at_rest(self, *, was_edited: bool) -> None:
        """Everything carried, everything done, by as much time as it takes; then the shop is compared.

        It shows what it acknowledged, unless somebody edited it past the product: then it is repaired.
        """
        for _round in range(MOST_ROUNDS):
            await self.carry_all()
            if self.lane.is_idle and not await self._drift(was_edited=was_edited) and not self._is_owed():
                return
            self.after(2)
            await turns(20)
        raise AssertionError("it does not come to rest")

    async def _drift(self, *, was_edited: bool) -> int:
        run = await compare(self.lane, Scope.FULL, run=f"full-{self._next('runs')}")
        assert run.state is RunState.DONE, run.why
        assert was_edited or not run.found, f"the shop shows something else than it acknowledged: {run.drift}"
        return run.found

    def _is_owed(self) -> bool:
        """An outcome that was told while the shop was compared."""
        return self.carried["outcomes"] < len(self.lane.broker.log[COMMERCE_OUTCOME.name])


HOPS = ("desired", "events", "shipments", "orders", "outcomes")
MOST_ROUNDS = 600


def _below(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made
