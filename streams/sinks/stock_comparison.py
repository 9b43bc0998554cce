"""One comparison of the shop's stock with the lane's table, in memory that does not grow with the catalogue.

A full one pages through the shop's rows, a source at a time and several sources side by side, and looks each page up in
the table; which rows the shop does not show at all is told by marks (`SetDifference`).  A window, or a shop that has no
list, is asked row by row from the table.

Nothing is drift on one look: the row may have changed while the page was on its way.  A pair that differs is read once
more, and counts only where its row was at rest, and the same, before and after that read: then no write of ours can
have run beside it.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from connectors.core.ports import ItemPage
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.drift import KINDS, Drift, Verdict, judge, shown_of
from streams.domain.lane_rows import Row, SkuRows
from streams.domain.reconciliation import ReconcileRules, Run
from streams.domain.set_difference import SetDifference
from streams.sinks.lane_context import LaneContext
from streams.sinks.shop_reads import ShopReads

PAIRS_AT_ONCE = 300
ENTRIES_AT_ONCE, ITEMS_AT_ONCE = 50, 30
"""Of the table, and of a page, between two turns of the event loop: a change on its way takes many turns."""
MOST_LATER = 10_000
LATER_ROUNDS = 5
LATER_AFTER = timedelta(seconds=2)
NO_TIME = timedelta(0)
Repair = Callable[[Run, Sequence[Drift]], Awaitable[Sequence[Drift]]]
"""Makes rows due again; gives back what was found, with what became of it."""


class _Waiting(NamedTuple):
    """A pair that was not at rest; `again` is how often it was looked at once more."""

    pair: StockPair
    listed: bool
    again: int


class StockComparison:
    """Made anew for each run; counts what it finds in `run`."""

    def __init__(self, context: LaneContext, rules: ReconcileRules, run: Run, repair: Repair) -> None:
        self._at, self._run, self._repair = context, run, repair
        self._reads = ShopReads(context, rules, run)
        self._marks = SetDifference()
        self._later: list[_Waiting] = []
        self._looking = asyncio.Lock()

    # ── what is compared ─────────────────────────────────────────────────────────────────────────

    async def full(self) -> None:
        """Every row of every source that the lane writes.  Raises ShopAwayError, LeaseLostError."""
        if not self._at.port.lists_source_items:
            await self.since(0)
            return
        sources = await self._survey()
        async with asyncio.TaskGroup() as chains:
            again = chains.create_task(self._look_beside())
            pages = [chains.create_task(self._source(source)) for source in sorted(sources)]
            if pages:
                await asyncio.wait(pages)
            await self._not_listed()
            async with self._looking:
                again.cancel()
        await self._look_later()

    async def since(self, moment: int) -> None:
        """Rows that the shop acknowledged at or after `moment` (µs).  Raises as `full`."""
        async with asyncio.TaskGroup() as looks:
            async for batch in self._batches(lambda _pair, row: row.acked_at >= moment):
                self._run.expected += len(batch)
                await self._reads.free_turn()
                looks.create_task(self._look(batch))
        await self._look_later()

    async def _rows(self) -> AsyncIterator[list[tuple[StockPair, Row]]]:
        """The whole table in slices, others run in between."""
        cursor = ""
        while True:
            entries = list(islice(self._at.table.every_entry(cursor), ENTRIES_AT_ONCE))
            yield [(StockPair(row.source_code, sku), row) for sku, entry in entries for row in entry.rows]
            if len(entries) < ENTRIES_AT_ONCE:
                return
            cursor = entries[-1][0]
            await self._at.clock.sleep(NO_TIME)

    async def _batches(self, wanted: Callable[[StockPair, Row], bool]) -> AsyncIterator[list[StockPair]]:
        """Of the rows that the shop acknowledged, as many as are asked for at once."""
        batch: list[StockPair] = []
        async for rows in self._rows():
            batch += [pair for pair, row in rows if row.acked is not None and wanted(pair, row)]
            while len(batch) >= PAIRS_AT_ONCE:
                yield batch[:PAIRS_AT_ONCE]
                batch = batch[PAIRS_AT_ONCE:]
        yield batch

    # ── the shop's list ──────────────────────────────────────────────────────────────────────────

    async def _survey(self) -> set[str]:
        """Sources that are ours; every row that the shop must show is marked once."""
        sources: set[str] = set()
        async for rows in self._rows():
            sources |= {pair.source_code for pair, _row in rows}
            ours = [pair for pair, row in rows if row.acked is not None]
            self._marks.mark(ours)
            self._run.expected += len(ours)
        return sources

    async def _source(self, source: str) -> None:
        """All pages of one source; the next one is on its way while one is compared."""
        doubtful: list[StockPair] = []
        coming = asyncio.ensure_future(self._page(source, ""))
        try:
            after = ""
            while True:
                page = await coming
                is_last = page.is_last or not page.items or page.items[-1].sku == after
                if not is_last:
                    after = page.items[-1].sku
                    coming = asyncio.ensure_future(self._page(source, after))
                doubtful += await self._compare(page.items)
                if len(doubtful) >= PAIRS_AT_ONCE or is_last:
                    await self._look(doubtful)
                    doubtful = []
                if is_last:
                    return
        finally:
            coming.cancel()

    async def _page(self, source: str, after: str) -> ItemPage:
        return await self._reads.asked(lambda: self._at.port.list_source_items(source, after))

    async def _compare(self, items: Sequence[SourceItem]) -> list[StockPair]:
        """Pairs that do not agree at first sight; those that are not at rest are looked at later."""
        entries = await self._at.entries(item.pair for item in items)
        doubtful: list[StockPair] = []
        for first in range(0, len(items), ITEMS_AT_ONCE):
            doubtful += self._compare_some(items[first : first + ITEMS_AT_ONCE], entries)
            await self._at.clock.sleep(NO_TIME)
        return doubtful

    def _compare_some(self, items: Sequence[SourceItem], entries: Mapping[str, SkuRows]) -> list[StockPair]:
        doubtful, ours, agreed = [], [], 0
        for item in items:
            pair = item.pair
            row = entries[item.sku].row(item.source_code)
            if row is not None and row.acked is not None:
                ours.append(pair)
            verdict = judge(row, shown_of(item), is_held=self._at.index.is_held(pair))
            if verdict is Verdict.AGREES:
                agreed += 1
            elif verdict is not Verdict.UNSETTLED or not self._put_off(_Waiting(pair, listed=True, again=0)):
                doubtful.append(pair)
        self._marks.mark(ours)
        self._run.looks[Verdict.AGREES] += agreed
        self._run.listed += len(items)
        return doubtful

    async def _not_listed(self) -> None:
        """Rows that no page showed: only those are told here, all others were told when their page came."""
        async for batch in self._batches(lambda pair, _row: self._marks.may_differ(pair)):
            await self._look(batch, listed=False)

    # ── the second look ──────────────────────────────────────────────────────────────────────────

    async def _look(self, pairs: Sequence[StockPair], *, listed: bool = True, again: int = 0) -> None:
        """Reads the pairs, for the `again`-th time, and judges each whose row stood still meanwhile.

        Of those that no page listed only the missing ones are told: the others were told with their page.
        """
        if not pairs:
            return
        before = self._at_rest(pairs, await self._at.entries(pairs))
        found = await self._reads.asked(lambda: self._at.port.read_source_items(list(before))) if before else {}
        after = await self._at.entries(pairs)
        drift = []
        for pair in pairs:
            row, item = after[pair.sku].row(pair.source_code), found.get(pair)
            verdict = judge(row, shown_of(item), is_held=self._at.index.is_held(pair))
            if pair not in before or row != before[pair]:
                verdict = Verdict.UNSETTLED
            if verdict is Verdict.UNSETTLED and self._put_off(_Waiting(pair, listed, again)):
                continue
            if verdict is Verdict.MISSING or (listed and verdict in KINDS):
                ours = None if row is None else row.acked
                drift.append(Drift(verdict, pair, ours, shown_of(item), self._at.clock.micros()))
            elif listed:
                self._run.looks[verdict] += 1
        if drift:
            self._run.tell(await self._repair(self._run, drift))

    def _at_rest(self, pairs: Iterable[StockPair], entries: Mapping[str, SkuRows]) -> dict[StockPair, Row | None]:
        rows = {pair: entries[pair.sku].row(pair.source_code) for pair in pairs}
        return {
            pair: row
            for pair, row in rows.items()
            if judge(row, None, is_held=self._at.index.is_held(pair)) is not Verdict.UNSETTLED
        }

    def _put_off(self, waiting: "_Waiting") -> bool:
        """False where it was looked at often enough, or too many wait already: it is being written all the time."""
        may_wait = waiting.again < LATER_ROUNDS and len(self._later) < MOST_LATER
        if may_wait:
            self._later.append(waiting)
        return may_wait

    async def _look_beside(self) -> None:
        """While pages are read, so that the run does not have to wait for all of it at its end; until cancelled."""
        while True:
            await self._at.clock.sleep(LATER_AFTER)
            async with self._looking:
                await self._look_again()

    async def _look_later(self) -> None:
        """What was not at rest gets time to come to rest."""
        while self._later:
            await self._at.clock.sleep(LATER_AFTER)
            await self._look_again()

    async def _look_again(self) -> None:
        waiting, self._later = self._later, []
        groups: defaultdict[tuple[bool, int], list[StockPair]] = defaultdict(list)
        for one in waiting:
            groups[one.listed, one.again].append(one.pair)
        for (listed, again), pairs in groups.items():
            for start in range(0, len(pairs), PAIRS_AT_ONCE):
                await self._look(pairs[start : start + PAIRS_AT_ONCE], listed=listed, again=again + 1)
