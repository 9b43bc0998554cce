"""The part of a worker that works on orders; there only where the settings name an ERP."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import NamedTuple, Protocol

from connectors.core.holding_ports import Holdings
from connectors.core.registry import Ports
from schemas.catalogue import COMMERCE_ORDER, SHIPMENT, Contract, command_contract
from schemas.models.command import Command
from streams.app.batch_parts import FlowPart
from streams.app.completeness.around import Door
from streams.app.intake import Intake
from streams.app.order_parts import CommandPart
from streams.app.order_reference import ReferenceTables
from streams.app.parts import LanePart
from streams.app.targets import Choice, ShopTarget, open_target
from streams.domain.forecast import added
from streams.domain.stock_rules import StockRules
from streams.domain.unknown_words import WordsHeard
from streams.flows.order_desk import OrderDesk
from streams.flows.order_intake import OrderIntake
from streams.flows.order_news import OrderNews
from streams.flows.orders import OrdersFlow
from streams.flows.record_reader import RecordReader
from streams.runtime.clock import Clock
from streams.runtime.control import sink_of
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.gate import Gate
from streams.runtime.guard import Guard
from streams.runtime.health import Health
from streams.runtime.kafka import reader_maker
from streams.runtime.lease import Lease
from streams.runtime.metrics import PATIENCE, begin_sinks
from streams.runtime.partition_store import Derive, no_index
from streams.runtime.serde import Serde
from streams.runtime.table import BulkTable
from streams.runtime.writer import Writer
from streams.settings import Settings, SettingsError
from streams.settings.rules import cut_off_table, look_up_rules, news_rules, order_rules
from streams.sinks.acts import Acts
from streams.sinks.carrier import CarrierActs
from streams.sinks.command_calls import Mode
from streams.sinks.command_sink import CommandSink
from streams.sinks.crm import CrmActs
from streams.sinks.erp import ErpActs
from streams.sinks.finance import FinanceActs
from streams.sinks.shipment_post import ShipmentPost
from streams.sinks.shop import ROLE as SHOP
from streams.sinks.shop import ShopActs
from streams.sinks.sink_context import SinkContext
from streams.sinks.wms import WmsActs
from streams.sinks.work_table import WorkTable
from streams.tables import ORDER_INTAKE, ORDER_NEWS, ORDERS, SHIPMENT_WORK, WORK, TableSpec
from streams.topics import NEWS_INPUTS, ORDER_INPUTS, ORDERS_READ, ORDERS_WRITTEN
from streams.web.facts import ComparedFact, DueFact, SinkQueueFact

READ = tuple(topic.name for topic in ORDERS_READ)
WRITTEN = tuple(topic.name for topic in ORDERS_WRITTEN)
MAX_RECORD_BYTES = 900_000
SHIPMENTS = "commerce-shipments"
"""What metrics call the sink of shipments; operators order it together with the shop's other documents."""
MICROS = 1_000_000
LATENCY_TARGETS_S: Mapping[str, float] = {
    "erp": 120,
    "wms": 120,
    "commerce": 300,
    "carrier": 300,
    "crm": 900,
    "finance": 900,
}
"""So soon after it was decided a command of the role should be done, where no setting says otherwise."""
REFERENCE_WAIT_MS = 500
ORDER_BATCHES = 24
"""Those of one partition are written together, so that more may wait than are worked on."""
ENDS = ("applied", "superseded", "dead", "held")
"""How a command can end, as its metric names it."""


class Around(Protocol):
    """What the application around this part offers."""

    settings: Settings
    clock: Clock
    lease: Lease
    writer: Writer
    letters: DeadLetters
    serde: Serde
    health: Health
    intake: Intake
    rules: StockRules
    shop: ShopTarget
    lane: LanePart

    def table(self, spec: TableSpec, derive: Derive) -> BulkTable:
        """Declared with Faust, and known to the shell with what feeds it."""
        ...

    def sink_mode(self, role: str) -> Mode:
        """What operators ordered last."""
        ...

    def failed(self, error: BaseException) -> None:
        """A fault that ends the process."""
        ...


class Work(NamedTuple):
    """What a command sink works on: its name, the topic's contract, its table, and who does it."""

    name: str
    contract: Contract[Command]
    table: TableSpec
    acts: Acts
    gate: Gate
    at_once: int
    is_shipment: bool = False
    """It takes from the stock that the lane writes."""


