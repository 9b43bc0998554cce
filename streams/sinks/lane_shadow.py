"""Shadow mode: read what the shop shows, say what would be written, send nothing.  How a careful shop goes live."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from connectors.core.errors import ConnectorError
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.lane_rows import RowState
from streams.runtime.metrics import EFFECTS
from streams.sinks.lane_calls import Item, shows
from streams.sinks.lane_context import OPERATION, LaneContext

KEPT = 200


class Difference(NamedTuple):
    """What the shop shows, and what would be written; `theirs` is None where the shop does not know the row."""

    ours: SourceItem
    theirs: SourceItem | None
    at: int


class LaneShadow:
    """The rows stay dirty: they go out when the sink runs."""

    def __init__(self, context: LaneContext) -> None:
        self._at = context
        self.differences: deque[Difference] = deque(maxlen=KEPT)
        self.compared = 0
        self.differing = 0

    async def compare(self, pairs: Sequence[StockPair]) -> None:
        """Safe to repeat: reads only."""
        items = await self._items(pairs)
        with self._at.gate.turn():
            self._at.gate.leaving()
            try:
                found = await self._at.port.read_source_items([item.pair for item in items]) if items else {}
            except ConnectorError as error:
                self._at.gate.failed(error)
                self._at.index.release(pairs, await self._at.entries(pairs), acked_since=self._at.clock.micros())
                return
        self._at.gate.succeeded()
        now = self._at.clock.micros()
        differing = [item for item in items if not shows(item, found.get(item.pair))]
        self.compared += len(items)
        self.differing += len(differing)
        self.differences.extend(Difference(item.source_item, found.get(item.pair), now) for item in differing)
        EFFECTS.labels(self._at.gate.target, OPERATION, "shadow").inc(len(items))
        self._at.index.release(pairs, {}, acked_since=now)

    async def _items(self, pairs: Sequence[StockPair]) -> list[Item]:
        entries = await self._at.entries(pairs)
        rows = ((pair.sku, entries[pair.sku].row(pair.source_code)) for pair in pairs)
        return [Item(sku, row) for sku, row in rows if row is not None and row.state is RowState.DIRTY]
