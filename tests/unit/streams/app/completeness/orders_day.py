"""A day of orders: intake, flow and the ERP's sink, each over a real table, on one broker in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from schemas.models.command import Command
from schemas.models.order import Order
from streams.app.completeness.around import Door
from streams.runtime.gate import Gate
from streams.runtime.writer import Record
from streams.sinks.sink_context import Arrived
from streams.topics import COMMANDS, COMMERCE_ORDER, OUTCOMES
from tests.contract.order_target import order
from tests.fakes.broker import MemoryBroker
from tests.unit.streams.app.completeness.day import (
    GENERATION,
    PARTITION,
    Closing,
    ErpHoldings,
    ShopHoldings,
    folder,
    put,
)
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.order_worker import OrderWorker, order_bytes
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import model_of
from tests.unit.streams.sinks.commands import Sink
from tests.unit.streams.tables import close_table

ERP_COMMAND, ERP_OUTCOME = COMMANDS["erp"].name, OUTCOMES["erp"].name


def placed(number: str, **given: object) -> Order:
    """Of today."""
    plain = {"number": number, "event_id": f"e{number}", "entity_id": None, "placed_at": T0, "updated_at": T0}
    return msgspec.structs.replace(order(), **{**plain, **given})


class Flow(OrderWorker):
    """Records say which partition they are of."""

    async def take(self, topic: str, records: Sequence[Record], first: int) -> None:
        raw = [
            Raw(topic, offset, one.key, one.value, T0 // 1000, PARTITION) for offset, one in enumerate(records, first)
        ]
        if raw:
            await self.flow.take(topic, PARTITION, raw, GENERATION)


class ErpSink(Sink):
    """On a broker that others write to as well."""

    def __init__(self, path: Path, broker: MemoryBroker) -> None:
        super().__init__(path)
        close_table(self.work.table)
        self.broker = broker
        self._build()

    async def follow(self) -> None:
        """What was asked for since."""
        topic = ERP_COMMAND
        log = self.broker.log[topic]
        new = [
            Arrived(model_of(topic, log[at].value, Command), log[at].value or b"", (topic, PARTITION, at), is_new=True)
            for at in range(self.offset, len(log))
        ]
        self.offset = len(log)
        if new:
            await self.sink.fold(PARTITION, new, dead=0, upto={topic: self.offset})


class OrdersDay:
    """Orders come, the ERP is told, its answers are heard; the closer looks at what that left."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch, **named: str) -> None:
        self.worker = Flow(folder(path, "orders"), ("erp",))
        self.broker = self.worker.broker
        self.sink = ErpSink(folder(path, "erp"), self.broker)
        self.closing = Closing(self.broker, patch, **named)
        self.logs, self.around = self.closing.logs, self.closing.around
        self.erp = ErpHoldings(self.sink.erp)
        self.gate = Gate("netsuite", self.closing.clock)
        self.around.all_doors = {"erp": Door(self.gate, self.erp)}

    async def begin(self) -> None:
        await self.worker.open()
        await self.sink.open()
        await self.closing.begin()

    async def end(self) -> None:
        self.worker.close()
        await self.sink.close()

    async def place(self, *orders: Order) -> None:
        """They come in and are decided."""
        raw = []
        for one in orders:
            key, value = one.number.encode(), order_bytes(one)
            raw.append(Raw(COMMERCE_ORDER.name, put(self.broker, key, value), key, value, T0 // 1000, PARTITION))
        await self.worker.take_orders(raw)
        await self.worker.follow()

    async def book(self) -> None:
        """The ERP makes what it was told of, and the flow hears of it."""
        await self.sink.follow()
        await self.sink.at_rest()
        await self.worker.follow(ERP_OUTCOME)
        await self.worker.follow()

    async def deliver(self, *numbers: str) -> None:
        await self.place(*map(placed, numbers))
        await self.book()

    def with_shop(self) -> None:
        """The shop is asked, too."""
        self.around.all_doors["commerce"] = Door(self.around.shop.gate, ShopHoldings(self.around.at_shop))

    def offset_of(self, topic: str, order_id: str, which: int = 0) -> int:
        """Of a record that is about the order."""
        return [at for at, one in enumerate(self.broker.log[topic]) if one.key == order_id.encode()][which]

    def commands(self) -> list[Command]:
        return self.worker.commands()


@asynccontextmanager
async def orders_day(path: Path, patch: pytest.MonkeyPatch, **named: str) -> AsyncIterator[OrdersDay]:
    day = OrdersDay(path, patch, **named)
    await day.begin()
    try:
        yield day
    finally:
        await day.end()
