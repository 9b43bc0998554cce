"""The stock lane and the sink of shipments beside it, over real stores, with Kafka, the shop and time in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.core.errors import RejectedPayloadError
from schemas.catalogue import SHIPMENT
from schemas.models.command import Command
from schemas.models.document import LineQuantity
from schemas.models.order_event import EventLine, Track
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.derived_id import derived_id
from streams.domain.quantities import from_decimal, to_decimal
from streams.domain.work import Work
from streams.runtime.gate import Gate
from streams.sinks.command_sink import CommandSink
from streams.sinks.lane_table import PARTITION
from streams.sinks.shipment_post import ShipmentPost
from streams.sinks.shop import ShopActs
from streams.sinks.sink_context import Arrived, SinkContext
from streams.sinks.work_table import WorkTable
from streams.topics import ALERT, COMMERCE_OUTCOME
from tests.contract.order_target import line, order
from tests.fakes.shop_order_target import InMemoryShopOrderTarget
from tests.fakes.stock_target import InMemoryStockTarget
from tests.unit.streams.sinks.lane import GENERATION, SETTLE_S, UNIT, Lane, Settings, turns
from tests.unit.streams.tables import close_table, open_table

SOURCE = "north"


class DeductingShop(InMemoryShopOrderTarget):
    """Takes what is shipped off its stock by itself, and ships no more than it shows.

    Clearing `let_through` holds shipments until it is set again.
    """

    stock: InMemoryStockTarget

    def __init__(self) -> None:
        super().__init__()
        self.let_through = asyncio.Event()
        self.let_through.set()

    async def ship(
        self,
        entity_id: str,
        *,
        reference: str,
        lines: Sequence[LineQuantity],
        source_code: str,
        tracks: Sequence[Track],
        notify: bool,
    ) -> str:
        await self.let_through.wait()
        kept = self.orders[entity_id]
        rows = [(StockPair(source_code, kept.line(one.line_id).sku), one.quantity) for one in lines]
        for pair, quantity in rows:
            if from_decimal(self.stock.rows[pair].quantity) < quantity:
                raise RejectedPayloadError("Not all of your products are available in the requested quantity.")
        before = len(kept.shipments)
        try:
            return await super().ship(
                entity_id, reference=reference, lines=lines, source_code=source_code, tracks=tracks, notify=notify
            )
        finally:
            if len(kept.shipments) > before:
                for pair, quantity in rows:
                    self.deduct(pair, quantity)

    def deduct(self, pair: StockPair, quantity: int) -> None:
        left = from_decimal(self.stock.rows[pair].quantity) - quantity
        self.stock.rows[pair] = SourceItem(pair.sku, pair.source_code, to_decimal(left), left > 0)


class Posting(Lane):
    """One worker with both; `killed` begins the next one, with the same stores and the same shop."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.orders = DeductingShop()
        super().__init__(folder, settings)
        self.orders.stock = self.shop
        self.shipments = 0

    def _build(self) -> None:
        super()._build()
        self.work = WorkTable(open_table(self.folder, self.broker.writer, name="shipment-work"))
        self.sink_at = SinkContext(
            name="commerce-shipments",
            contract=SHIPMENT,
            table=self.work,
            acts=ShopActs(self.orders, timedelta(seconds=SETTLE_S)),
            gate=Gate("shop-orders", self.clock),
            writer=self.broker.writer,
            serde=self.serde,
            clock=self.clock,
            failed=self.faults.append,
            beside=ShipmentPost(self.lane, self.work, self.serde),
        )
        self.sink = CommandSink(self.sink_at, lambda: "run")

    async def open(self) -> None:
        await self.serde.prepare([ALERT.name, COMMERCE_OUTCOME.name, SHIPMENT.topic])
        await self.lane.opened(GENERATION)
        await self.sink.opened(frozenset({PARTITION}), GENERATION)

    async def killed(self) -> None:
        await self.sink.close(timedelta(0))
        await self.lane.close(timedelta(0))
        self._close_tables()
        self._build()
        await self.open()

    async def close(self) -> None:
        self.shop.free.set()
        self.orders.let_through.set()
        await self.sink.close(timedelta(0))
        await self.lane.close(timedelta(0))
        self._close_tables()

    def _close_tables(self) -> None:
        close_table(self.rows.table)
        close_table(self.work.table)

    def after(self, seconds: float) -> None:
        super().after(seconds)
        self.sink._wake.set()

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def ordered(self, sku: str, units: int) -> Command:
        """A shopper's order that the warehouse has shipped: the command that posts it."""
        self.shipments += 1
        number = f"{self.shipments:09}"
        self.orders.place(order(line("1", sku, str(units)), number=number))
        return Command(
            command_id=derived_id(number, "CREATE_SHIPMENT"),
            role="commerce",
            kind="CREATE_SHIPMENT",
            entity=f"web-{number}",
            part="SHP-1",
            epoch=1_763_700_000,
            counter=self.shipments,
            at=self.clock.micros(),
            lines=(EventLine(line_id="1", sku=sku, quantity=units * UNIT),),
            source_code=SOURCE,
            order_number=number,
        )

    async def ship(self, *commands: Command) -> None:
        """One batch of the topic of shipments."""
        first = self.offset
        self.offset += len(commands)
        arrived = [
            Arrived(
                one, self.serde.encode(SHIPMENT.topic, one), (SHIPMENT.topic, PARTITION, first + number), is_new=True
            )
            for number, one in enumerate(commands)
        ]
        await self.sink.fold(PARTITION, arrived, upto={SHIPMENT.topic: self.offset})

    async def posted(self, command: Command, *, passing: float = 1) -> None:
        """Until the command has ended."""
        await self.until(lambda: self.state(command) is not None, passing=passing)

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    def work_of(self, command: Command) -> Work:
        return self.work.entries(PARTITION, [command.entity])[command.entity]

    def state(self, command: Command) -> str | None:
        """How it ended."""
        return next((one.state for one in self.work_of(command).ended if one.command_id == command.command_id), None)

    @property
    def made(self) -> int:
        """Shipments that the shop has."""
        return sum(len(kept.shipments) for kept in self.orders.orders.values())

    @property
    def frozen(self) -> bool:
        return self.at.index.is_held(StockPair(SOURCE, "A"))


@asynccontextmanager
async def posting(folder: Path, **settings: Any) -> AsyncIterator[Posting]:  # noqa: ANN401  any of the settings
    """Both open; the lane has learned its sources and compared what it holds with the sink's table."""
    made = Posting(folder, Settings(**settings))
    await made.open()
    try:
        await made.until(lambda: made.lane.shipments.is_compared)
        yield made
    finally:
        await made.close()
    assert made.faults == []


async def passed(one: Posting, seconds: int) -> None:
    for _ in range(seconds):
        one.after(1)
        await turns()
