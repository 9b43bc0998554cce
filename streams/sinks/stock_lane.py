"""The one process that writes stock to Commerce: folds snapshots into rows, and brings due rows to the shop.

One partition of `inventory.desired.v1`, so one worker at a time.  A snapshot is done when its rows are acknowledged in
the changelog; calls are driven from the dirty rows, so an outage costs one write per dirty row, not per change.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Literal, NamedTuple

from aiokafka.errors import KafkaError

from connectors.core.errors import LeaseLostError
from schemas.models.desired_stock import DesiredStock
from schemas.models.source_item import StockPair
from streams.domain import lane_rows
from streams.domain.lane_rows import Count, Row, SkuRows
from streams.domain.lane_shipments import LIMITS, Limits
from streams.domain.reasons import IgnoreReason
from streams.domain.reconciliation import ReconcileRules
from streams.runtime.logs import logger
from streams.runtime.metrics import OLDEST_UNAPPLIED, PENDING, REFUSED_VERSIONS, SINK_MODE
from streams.sinks.lane_alerts import tell_unknown_skus
from streams.sinks.lane_context import ROLE, LaneContext
from streams.sinks.lane_parked import LaneParked
from streams.sinks.lane_readback import LaneReadback
from streams.sinks.lane_settling import FLOW, LaneSettling
from streams.sinks.lane_shadow import LaneShadow
from streams.sinks.lane_shipments import LaneShipments
from streams.sinks.lane_writer import LaneWriter
from streams.sinks.reconciliation import Reconciliation

Mode = Literal["run", "shadow", "paused"]
IDLE, NO_TIME = timedelta(seconds=1), timedelta(0)
ON_DEMAND = ReconcileRules()
_MODES: dict[Mode, int] = {"paused": 0, "shadow": 1, "run": 2}
_LOG = logger("streams.stock-lane")


class Snapshot(NamedTuple):
    """A decoded record of the topic; `is_new` where its offset was not accounted for before."""

    desired: DesiredStock
    is_new: bool
    headers: Sequence[tuple[str, bytes | None]] = ()


class StockLane:
    """Opened with the partition, closed before it goes."""

    def __init__(
        self,
        context: LaneContext,
        mode: Callable[[], Mode],
        limits: Limits = LIMITS,
        reconcile: ReconcileRules = ON_DEMAND,
    ) -> None:
        self.context = self._at = context
        self._mode = mode
        settling = LaneSettling(context)
        self.readback = LaneReadback(context, settling)
        self._writer = LaneWriter(context, settling, self.readback.freeze)
        self._parked = LaneParked(context, settling)
        self.shadow = LaneShadow(context)
        self._wake = asyncio.Event()
        self.shipments = LaneShipments(context, limits, self._wake.set)
        self.reconciliation = Reconciliation(context, reconcile, mode, self._wake.set)
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._learned = False

    @property
    def is_open(self) -> bool:
        return bool(self._tasks)

    # ── snapshots in ─────────────────────────────────────────────────────────────────────────────

    async def fold(self, snapshots: Sequence[Snapshot], *, upto: Mapping[str, int]) -> None:
        """A batch of the topic; returns when its rows are acknowledged in the changelog."""
        now = self._at.clock.micros()
        due: list[tuple[str, Row]] = []
        counts: list[Count] = []
        async with self._at.table.lock:
            entries = self._at.table.entries(snapshot.desired.sku for snapshot in snapshots)
            changed: dict[str, SkuRows] = {}
            for desired, is_new, headers in snapshots:
                folded = lane_rows.fold(changed.get(desired.sku, entries[desired.sku]), desired, now)
                if folded.ignored is IgnoreReason.OLD_VERSION:
                    REFUSED_VERSIONS.labels(ROLE).inc()
                if folded.ignored is not None or not (is_new or folded.entry.seen > entries[desired.sku].seen):
                    continue
                changed[desired.sku] = folded.entry
                counts.extend(folded.counts)
                due.extend((desired.sku, row) for row in folded.due)
                if folded.due:
                    self._at.traces.note(desired.sku, headers)
            await self._at.table.keep(changed, counts, generation=self._at.generation, upto=upto)
        for sku, row in due:
            self._at.index.add(sku, row)
        self._wake.set()

    # ── opened, closed ───────────────────────────────────────────────────────────────────────────

    async def opened(self, generation: int) -> None:
        """The partition is ours and recovered.  One that is open still begins anew: never two drives side by side."""
        if self.is_open:
            await self.close(IDLE)
        self._closing = self._learned = False
        self._at.generation = generation
        self._begin()
        self._tasks = [asyncio.ensure_future(self._run())]

    def _begin(self) -> None:
        """Freeze what may be under way, index what is dirty."""
        self._at.index.clear()
        self.shipments.begin()
        intents = self._at.table.open_intents()
        for intent in intents:
            self.readback.freeze(intent, self._at.settle)
        self._at.index.regroup(self._at.sources.groups, self.shipments.noted(self._at.table.every_entry()))
        _LOG.info("lane-opened", dirty=self._at.index.pending, intents=len(intents))

    async def close(self, within: timedelta) -> int:
        """No new call; wait for those under way.  How many rows were left in calls whose intent stays open."""
        self._closing = True
        self._wake.set()
        running = list(self._tasks)
        if running:
            await asyncio.wait(running, timeout=within.total_seconds())
        left = [task for task in running if not task.done()]
        rows = self._at.index.held if left or self.readback.open else 0
        for task in left:
            task.cancel()
        await self.readback.close()
        if left:
            await asyncio.wait(left, timeout=1)
        if rows:
            _LOG.warning("calls-left-open", rows=rows, why="their outcome is not known; the next owner looks it up")
        self._tasks = []
        self._at.generation = -1
        self._measure_none()
        return rows

    # ── calls out ────────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        """Until closed.  Where the lease was lost and comes back for the same generation, everything begins anew."""
        while not self._closing:
            try:
                await self._work()
            except* LeaseLostError as lost:
                _LOG.warning("lane-lost-lease", why=str(lost.exceptions[0])[:200])
                await self.readback.close()
                await self._regain()
            except* Exception as errors:  # noqa: BLE001  reported, and it ends the process
                self._at.failed(errors)

    async def _work(self) -> None:
        """Until closed, or until the groups are made anew."""
        if not self._learned:
            await self._learn_sources()
        grouping = self._at.index.grouping
        async with asyncio.TaskGroup() as runs:
            catalogue = runs.create_task(self._at.catalogue.run(partial(tell_unknown_skus, self._at)))
            shipments = runs.create_task(self.shipments.run())
            reconciliation = runs.create_task(self.reconciliation.run())
            drives = [runs.create_task(self._drive(group, grouping)) for group in self._at.index.group_numbers]
            await asyncio.wait(drives)
            catalogue.cancel()
            async with self.shipments.busy:
                shipments.cancel()
            async with self.reconciliation.busy:
                reconciliation.cancel()

    async def _regain(self) -> None:
        """Wait for the lease; a rebalance closes the lane meanwhile."""
        while not self._closing:
            await self._at.clock.sleep(IDLE)
            try:
                self._at.permit(self._at.generation)
                async with self._at.table.lock:
                    await self._at.tell_left()
                    self._begin()
            except (LeaseLostError, KafkaError) as error:
                _LOG.warning("lane-not-begun-anew", why=str(error)[:200])
                continue
            return

    async def _learn_sources(self) -> None:
        """Which sources exist and which share a stock, as soon as the target answers for the first time."""
        while not self._closing:
            if await self._pause(self._at.gate.ready_in()):
                continue
            if await self._at.sources.learn():
                self._learned = True
                await self.reindex()
                return

    async def reindex(self) -> None:
        """Every dirty row is due again: after the sources were learned, or when the mode changed."""
        if not self.is_open:
            return
        async with self._at.table.lock:
            self._at.index.regroup(self._at.sources.groups, self._at.table.every_entry())
        self._parked.begin_anew()
        self._wake.set()

    async def _drive(self, group: int, grouping: int) -> None:
        """Calls of one group, one after the other."""
        while not self._closing and self._at.index.grouping == grouping:
            await self._parked.look()
            if self._at.index.wants_more:
                self._at.index.refill(self._at.table.every_entry)
                await self._at.clock.sleep(NO_TIME)
            mode = self._mode()
            due_in = self._at.index.next_in(group)
            wait = IDLE.total_seconds() if mode == "paused" or due_in is None else due_in
            if due_in is None and self._at.index.wants_more:
                continue
            if await self._pause(max(wait, self._at.gate.ready_in())):
                continue
            pairs = self._at.index.take(group)
            if not pairs:
                continue
            if mode == "shadow":
                await self.shadow.compare(pairs)
            else:
                await self._write(pairs)

    async def _write(self, pairs: Sequence[StockPair]) -> None:
        await self._writer.write(pairs)
        self.measure()

    async def _pause(self, seconds: float) -> bool:
        """Wait, unless something happens; True where there was a reason to wait."""
        if seconds <= 0:
            return False
        self._wake.clear()
        try:
            async with asyncio.timeout(min(seconds, IDLE.total_seconds())):
                await self._wake.wait()
        except TimeoutError:
            self.measure()
        return True

    @staticmethod
    def _measure_none() -> None:
        """What waits is the next owner's to tell: an age that stands here for ever would be told as trouble."""
        PENDING.labels(ROLE).set(0)
        OLDEST_UNAPPLIED.labels(FLOW).set(0)

    def measure(self) -> None:
        """Gauges: what waits, and how old it is."""
        PENDING.labels(ROLE).set(self._at.index.pending)
        SINK_MODE.labels(ROLE).set(_MODES[self._mode()])
        since = self._at.index.oldest_since()
        age = 0.0 if since is None else max(0.0, (self._at.clock.micros() - since) / 1_000_000)
        OLDEST_UNAPPLIED.labels(FLOW).set(age)
