"""Flows and sinks as the shell opens and closes them, each behind a pool that keeps order per partition."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from schemas.catalogue import DESIRED_STOCK
from schemas.models.desired_stock import DesiredStock
from streams.app.batch_parts import Event, FlowPart, batch_pool
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.flows.record_reader import RecordReader
from streams.flows.stock import StockFlow
from streams.flows.stock_statements import StockStatements
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.metrics import CONSUMED
from streams.sinks.lane_table import PARTITION, LaneTable
from streams.sinks.stock_lane import Snapshot, StockLane
from streams.tables import STOCK_LEDGER, STOCK_WRITE
from streams.topics import DESIRED

LANE_STOPS_WITHIN = timedelta(seconds=25)
LANE_PAUSES_WITHIN = timedelta(seconds=5)


class Sweep(Protocol):
    """Looks from time to time for what time alone makes wrong."""

    async def run(self, generation: int) -> None:
        """Until cancelled."""
        ...


class StockPart(FlowPart):
    """The stock flow and its sweeps, which begin anew with each assignment."""

    def __init__(
        self,
        flow: StockFlow,
        sweeps: Sequence[Sweep],
        failed: Callable[[BaseException], None],
        *,
        is_paused: Callable[[str], bool],
    ) -> None:
        super().__init__(STOCK_LEDGER.name, flow, failed, is_paused=is_paused)
        self._sweeps, self._failed = sweeps, failed
        self._sweeping: list[asyncio.Task[None]] = []

    async def opened(self, partitions: frozenset[int], generation: int) -> None:  # noqa: ARG002  the sweep asks the table
        """The flow works on what comes; the sweeps begin anew."""
        await self._end_sweeps()
        self._sweeping = [asyncio.ensure_future(sweep.run(generation)) for sweep in self._sweeps]
        for task in self._sweeping:
            task.add_done_callback(self._swept)

    def _swept(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def quiesce(self, generation: int) -> None:
        await self._end_sweeps()
        await super().quiesce(generation)

    async def _end_sweeps(self) -> None:
        for task in self._sweeping:
            task.cancel()
        if self._sweeping:
            await asyncio.wait(self._sweeping)
        self._sweeping = []


class StatementsPart(FlowPart):
    """What warehouses state, compared with the ledger; what waits for its time is left when the partitions go."""

    def __init__(
        self,
        statements: StockStatements,
        failed: Callable[[BaseException], None],
        *,
        is_paused: Callable[[str], bool],
    ) -> None:
        super().__init__(STOCK_LEDGER.name, statements, failed, is_paused=is_paused)
        self._statements = statements

    async def opened(self, partitions: frozenset[int], generation: int) -> None:  # noqa: ARG002  all of them
        self._statements.closing = False

    async def quiesce(self, generation: int) -> None:
        self._statements.closing = True
        await super().quiesce(generation)


class LanePart:
    """The stock lane: snapshots into rows; rows to the shop until the partition goes."""

    table = STOCK_WRITE.name

    def __init__(
        self,
        lane: StockLane,
        rows: LaneTable,
        reader: RecordReader,
        letters: DeadLetters,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.lane, self._rows, self._reader, self._letters = lane, rows, reader, letters
        self.pool = batch_pool(self._take, failed)
        self.stopping = False

    async def _take(self, event: Event) -> None:
        records, generation = event.value, event.message.generation_id
        CONSUMED.labels(DESIRED.name).inc(len(records))
        fresh_from = self._rows.table.tally(PARTITION).upto.get(DESIRED.name, 0)
        read, bad = await self._reader.read(DESIRED_STOCK, records, _snapshot)
        await self._letters.send([one.letter for one in bad], generation=generation)
        good = [Snapshot(value, record.offset >= fresh_from, record.headers) for record, value in read]
        await self.lane.fold(good, upto={DESIRED.name: records[-1].offset + 1})

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        if PARTITION in partitions:
            await self.lane.opened(generation)

    async def quiesce(self, generation: int) -> None:
        within = LANE_STOPS_WITHIN if self.stopping else LANE_PAUSES_WITHIN
        await self.lane.close(within)
        await self.pool.quiesce(generation)

    def closed(self, partitions: frozenset[int]) -> None:
        """The lane was closed by `quiesce`."""


def _snapshot(record: SourceRecord, value: DesiredStock) -> tuple[SourceRecord, DesiredStock] | Refused:
    if record.key != value.sku.encode():
        return Refused(DeadReason.WRONG_KEY, "the key is not the SKU of the snapshot")
    return record, value