class OrderSide:
    """`parts` are what the shell opens and closes; `inputs` says which part takes which topic, `sources` others' words.

    `gates` by role of those that orders are written to.
    """

    def __init__(self, app: Around, choices: Mapping[str, Choice]) -> None:
        self._app = app
        self.gates: dict[str, Gate] = {}
        self.post: ShipmentPost | None = None
        """Posts shipments beside the lane, where the shop takes orders."""
        self._ports: list[Ports] = []
        self._cut_offs = cut_off_table(app.settings.orders)
        self._holdings: dict[str, Holdings] = {}
        self._look_up = look_up_rules(app.settings.orders)
        self.reference = self._reference()
        guards = {topic: Guard(topic, app.intake.pause_after_errors) for topic in READ}
        self._reader = RecordReader(app.serde, guards, MAX_RECORD_BYTES)
        works = [*(self._opened(role, choice) for role, choice in choices.items()), *self._shop()]
        sinks = {work.contract.topic: self._sink(work) for work in works}
        self.sinks = [*sinks.values()]
        self._of_role = {
            role: [sinks[work.contract.topic] for work in works if work.acts.role == role] for role in self.gates
        }
        begin_sinks(self.gates, ENDS)
        PATIENCE.set(app.settings.orders.patience_s)
        self._heard = self._order_news()
        intake, news, orders = self._intake(), self._news(self._heard), self._orders(frozenset(self.gates))
        self.parts: list[FlowPart | CommandPart] = [intake, news, orders, *self.sinks]
        self.sources = {COMMERCE_ORDER.topic: intake, **dict.fromkeys((topic.name for topic in NEWS_INPUTS), news)}
        self.inputs: dict[str, FlowPart | CommandPart] = {**self.sources}
        self.inputs |= dict.fromkeys((topic.name for topic in ORDER_INPUTS), orders)
        self.inputs |= sinks

    def _reference(self) -> ReferenceTables:
        app = self._app
        client = f"{app.settings.app_id}-reference"
        make = reader_maker(app.settings.kafka, client, wait_ms=REFERENCE_WAIT_MS, reset="none")
        needed = self._look_up.tables
        sku_of = app.rules.sku_of if app.settings.orders.routing_by_stock else None
        return ReferenceTables(needed, make, serde=app.serde, clock=app.clock, health=app.health, sku_of=sku_of)

    def _intake(self) -> FlowPart:
        app, table = self._app, self._app.table(ORDER_INTAKE, no_index)
        flow = OrderIntake(table, app.writer, app.letters, reader=self._reader, encode=app.serde.encode)
        return FlowPart(table.name, flow, app.failed, is_paused=app.intake.is_paused)

    def _news(self, flow: OrderNews) -> FlowPart:
        return FlowPart(ORDER_NEWS.name, flow, self._app.failed, is_paused=self._app.intake.is_paused)

    def _order_news(self) -> OrderNews:
        app, table = self._app, self._app.table(ORDER_NEWS, no_index)
        try:
            rules = news_rules(app.settings.orders, app.rules, app.shop.channel)
        except ValueError as error:
            raise SettingsError(f"the shop's channel {app.shop.channel!r}: {error}") from error
        return OrderNews(table, app.writer, app.letters, reader=self._reader, encode=app.serde.encode, rules=rules)

    def _orders(self, roles: frozenset[str]) -> FlowPart:
        app, table = self._app, self._app.table(ORDERS, no_index)
        flow = OrdersFlow(
            table,
            app.writer,
            app.letters,
            reader=self._reader,
            encode=app.serde.encode,
            rules=order_rules(app.settings.orders, roles, app.shop.channel),
            clock=app.clock,
            desk=OrderDesk(self._look_up, self.reference),
        )
        return FlowPart(table.name, flow, app.failed, is_paused=app.intake.is_paused, at_once=ORDER_BATCHES)

    def _opened(self, role: str, choice: Choice) -> Work:
        """A target that only orders are written to."""
        app, at_once = self._app, self._app.settings.orders.at_once
        calls = min(at_once, choice.settings.max_connections)
        gate, ports = open_target(choice, app.settings, app.clock, app.lease, at_once=calls)
        self.gates[role] = gate
        self._ports.append(ports)
        if ports.holdings is not None:
            self._holdings[role] = ports.holdings
        return Work(role, command_contract(role), WORK[role], _acts(role, choice, ports), gate, at_once)

    def _shop(self) -> Iterator[Work]:
        """Where the shop takes orders: through the door that stock is written by, so that it has one budget."""
        app, shop = self._app, self._app.shop
        port, settings = shop.ports.shop_orders, app.settings.orders
        if port is None or not settings.shop:
            return
        self.gates[SHOP] = shop.gate
        if shop.ports.holdings is not None:
            self._holdings[SHOP] = shop.ports.holdings
        settle = timedelta(seconds=shop.settings.settle_s)
        acts = ShopActs(port, settle, notify=frozenset(settings.notify))
        at_once = min(settings.at_once, shop.settings.max_connections)
        yield Work(sink_of(SHOP), command_contract(SHOP), WORK[SHOP], acts, shop.gate, at_once)
        yield Work(SHIPMENTS, SHIPMENT, SHIPMENT_WORK, acts, shop.gate, at_once, is_shipment=True)

    def _sink(self, what: Work) -> CommandPart:
        app = self._app
        work = WorkTable(app.table(what.table, no_index))
        context = SinkContext(
            name=what.name,
            contract=what.contract,
            table=work,
            acts=what.acts,
            gate=what.gate,
            writer=app.writer,
            serde=app.serde,
            clock=app.clock,
            failed=app.failed,
            at_once=what.at_once,
            cut_offs=self._cut_offs,
            latency_target_us=self._target_us(what.acts.role),
        )
        if what.is_shipment:
            self.post = context.beside = ShipmentPost(app.lane.lane, work, app.serde)
        sink = CommandSink(context, partial(app.sink_mode, sink_of(what.acts.role)))
        share = partial(self._shared, what.gate) if what.gate is not app.shop.gate else lambda _partitions: None
        return CommandPart(sink, work, self._reader, app.letters, app.failed, contract=what.contract, share=share)

    def _shared(self, gate: Gate, partitions: int) -> None:
        """Workers share a target's budget as they share the partitions of its commands."""
        gate.share(min(1.0, max(1, partitions) / self._app.settings.kafka.partitions))

    def _target_us(self, role: str) -> int:
        given: Mapping[str, float] = {
            str(name): seconds for name, seconds in self._app.settings.orders.latency_targets_s.items()
        }
        return int(given.get(role, LATENCY_TARGETS_S[role]) * MICROS)

    def start(self) -> None:
        """Begin to read what orders are checked against; the orders flow waits until it is known."""
        self.reference.start()

    @property
    def unknown_words(self) -> Mapping[str, WordsHeard]:
        """By topic: what systems said that stands in no table."""
        return self._heard.unknown

    def doors(self) -> Mapping[str, Door]:
        """By role: the gate, and what the target can be asked."""
        return {role: Door(gate, self._holdings.get(role)) for role, gate in self.gates.items()}

    def pending(self, role: str) -> int:
        """Orders of this worker's partitions with a command of the role that is not done."""
        return sum(part.sink.pending for part in self._of_role[role])

    def queue(self, role: str) -> SinkQueueFact:
        """What waits for the role's target, and how fast it goes."""
        sinks = [part.sink for part in self._of_role[role]]
        found = added([sink.waiting() for sink in sinks])
        rates = [sink.meter.per_s for sink in sinks]
        compared = sorted((one for sink in sinks for one in sink.meter.compared), key=lambda one: one.at)
        return SinkQueueFact(
            waiting=found.waiting,
            due=tuple(DueFact(one.cut_off, one.label, one.orders) for one in found.due),
            since=found.since,
            per_s=min((rate for rate in rates if rate is not None), default=None),
            compared=tuple(ComparedFact(one.at, one.waiting, one.said_s, one.took_s) for one in compared),
        )

    def note_lags(self, lags: Mapping[tuple[str, int], int]) -> None:
        """How many commands still stand in their topics."""
        for part in self.sinks:
            part.sink.meter.behind = sum(lag for (topic, _partition), lag in lags.items() if topic == part.topic)

    async def close(self) -> None:
        """Release what the targets' ports hold."""
        await self.reference.stop()
        for ports in self._ports:
            await ports.close()


def _acts(role: str, choice: Choice, ports: Ports) -> Acts:
    settle = timedelta(seconds=choice.settings.settle_s)
    if role == "erp" and ports.orders is not None:
        return ErpActs(ports.orders, settle)
    if role == "wms" and ports.tasks is not None:
        return WmsActs(ports.tasks, settle)
    if role == "crm" and ports.crm is not None:
        return CrmActs(ports.crm, settle)
    if role == "finance" and ports.finance is not None:
        return FinanceActs(ports.finance, settle)
    if role == "carrier" and ports.carrier is not None:
        return CarrierActs(ports.carrier, settle)
    raise SettingsError(f"{choice.setting}: connector {choice.connector.name!r} cannot play the {role}")
