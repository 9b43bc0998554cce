"""A day of stock: the ledger's flow and the lane, each over a real table, on one broker in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.topics import STOCK_CHANGE
from tests.fakes.broker import MemoryBroker
from tests.unit.streams.app.completeness.day import PARTITION, Closing, folder, put
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.worker import Worker
from tests.unit.streams.sinks.lane import Lane, Settings
from tests.unit.streams.tables import close_table


class ShopLane(Lane):
    """On a broker that others write to as well."""

    def __init__(self, path: Path, broker: MemoryBroker) -> None:
        super().__init__(path, Settings(stocks={"W1": (1,)}, catalogue=("A", "B", "C")))
        close_table(self.rows.table)
        self.broker = broker
        self._build()


class StockDay:
    """Changes come, the ledger decides, the lane writes; the closer looks at what that left."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.worker = Worker(folder(path, "ledger"))
        self.broker = self.worker.broker
        self.lane = ShopLane(folder(path, "lane"), self.broker)
        self.closing = Closing(self.broker, patch)
        self.logs = self.closing.logs
        self._shown = 0

    async def begin(self) -> None:
        await self.worker.open()
        await self.lane.open()
        await self.lane.until(lambda: self.lane.lane._learned)
        await self.closing.begin()

    async def end(self) -> None:
        self.worker.close()
        await self.lane.close()

    async def change(self, sku: str, *values: bytes) -> None:
        """The ledger takes changes of a SKU."""
        key = sku.encode()
        await self.worker.take_records(
            [
                Raw(
                    STOCK_CHANGE.name,
                    put(self.broker, key, value, STOCK_CHANGE.name),
                    key,
                    value,
                    T0 // 1000,
                    PARTITION,
                )
                for value in values
            ]
        )

    async def show(self) -> None:
        """The lane writes what the ledger decided since."""
        new, self._shown = self.worker.snapshots[self._shown :], len(self.worker.snapshots)
        await self.lane.fold(*new)
        await self.lane.at_rest()


@asynccontextmanager
async def stock_day(path: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[StockDay]:
    day = StockDay(path, patch)
    await day.begin()
    try:
        yield day
    finally:
        await day.end()
