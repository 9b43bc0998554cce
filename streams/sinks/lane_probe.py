"""Is it the row, or the shop?  A row that was taken lately is written once more to see."""

from collections.abc import Collection, Iterable

import msgspec

from schemas.models.source_item import StockPair
from streams.domain.lane_rows import Row, RowState
from streams.sinks.lane_calls import Item
from streams.sinks.lane_context import LaneContext

REMEMBERED = 5
_WRITABLE = (RowState.CLEAN, RowState.DIRTY)


class LaneProbe:
    """Remembers, for each group of sources, the rows that were taken last."""

    def __init__(self, context: LaneContext) -> None:
        self._at = context
        self._taken: dict[int, tuple[StockPair, ...]] = {}

    def taken(self, items: Iterable[Item]) -> None:
        """The shop took these rows in one call, so they are of one group."""
        pairs = [item.pair for item in items]
        group = self._at.index.group_of(pairs[0].source_code)
        known = dict.fromkeys((*self._taken.get(group, ()), *pairs))
        self._taken[group] = tuple(known)[-REMEMBERED:]

    async def claim(self, failing: StockPair, ours: Collection[StockPair]) -> Item | None:
        """A row of the same group, as it is written now; held, unless it is one of `ours` and therefore is already.

        None where there is none that may be written now.
        """
        group = self._at.index.group_of(failing.source_code)
        pairs = [pair for pair in reversed(self._taken.get(group, ())) if pair != failing]
        entries = await self._at.entries(pairs)
        for pair in pairs:
            row = entries[pair.sku].row(pair.source_code)
            if row is None or row.state not in _WRITABLE or self._at.index.group_of(pair.source_code) != group:
                continue
            if pair in ours or self._at.index.claim(pair, row):
                return Item(pair.sku, _as_shown(row))
        return None


def _as_shown(row: Row) -> Row:
    """A clean row is shown once more as the shop shows it: what it wants may contain goods that are no reason to write.

    See `lane_shipments.raised`.
    """
    if row.state is not RowState.CLEAN or row.acked is None:
        return row
    return msgspec.structs.replace(row, wanted=row.acked, unposted=())
