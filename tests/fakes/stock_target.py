"""A shop's stock in memory: the port `StockTarget` with failures on order."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.core.errors import ConnectorError, MaskedFailureError, RejectedPayloadError, TooManyItemsError
from connectors.core.ports import ItemPage
from schemas.models.source_item import SourceItem, StockPair


@dataclass(frozen=True)
class Failure:
    """What one call answers; with `after_effect` the rows are written first, as when the answer is lost."""

    error: ConnectorError
    after_effect: bool = False


class InMemoryStockTarget:
    """Behaves like the real ones (tests/contract/test_stock_targets.py) and remembers what it was asked.

    `rows` is what the shop shows; `calls` every write that arrived, in order, whatever came of it.
    `failures` are used up one per write, None for a success.  Rows of `refused_skus` are refused by name, rows of
    `masked_skus` without a name.  Clearing `free` holds writes until it is set again.  `before_read` is called with
    every read: what happens at the shop at that moment.
    """

    def __init__(
        self, stocks: Mapping[str, Iterable[int]], *, catalogue: Iterable[str] = (), most_rows: int | None = None
    ) -> None:
        self.rows: dict[StockPair, SourceItem] = {}
        self.calls: list[tuple[SourceItem, ...]] = []
        self.failures: deque[Failure | None] = deque()
        self.read_failures: deque[ConnectorError | None] = deque()
        self.catalogue = set(catalogue)
        self.refused_skus: set[str] = set()
        self.masked_skus: set[str] = set()
        self.most_rows = most_rows
        self.page_size = 100
        self.lists_source_items = True
        self.before_read: Callable[[], object] = lambda: None
        self.free = asyncio.Event()
        self.free.set()
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = False
        self._stocks = {source: frozenset(ids) for source, ids in stocks.items()}

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        if not items:
            return
        self.calls.append(tuple(items))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.free.wait()
            self._write(items)
        finally:
            self.in_flight -= 1

    def _write(self, items: Sequence[SourceItem]) -> None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not failure.after_effect:
            raise failure.error
        self._validate(items)
        self.rows.update({item.pair: item for item in items})
        if failure is not None:
            raise failure.error

    def _validate(self, items: Sequence[SourceItem]) -> None:
        if self.most_rows is not None and len(items) > self.most_rows:
            raise TooManyItemsError(f"at most {self.most_rows} rows", maximum=self.most_rows)
        refused = [item.sku for item in items if item.sku in self.refused_skus]
        if refused:
            raise RejectedPayloadError(f"{refused[0]} is refused", fields=(refused[0],))
        if any(item.sku in self.masked_skus or item.source_code not in self._stocks for item in items):
            raise MaskedFailureError("Could not save Source Item", status=400)

    async def read_source_items(self, pairs: Sequence[StockPair]) -> Mapping[StockPair, SourceItem]:
        self._fail_read()
        return {pair: self.rows[pair] for pair in pairs if pair in self.rows}

    async def list_source_items(self, source_code: str, after: str) -> ItemPage:
        self._fail_read()
        behind = sorted(pair.sku for pair in self.rows if pair.source_code == source_code and pair.sku > after)
        items = [self.rows[StockPair(source_code, sku)] for sku in behind[: self.page_size]]
        return ItemPage(items, is_last=len(items) < self.page_size)

    async def source_codes(self) -> frozenset[str]:
        self._fail_read()
        return frozenset(self._stocks)

    async def stocks_of_sources(self) -> Mapping[str, frozenset[int]]:
        self._fail_read()
        return {source: ids for source, ids in self._stocks.items() if ids}

    async def missing_skus(self, skus: Collection[str]) -> frozenset[str]:
        self._fail_read()
        return frozenset(skus) - self.catalogue

    async def check(self) -> None:
        self._fail_read()

    async def close(self) -> None:
        self.closed = True

    def _fail_read(self) -> None:
        self.before_read()
        error = self.read_failures.popleft() if self.read_failures else None
        if error is not None:
            raise error
