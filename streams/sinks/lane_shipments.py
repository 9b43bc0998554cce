"""Shipments in the stock lane: their goods count in the rows until they are posted, and no row is written meanwhile.

The rules are in `streams/domain/lane_shipments.py`; who posts a shipment (`shipment_post.py`) asks here before it does,
and tells here how it ended.  It is kept in the rows themselves, so that whoever takes the lane over knows what is under
way without asking anybody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from schemas.models.source_item import StockPair
from streams.domain import lane_shipments
from streams.domain.lane_rows import Row, SkuRows, Unposted
from streams.domain.lane_shipments import Limits
from streams.runtime.logs import logger
from streams.runtime.metrics import UNPOSTED
from streams.sinks.lane_alerts import tell_expired_shipment
from streams.sinks.lane_context import LaneContext

LOOK_EVERY = timedelta(seconds=1)
_LOG = logger("streams.stock-lane")


class Shipped(NamedTuple):
    """The goods of one shipment, by SKU (micros), from one source; `reference` is the id of its command."""

    reference: str
    order_id: str
    source_code: str
    quantities: Mapping[str, int]

    @property
    def pairs(self) -> tuple[StockPair, ...]:
        return tuple(StockPair(self.source_code, sku) for sku in sorted(self.quantities))


class Short(NamedTuple):
    """A row that shows less (micros) than the shop would deduct from it."""

    sku: str
    shown: int
    needed: int


class Standing(NamedTuple):
    """What keeps a shipment from being posted just now, as far as its rows go."""

    short: tuple[Short, ...] = ()
    written: tuple[str, ...] = ()
    """SKUs in a call of the lane whose outcome is not known yet."""


Rows = dict[StockPair, Row]


class LaneShipments:
    """Every method is safe to repeat: a shipment is known by its reference."""

    def __init__(self, context: LaneContext, limits: Limits, wake: Callable[[], None]) -> None:
        self._at, self._limits, self._wake = context, limits, wake
        self._known: dict[str, dict[StockPair, Unposted]] = {}
        self.compare: Callable[[], Awaitable[bool]] | None = None
        """Tells what has ended meanwhile and what has come, by the memory of whoever posts; False where it cannot."""
        self.is_compared = False
        self.busy = asyncio.Lock()

    # ── the lane begins ──────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """What was known of another assignment is void; whoever posts is asked again."""
        self.is_compared = False
        self._known.clear()
        UNPOSTED.set(0)

    def noted(self, entries: Iterable[tuple[str, SkuRows]]) -> Iterator[tuple[str, SkuRows]]:
        """The entries as they pass by; rows of a shipment that may be being posted are kept before they are indexed."""
        for sku, entry in entries:
            for row in entry.rows:
                self._note(StockPair(row.source_code, sku), row)
            yield sku, entry

    def _note(self, pair: StockPair, row: Row) -> None:
        for item in row.unposted:
            self._known.setdefault(item.reference, {})[pair] = item
            if item.is_posting:
                self._at.index.keep(item.reference, {pair: row})
        UNPOSTED.set(len(self._known))

    @property
    def known(self) -> Mapping[str, str]:
        """Reference → order of every shipment whose goods are in a row."""
        return {reference: next(iter(items.values())).order_id for reference, items in self._known.items()}

    # ── before it is posted ──────────────────────────────────────────────────────────────────────

    async def raised(self, shipments: Iterable[Shipped]) -> None:
        """Their goods left.  Rows that the lane does not have are nothing to it."""
        new = [one for one in shipments if one.reference not in self._known]
        if not new:
            return
        now = self._at.clock.micros()
        async with self._at.table.lock:
            rows: Rows = {}
            for shipped in new:
                found = self._rows(shipped.pairs) | {pair: rows[pair] for pair in shipped.pairs if pair in rows}
                for pair, row in found.items():
                    item = Unposted(shipped.reference, shipped.order_id, shipped.quantities[pair.sku], now)
                    rows[pair] = lane_shipments.raised(row, item)
            await self._keep(rows)
        self._index(rows)

    async def frozen(self, shipped: Shipped) -> bool:
        """Whether it may be posted now: its rows show enough, none is being written, and none will be until `ended`.

        Where it may not, what is missing was set in motion: ask again.
        """
        await self.raised([shipped])
        async with self._at.table.lock:
            rows = self._rows(shipped.pairs)
            if all(self._is_posting(row, shipped.reference) for row in rows.values()):
                return self._at.index.keep(shipped.reference, rows)
            short = {pair: row for pair, row in rows.items() if self._is_short(pair, row, shipped)}
            if not short and not self._at.index.keep(shipped.reference, rows):
                return False
            after = {pair: lane_shipments.due(row, self._at.clock.micros()) for pair, row in short.items()}
            if not short:
                after = {
                    pair: lane_shipments.posting(row, shipped.reference, is_posting=True) for pair, row in rows.items()
                }
            await self._keep(after)
        if short:
            self._at.index.free(shipped.reference, _entries(rows))
            self._index(after, now=True)
        return not short

    def _is_posting(self, row: Row, reference: str) -> bool:
        item = lane_shipments.find(row, reference)
        return item is not None and item.is_posting

    def _is_short(self, pair: StockPair, row: Row, shipped: Shipped) -> bool:
        """One that was written with all it contains, or may not be, goes to the shop as it is."""
        item = lane_shipments.find(row, shipped.reference)
        if item is None or item.is_expired:
            return False
        return lane_shipments.is_short(row, shipped.quantities[pair.sku])

    async def standing(self, shipped: Shipped) -> Standing:
        """As `frozen` would find it; nothing is set in motion."""
        async with self._at.table.lock:
            rows = self._rows(shipped.pairs)
        rows = {pair: row for pair, row in rows.items() if not self._is_posting(row, shipped.reference)}
        short = {pair: row for pair, row in rows.items() if self._is_short(pair, row, shipped)}
        return Standing(
            tuple(
                Short(pair.sku, row.acked.quantity, shipped.quantities[pair.sku])
                for pair, row in short.items()
                if row.acked is not None
            ),
            tuple(pair.sku for pair in rows if self._at.index.is_under_way(pair)),
        )

    # ── after that ───────────────────────────────────────────────────────────────────────────────

    async def thawed(self, reference: str) -> None:
        """It provably was not posted, and will be tried again: until then its rows may be written."""
        if not any(item.is_posting for item in self._known.get(reference, {}).values()):
            return
        await self._change(
            reference, lambda row: lane_shipments.posting(row, reference, is_posting=False), is_over=False
        )

    async def posted(self, reference: str, *, is_sure: bool) -> None:
        """The shop deducted the goods; `is_sure` where it did so while the rows were frozen for it."""
        now, rest = self._at.clock.micros(), self._limits.rest
        await self._change(
            reference, lambda row: lane_shipments.posted(row, reference, now, rest, is_sure=is_sure), is_over=True
        )

    async def dropped(self, reference: str) -> None:
        """The shop will not post it."""
        now = self._at.clock.micros()
        await self._change(reference, lambda row: lane_shipments.dropped(row, reference, now), is_over=True)

    async def _change(self, reference: str, change: Callable[[Row], Row], *, is_over: bool) -> None:
        """All rows of a shipment in one write; then they may be written."""
        pairs = tuple(self._known.get(reference, ()))
        if not pairs:
            return
        async with self._at.table.lock:
            rows = {pair: change(row) for pair, row in self._rows(pairs).items()}
            await self._keep(rows)
        if is_over:
            self._known.pop(reference, None)
            UNPOSTED.set(len(self._known))
        self._index(rows)
        self._at.index.free(reference, _entries(rows))
        self._wake()

    # ── by time ──────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Until cancelled, which is to be done under `busy`: never in the middle of a write."""
        while True:
            async with self.busy:
                if self.compare is not None and not self.is_compared:
                    self.is_compared = await self.compare()
                await self.look()
            await self._at.clock.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Rows whose rest is over are due; goods that count for too long no longer do."""
        now = self._at.clock.micros()
        rested = self._at.index.rested()
        if rested:
            async with self._at.table.lock:
                rows = {pair: lane_shipments.rested(row, now) for pair, row in self._rows(rested).items()}
                await self._keep(rows)
            self._index(rows, now=True)
        for reference in [one for one, items in self._known.items() if self._is_over(items, now)]:
            await self._expire(reference, now)

    def _is_over(self, items: Mapping[StockPair, Unposted], now: int) -> bool:
        return any(not item.is_expired and now - item.since > self._limits.hold for item in items.values())

    async def _expire(self, reference: str, now: int) -> None:
        """The alert first: once it is stored, nothing here is late any more."""
        items = self._known[reference]
        order_id = next(iter(items.values())).order_id
        _LOG.warning("shipment-not-posted", order=order_id, rows=len(items))
        for pair, item in items.items():
            await tell_expired_shipment(self._at, pair, item)
        await self._change(reference, lambda row: lane_shipments.expired(row, reference, now), is_over=False)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────

    def _rows(self, pairs: Iterable[StockPair]) -> Rows:
        """Those that the lane has; the caller holds the table's lock."""
        wanted = list(pairs)
        entries = self._at.table.entries(pair.sku for pair in wanted)
        found = ((pair, entries[pair.sku].row(pair.source_code)) for pair in wanted)
        return {pair: row for pair, row in found if row is not None}

    async def _keep(self, rows: Rows) -> None:
        entries = self._at.table.entries(pair.sku for pair in rows)
        before = self._rows(rows)
        changed = {pair: row for pair, row in rows.items() if row != before[pair]}
        for pair, row in changed.items():
            entries[pair.sku] = entries[pair.sku].with_row(row)
        skus = {pair.sku for pair in changed}
        if changed:
            await self._at.table.keep({sku: entries[sku] for sku in skus}, (), generation=self._at.generation)
        for pair, row in changed.items():
            self._remember(pair, row)

    def _remember(self, pair: StockPair, row: Row) -> None:
        for item in row.unposted:
            self._known.setdefault(item.reference, {})[pair] = item
        UNPOSTED.set(len(self._known))

    def _index(self, rows: Rows, *, now: bool = False) -> None:
        for pair, row in rows.items():
            self._at.index.add(pair.sku, row, now=now)
        self._wake()


def _entries(rows: Rows) -> dict[str, SkuRows]:
    entries: dict[str, SkuRows] = {}
    for pair, row in rows.items():
        entries[pair.sku] = entries.get(pair.sku, SkuRows()).with_row(row)
    return entries
