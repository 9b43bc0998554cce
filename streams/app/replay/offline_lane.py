"""The stock lane over the snapshots of one partition, as a worker runs it, with a shop that only takes notes.

The lane's own rules decide when a row is due and what a call carries; here nothing waits for that moment: the clock is
that of the records, and goes on to the next one.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from schemas.models.desired_stock import DesiredStock
from streams.app.replay.offline import GENERATION, OfflineTable, RecordClock
from streams.app.replay.recording_target import RecordingStockTarget
from streams.domain.batch_size import BatchSize
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.gate import Gate
from streams.runtime.lookback import Lookback
from streams.runtime.writer import Writer
from streams.settings import InventorySettings
from streams.settings.rules import lane_rules, shipment_limits
from streams.sinks.lane_catalogue import LaneCatalogue
from streams.sinks.lane_context import Encode, LaneContext
from streams.sinks.lane_index import FIRST_GROUP, LaneIndex
from streams.sinks.lane_settling import LaneSettling
from streams.sinks.lane_sources import LaneSources
from streams.sinks.lane_table import PARTITION, LaneTable
from streams.sinks.lane_writer import LaneWriter
from streams.sinks.stock_lane import Snapshot, StockLane
from streams.tables import STOCK_WRITE
from streams.topics import DESIRED

TARGET = "recorder"
ROWS_AT_ONCE = 100
"""Which rows share a call makes no difference to what each of them carries."""


class OfflineLane:
    """Begun from nothing: the first snapshot of a row is its first write."""

    def __init__(
        self,
        folder: Path,
        inventory: InventorySettings,
        port: RecordingStockTarget,
        *,
        writer: Writer,
        clock: RecordClock,
        encode: Encode,
    ) -> None:
        self._clock = clock
        self._table = OfflineTable(STOCK_WRITE.name, folder, writer, partition=PARTITION)
        gate = Gate(TARGET, clock)
        self._context = LaneContext(
            table=LaneTable(self._table),
            index=LaneIndex(lane_rules(inventory), clock, BatchSize(ROWS_AT_ONCE, ROWS_AT_ONCE)),
            port=port,
            sources=LaneSources(port, gate, clock),
            catalogue=LaneCatalogue(port, gate, clock),
            gate=gate,
            writer=writer,
            letters=DeadLetters(writer, "what-if", folder / "dead-letters"),
            lookback=Lookback(_no_consumer),
            clock=clock,
            encode=encode,
            settle=timedelta(0),
            permit=lambda _generation: None,
            failed=_failed,
            generation=GENERATION,
        )
        self._lane = StockLane(self._context, lambda: "run", shipment_limits(inventory))
        self._writer = LaneWriter(self._context, LaneSettling(self._context), self._lane.readback.freeze)
        self._folded = 0

    async def fold(self, snapshots: Sequence[DesiredStock]) -> None:
        if snapshots:
            self._folded += len(snapshots)
            new = [Snapshot(one, is_new=True) for one in snapshots]
            await self._lane.fold(new, upto={DESIRED.name: self._folded})

    async def write_until(self, moment: int | None) -> None:
        """Every call that would leave before that moment (µs); None: all that is left, however long it would wait."""
        index = self._context.index
        while True:
            if index.wants_more:
                index.refill(self._context.table.every_entry)
            wait = index.next_in(FIRST_GROUP)
            if wait is None and index.wants_more:
                continue  # the slice that was looked at held none of the rows that were left out
            if wait is None:
                return
            due = self._clock.micros() + int(wait * 1_000_000) + 1  # a float may end just below it
            if moment is not None and wait > 0 and due > moment:
                return
            self._clock.reach(due if wait > 0 else self._clock.micros() + 1)
            await self._writer.write(index.take(FIRST_GROUP))

    async def catch_up(self) -> None:
        """Everything that waits goes out at once, as when the lane opens anew."""
        self._context.index.regroup({}, self._context.table.every_entry())
        await self.write_until(self._clock.micros())

    def close(self) -> None:
        self._table.close()


def _no_consumer() -> NoReturn:
    raise AssertionError("a shop that refuses nothing has no letters to write")


def _failed(error: BaseException) -> NoReturn:
    raise error
