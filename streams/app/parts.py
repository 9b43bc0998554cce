"""Flows and sinks as the shell opens and closes them, each behind a pool that keeps order per partition."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from schemas.catalogue import DESIRED_STOCK
from schemas.errors import DecodeError
from schemas.models.desired_stock import DesiredStock
from streams.app.batch_parts import Event, FlowPart, batch_pool
from streams.domain.reasons import DeadReason
from streams.flows.stock import StockFlow
from streams.flows.stock_sweep import StockSweep
from streams.runtime.dead_letters import DeadLetters, Letter
from streams.runtime.metrics import CONSUMED
from streams.runtime.serde import Serde
from streams.sinks.lane_table import PARTITION, LaneTable
from streams.sinks.stock_lane import Snapshot, StockLane
from streams.tables import STOCK_LEDGER, STOCK_WRITE
from streams.topics import DESIRED

LANE_STOPS_WITHIN = timedelta(seconds=25)
LANE_PAUSES_WITHIN = timedelta(seconds=5)


class StockPart(FlowPart):
    """The stock flow and its sweep, which begins anew with each assignment."""

    def __init__(
        self,
        flow: StockFlow,
        sweep: StockSweep,
        failed: Callable[[BaseException], None],
        *,
        is_paused: Callable[[str], bool],
    ) -> None:
        super().__init__(STOCK_LEDGER.name, flow, failed, is_paused=is_paused)
        self._sweep, self._failed = sweep, failed
        self._sweeping: asyncio.Task[None] | None = None

    async def opened(self, partitions: frozenset[int], generation: int) -> None:  # noqa: ARG002  the sweep asks the table
        """The flow works on what comes; the sweep begins anew."""
        await self._end_sweep()
        self._sweeping = asyncio.ensure_future(self._sweep.run(generation))
        self._sweeping.add_done_callback(self._swept)

    def _swept(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def quiesce(self, generation: int) -> None:
        await self._end_sweep()
        await super().quiesce(generation)

    async def _end_sweep(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])
            self._sweeping = None


class LanePart:
    """The stock lane: snapshots into rows; rows to the shop until the partition goes."""

    table = STOCK_WRITE.name

    def __init__(
        self,
        lane: StockLane,
        rows: LaneTable,
        serde: Serde,
        letters: DeadLetters,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.lane, self._rows, self._serde, self._letters = lane, rows, serde, letters
        self.pool = batch_pool(self._take, failed)
        self.stopping = False

    async def _take(self, event: Event) -> None:
        records, generation = event.value, event.message.generation_id
        CONSUMED.labels(DESIRED.name).inc(len(records))
        fresh_from = self._rows.table.tally(PARTITION).upto.get(DESIRED.name, 0)
        decoded = await self._decode(records)
        bad = [one for one in decoded if isinstance(one, Letter)]
        await self._letters.send(bad, generation=generation)
        good = [
            Snapshot(one, record.offset >= fresh_from)
            for record, one in zip(records, decoded, strict=True)
            if isinstance(one, DesiredStock)
        ]
        await self.lane.fold(good, upto=(DESIRED.name, records[-1].offset + 1))

    async def _decode(self, records: Sequence[Any]) -> list[DesiredStock | Letter]:  # Any: aiokafka's records
        answers = await self._serde.decode(DESIRED_STOCK, [record.value or b"" for record in records])
        return [_read(record, answer) for record, answer in zip(records, answers, strict=True)]

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        if PARTITION in partitions:
            await self.lane.opened(generation)

    async def quiesce(self, generation: int) -> None:
        within = LANE_STOPS_WITHIN if self.stopping else LANE_PAUSES_WITHIN
        await self.lane.close(within)
        await self.pool.quiesce(generation)

    def closed(self, partitions: frozenset[int]) -> None:
        """The lane was closed by `quiesce`."""


def _read(record: Any, answer: DesiredStock | DecodeError | None) -> DesiredStock | Letter:  # Any: as above
    if answer is None:
        return Letter(record, DeadReason.UNKNOWN_SCHEMA, "the schema id is not in the registry")
    if isinstance(answer, DecodeError):
        return Letter(record, DeadReason(answer.reason), answer.detail)
    if record.key != answer.sku.encode():
        return Letter(record, DeadReason.WRONG_KEY, "the key is not the SKU of the snapshot")
    return answer
