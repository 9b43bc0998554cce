"""Order intake, order news and orders flow as a worker runs them: real stores and bytes, Kafka and time in memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from schemas import projection
from schemas.catalogue import CARRIER_EVENT, COMMERCE_ORDER, COMMERCE_RETURN, ERP_ORDER_EVENT, FULFILMENT_EVENT
from schemas.codec import frame
from schemas.models.carrier_event import CarrierEvent
from schemas.models.command import Command
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.operations import Outcome
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from schemas.models.returned import Return
from streams.domain import order_state
from streams.domain.order_names import KnownOrders
from streams.domain.order_news import NewsRules
from streams.domain.order_rules import OrderRules
from streams.domain.order_state import OrderEntry
from streams.domain.stock_rules import StockRules
from streams.flows.order_desk import NO_CHECKS, OrderDesk
from streams.flows.order_intake import OrderIntake
from streams.flows.order_news import OrderNews
from streams.flows.orders import OrdersFlow
from streams.flows.record_reader import RecordReader
from streams.runtime import outbox
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.guard import Guard
from streams.runtime.serde import Serde
from streams.runtime.table import BulkTable
from streams.runtime.versioned import unpack
from streams.runtime.writer import Record
from streams.topics import COMMANDS, DEAD_LETTER, NEWS_INPUTS, ORDER_EVENT, ORDER_INPUTS, OUTCOMES, SHIPMENT
from tests.fakes.broker import MemoryBroker
from tests.fakes.still_clock import StillClock
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import IDS, MemoryRegistry, model_of
from tests.unit.streams.flows.worker import Changelog
from tests.unit.streams.tables import close_table, open_table

GENERATION, PARTITION = 1, 3
NEWS = NewsRules(
    orders=KnownOrders(frozenset({"web", "dealer"}), "web", frozenset({"east"})),
    stock=StockRules(locations={"WH-EAST": "east"}),
)
_ORDER = projection.encoder(COMMERCE_ORDER)
_STEP, _SAID = projection.encoder(FULFILMENT_EVENT), projection.encoder(ERP_ORDER_EVENT)
_RETURN = projection.encoder(COMMERCE_RETURN)
_PARCEL = projection.encoder(CARRIER_EVENT)
TOPICS = (COMMERCE_ORDER.topic, *(topic.name for topic in (*NEWS_INPUTS, *ORDER_INPUTS)))


def order_bytes(order: Order) -> bytes:
    return frame(IDS[COMMERCE_ORDER.topic], _ORDER(order))


def step_bytes(step: FulfilmentEvent) -> bytes:
    return frame(IDS[FULFILMENT_EVENT.topic], _STEP(step))


def said_bytes(said: ErpOrderEvent) -> bytes:
    return frame(IDS[ERP_ORDER_EVENT.topic], _SAID(said))


def return_bytes(one: Return) -> bytes:
    return frame(IDS[COMMERCE_RETURN.topic], _RETURN(one))


def parcel_bytes(said: CarrierEvent) -> bytes:
    return frame(IDS[CARRIER_EVENT.topic], _PARCEL(said))


class OrderWorker:
    """One partition of each; `killed` ends the process in the middle and begins the next one, with the same log."""

    def __init__(
        self,
        folder: Path,
        roles: Sequence[str] = ("erp", "wms", "crm"),
        *,
        desk: OrderDesk = NO_CHECKS,
        rules: OrderRules | None = None,
        news: NewsRules = NEWS,
    ) -> None:
        self.folder, self.desk, self.news_rules = folder, desk, news
        self.rules = rules or OrderRules(roles=frozenset(roles), shop_channels=frozenset({"web"}))
        self.broker = MemoryBroker()
        self.clock = StillClock(datetime.fromtimestamp(T0 / 1_000_000, UTC))
        self.paused: list[str] = []
        self.read: dict[str, int] = {}
        self._build()

    def _build(self) -> None:
        self.serde = Serde(MemoryRegistry(), self.clock)
        writer, encode = self.broker.writer, self.serde.encode
        letters = DeadLetters(writer, "app", self.folder / "letters")
        guards = {topic: Guard(topic, lambda topic, _: self.paused.append(topic)) for topic in TOPICS}
        reader = RecordReader(self.serde, guards, 1 << 18)
        self.counted = open_table(self.folder / "a", writer, name="order-intake", partitions=[PARTITION])
        self.heard = open_table(self.folder / "c", writer, name="order-news", partitions=[PARTITION])
        self.intake = OrderIntake(self.counted, writer, letters, reader=reader, encode=encode)
        self.news = OrderNews(self.heard, writer, letters, reader=reader, encode=encode, rules=self.news_rules)
        self.letters, self.reader = letters, reader
        self._build_flow()

    def _build_flow(self) -> None:
        self.table = open_table(self.folder / "b", self.broker.writer, name="orders", partitions=[PARTITION])
        self.flow = OrdersFlow(
            self.table,
            self.broker.writer,
            self.letters,
            reader=self.reader,
            encode=self.serde.encode,
            rules=self.rules,
            clock=self.clock,
            desk=self.desk,
        )

    async def open(self) -> None:
        """As after an assignment: what was decided and not acknowledged is sent first."""
        written = (ORDER_EVENT, *COMMANDS.values(), SHIPMENT, *OUTCOMES.values())
        await self.serde.prepare([topic.name for topic in written])
        await outbox.resend(self.table, self.broker.writer, PARTITION, generation=GENERATION)

    async def killed(self) -> None:
        """What the log has and the store has not is recovered."""
        self.close()
        self._build()
        for table in (self.counted, self.heard, self.table):
            self._recover(table)
        await self.open()

    async def flow_killed(self) -> None:
        """As above, of the orders flow alone: quicker, where a test dies often."""
        close_table(self.table)
        self._build_flow()
        self._recover(self.table)
        await outbox.resend(self.table, self.broker.writer, PARTITION, generation=GENERATION)

    def _recover(self, table: BulkTable) -> None:
        log = self.broker.log[table.changelog]
        held = table.store(PARTITION).offset
        left = [Changelog(offset, one) for offset, one in enumerate(log) if held is None or offset > held]
        if left:
            table._store.apply_records(PARTITION, left)

    def close(self) -> None:
        close_table(self.counted)
        close_table(self.heard)
        close_table(self.table)

    async def place(self, *orders: Order, first: int = 0) -> None:
        """A batch of orders of channels, from this offset on."""
        await self.take_orders(
            [
                Raw(COMMERCE_ORDER.topic, offset, one.number.encode(), order_bytes(one), T0 // 1000)
                for offset, one in enumerate(orders, first)
            ]
        )

    async def take_orders(self, records: Sequence[Raw]) -> None:
        await self.intake.take(COMMERCE_ORDER.topic, PARTITION, records, GENERATION)

    async def hear(self, topic: str, *records: Raw) -> None:
        """What WMS and ERP say: one batch of one of their topics."""
        await self.news.take(topic, PARTITION, records, GENERATION)

    async def follow(self, topic: str = ORDER_EVENT.name) -> None:
        """The flow reads what was written to one of its topics since it looked last."""
        log = self.broker.log[topic]
        first = self.read.get(topic, 0)
        await self.take(topic, log[first:], first)
        self.read[topic] = len(log)

    async def take(self, topic: str, records: Sequence[Record], first: int) -> None:
        raw = [Raw(topic, offset, one.key, one.value, T0 // 1000) for offset, one in enumerate(records, first)]
        if raw:
            await self.flow.take(topic, PARTITION, raw, GENERATION)

    async def answer(self, outcome: Outcome) -> None:
        """A sink tells how a command ended."""
        topic = OUTCOMES[outcome.role].name
        self.broker.log[topic].append(Record(outcome.entity.encode(), self.serde.encode(topic, outcome)))
        await self.follow(topic)

    async def happen(self, *events: OrderEvent) -> None:
        """Some system said it."""
        topic = ORDER_EVENT.name
        self.broker.log[topic] += [Record(one.order_id.encode(), self.serde.encode(topic, one)) for one in events]
        await self.follow(topic)

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    def entry(self, order_id: str) -> OrderEntry:
        stored = self.table.store(PARTITION).get(b"e" + order_id.encode())
        return OrderEntry() if stored is None else order_state.decode(unpack(stored)[1])

    @property
    def counts(self) -> Mapping[str, int]:
        tables = (self.counted, self.heard, self.table)
        counts = [one for table in tables for one in table.tally(PARTITION).counts.items()]
        return {name: number for name, number in counts if number}

    @property
    def events(self) -> list[OrderEvent]:
        return [model_of(ORDER_EVENT.name, one.value, OrderEvent) for one in self.broker.log[ORDER_EVENT.name]]

    def commands(self, role: str = "erp") -> list[Command]:
        return self.commands_on(COMMANDS[role].name)

    def commands_on(self, topic: str) -> list[Command]:
        return [model_of(topic, one.value, Command) for one in self.broker.log[topic]]

    @property
    def dead(self) -> list[tuple[int, str]]:
        """(offset, reason) of every letter."""
        found = []
        for record in self.broker.log[DEAD_LETTER.name]:
            told = {name: (text or b"").decode() for name, text in record.headers}
            found.append((int(told["dl_offset"]), told["dl_reason"]))
        return found


def applied(command: Command, **given: object) -> Outcome:
    """The command's good end."""
    made = Outcome(
        command_id=command.command_id,
        role=command.role,
        kind=command.kind,
        entity=command.entity,
        part=command.part,
        epoch=command.epoch,
        counter=command.counter,
        state="APPLIED",
        started_at=T0,
        at=T0,
        value="SO1",
        external_id="1",
    )
    return msgspec.structs.replace(made, **given)
