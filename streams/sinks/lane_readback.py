"""After a call that ended without an answer: wait until it can no longer be running, then look what the shop shows."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from connectors.core.errors import ConnectorError, LeaseLostError, PermanentError
from streams.runtime.logs import logger
from streams.runtime.metrics import INTENTS
from streams.sinks.lane_calls import Item, shows
from streams.sinks.lane_context import ROLE, LaneContext
from streams.sinks.lane_settling import LaneSettling
from streams.sinks.lane_table import Intent

LOOK_AGAIN_AFTER = timedelta(seconds=1)
_LOG = logger("streams.stock-lane")


class LaneReadback:
    """Frozen rows, one task per open intent."""

    def __init__(self, context: LaneContext, settling: LaneSettling) -> None:
        self._at, self._settling = context, settling
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        return len(self._tasks)

    def freeze(self, intent: Intent, wait: timedelta) -> None:
        """The rows stay as they are until the call's outcome is known, which is looked up after `wait`."""
        self._at.index.hold(intent.pairs, since=min(row.dirty_since for _sku, row in intent.rows))
        task = asyncio.ensure_future(self._resolve(intent, wait))
        self._tasks.add(task)
        INTENTS.labels(ROLE).set(len(self._tasks))
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        INTENTS.labels(ROLE).set(len(self._tasks))

    async def close(self) -> None:
        """The intents stay open: whoever owns the lane next looks them up."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    async def _resolve(self, intent: Intent, delay: timedelta) -> None:
        try:
            await self._at.clock.sleep(delay)
            while not await self._looked(intent):
                await self._at.clock.sleep(LOOK_AGAIN_AFTER)
        except Exception as error:  # noqa: BLE001  reported, and it ends the process
            self._at.failed(error)

    async def _looked(self, intent: Intent) -> bool:
        """False without the lease: it may come back for the same generation; a rebalance closes the lane meanwhile."""
        try:
            self._at.permit(self._at.generation)
            await self._look(intent)
        except LeaseLostError:
            return False
        return True

    async def _look(self, intent: Intent) -> None:
        now = self._at.clock.micros()
        items = [Item(sku, row) for sku, row in intent.rows]
        landed = await self._landed(items)
        _LOG.info("outcome-known", rows=len(items), landed=len(landed))
        await self._settling.acknowledge(landed, intent)
        self._at.index.release(intent.pairs, await self._at.entries(intent.pairs), acked_since=now)

    async def _landed(self, items: Sequence[Item]) -> list[Item]:
        """Those rows whose value the shop shows; asked until it answers."""
        while True:
            wait = self._at.gate.ready_in()
            if wait > 0:
                await self._at.clock.sleep(timedelta(seconds=wait))
                continue
            with self._at.gate.turn():
                self._at.gate.leaving()
                try:
                    found = await self._at.port.read_source_items([item.pair for item in items])
                except PermanentError:
                    return []  # it does not let us look: the rows are written again, which is safe by now
                except ConnectorError as error:
                    self._at.gate.failed(error)
                    continue
            self._at.gate.succeeded()
            return [item for item in items if shows(item, found.get(item.pair))]
