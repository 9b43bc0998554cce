"""One comparison of what a shop reserves with what its open orders promise.

First every SKU of every stock is looked at once, a page at a time, against sums of the open orders; what differs at
first sight is a suspect, no more: orders come and go while pages are read.  Suspects are looked at again, between two
readings of the open orders and of the sources, and count only where nothing moved meanwhile and two such looks, some
seconds apart, show the same difference.  In memory are sums per SKU with open orders, and the suspects.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from connectors.core.reservation_ports import ReservationSource
from schemas.models.reservation import PromisedLine, SalesStock, SellingRules
from schemas.models.source_item import SourceItem, StockPair
from streams.domain import drift, reservations
from streams.domain.quantities import MICROS
from streams.domain.reconciliation import ReconcileRules, Run
from streams.domain.reservations import Held, Pair, Verdict
from streams.sinks.lane_context import LaneContext
from streams.sinks.shop_reads import ShopReads

APART = timedelta(seconds=5)
"""Between two looks at a suspect."""
ROUNDS = 6
MOST_SUSPECTS = 5_000
SKUS_AT_ONCE = 50
MOST_LINES = 300
"""Of one SKU, the newest: more are not needed to explain a difference."""

Sums = Counter[Pair]
Available = Mapping[Pair, int]


class _Look(NamedTuple):
    """One reading of the suspects (micros)."""

    salable: Mapping[Pair, int]
    available: Available


class ReservationCheck:
    """Made anew for each run; counts what it finds in `run`."""

    def __init__(self, context: LaneContext, source: ReservationSource, rules: ReconcileRules, run: Run) -> None:
        self._at, self._source, self._run = context, source, run
        self._reads = ShopReads(context, rules, run)
        self._usual = SellingRules(threshold=rules.threshold)
        self._stocks: dict[int, SalesStock] = {}
        self._rules: dict[str, SellingRules] = {}

    async def run(self) -> None:
        """Raises ShopAwayError, LeaseLostError."""
        stocks = await self._reads.asked(self._source.sales_stocks)
        self._stocks = {stock.stock_id: stock for stock in stocks}
        promised = await self._promised()
        suspects: list[Pair] = []
        for stock in stocks:
            async for page in self._pages(stock):
                suspects += await self._at_first_sight(stock, page, promised)
        self._run.looks[drift.Verdict.UNSETTLED] += max(0, len(suspects) - MOST_SUSPECTS)
        await self._look_again(suspects[:MOST_SUSPECTS], promised)

    async def _promised(self, wanted: Collection[Pair] | None = None) -> Sums:
        """What is open of all orders, negative as reservations are; of these pairs alone where they are named."""
        sums, after = Sums(), ""
        while True:
            page = await self._reads.asked(partial(self._source.open_lines, after))
            for line in page.lines:
                pair = Pair(line.stock_id, line.sku)
                if line.open and (wanted is None or pair in wanted):
                    sums[pair] -= line.open
            if page.after is None:
                return sums
            after = page.after

    # ── the first look ───────────────────────────────────────────────────────────────────────────

    async def _pages(self, stock: SalesStock) -> AsyncIterator[Mapping[Pair, int]]:
        after = ""
        while True:
            page = await self._reads.asked(partial(self._source.salable_page, stock, after))
            self._run.listed += len(page.items)
            yield {Pair(stock.stock_id, one.sku): one.quantity for one in page.items}
            if page.after is None:
                return
            after = page.after

    async def _at_first_sight(self, stock: SalesStock, salable: Mapping[Pair, int], promised: Sums) -> list[Pair]:
        self._run.expected += len(salable)
        available = await self._available({stock.stock_id: [pair.sku for pair in salable]})
        suspects = []
        for pair, quantity in salable.items():
            held = Held(quantity, available.get(pair, 0), promised.get(pair, 0), self._usual)
            if not self._is_well(held):
                suspects.append(pair)
        return suspects

    def _is_well(self, held: Held) -> bool:
        """Counted, where nothing is wrong with it."""
        verdict = reservations.judge(held)
        if verdict is Verdict.DIFFERS or reservations.is_negative(held):
            return False
        self._run.looks[drift.Verdict.AGREES if verdict is Verdict.AGREES else drift.Verdict.SET_ASIDE] += 1
        return True

    async def _available(self, wanted: Mapping[int, Sequence[str]]) -> Available:
        """By stock: what its enabled sources have in stock."""
        found: Counter[Pair] = Counter()
        for stock_id, skus in wanted.items():
            pairs = [StockPair(source, sku) for source in self._stocks[stock_id].sources for sku in skus]
            rows = await self._reads.asked(partial(self._at.port.read_source_items, pairs)) if pairs else {}
            for item in rows.values():
                found[Pair(stock_id, item.sku)] += _counting(item)
        return found

    # ── the looks that count ─────────────────────────────────────────────────────────────────────

    async def _look_again(self, suspects: Iterable[Pair], promised: Sums) -> None:
        """Each until two looks in which nothing moved say the same, or for so many rounds."""
        left = dict.fromkeys(suspects)
        seen: dict[Pair, Held] = {}
        for _round in range(ROUNDS):
            if not left:
                return
            look = await self._looked(left)
            await self._at.clock.sleep(APART)
            after, again = await self._promised(left), await self._available(_by_stock(left))
            for pair in list(left):
                if promised[pair] != after[pair] or look.available.get(pair, 0) != again.get(pair, 0):
                    seen.pop(pair, None)
                    continue
                rules = await self._selling(pair.sku)
                held = Held(look.salable.get(pair, 0), look.available.get(pair, 0), after[pair], rules)
                if self._is_well(held):
                    del left[pair]
                elif seen.get(pair) == held:
                    del left[pair]
                    await self._tell(pair, held)
                seen[pair] = held
            promised = after
        self._run.looks[drift.Verdict.UNSETTLED] += len(left)

    async def _looked(self, pairs: Iterable[Pair]) -> _Look:
        salable: dict[Pair, int] = {}
        wanted = _by_stock(pairs)
        available = await self._available(wanted)
        for stock_id, skus in wanted.items():
            for first in range(0, len(skus), SKUS_AT_ONCE):
                ask = partial(self._source.salable, self._stocks[stock_id], skus[first : first + SKUS_AT_ONCE])
                found = await self._reads.asked(ask)
                salable |= {Pair(stock_id, sku): quantity for sku, quantity in found.items()}
        return _Look(salable, available)

    async def _selling(self, sku: str) -> SellingRules:
        """Of one product, read once in a run; the usual ones where it cannot be asked for."""
        if sku not in self._rules:
            found = await self._reads.asked(partial(self._source.selling_rules, sku))
            self._rules[sku] = self._usual if found is None else found
        return self._rules[sku]

    async def _tell(self, pair: Pair, held: Held) -> None:
        lines, is_all = await self._lines(pair.sku)
        found = reservations.explained(pair, held, lines, is_all=is_all, at=self._at.clock.micros())
        self._run.tell_findings(found)

    async def _lines(self, sku: str) -> tuple[Sequence[PromisedLine], bool]:
        return await self._reads.asked(partial(self._source.lines_of, sku, MOST_LINES))


def _by_stock(pairs: Iterable[Pair]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair.stock_id, []).append(pair.sku)
    return found


def _counting(item: SourceItem) -> int:
    """Micros; a row that is out of stock counts nothing."""
    return int(item.quantity * MICROS) if item.in_stock else 0
