"""Stock of a Commerce with multi-source inventory, as the port `StockTarget`."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from http import HTTPStatus

from connectors.adobe_commerce import mapping
from connectors.adobe_commerce.client import CommerceClient
from connectors.adobe_commerce.criteria import Criteria, Filter, sku_filters
from connectors.adobe_commerce.paging import every_row
from connectors.adobe_commerce.settings import Settings
from connectors.core.errors import RejectedPayloadError, TooManyItemsError
from connectors.core.ports import ItemPage
from schemas.models.source_item import SourceItem, StockPair


class SourceStock:
    """Source items: rows keyed by (source, SKU); reservations are the shop's own business."""

    most_rows: int | None = None
    """The platform has an input limit, and names it."""

    def __init__(self, client: CommerceClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._settings = settings
        self._release = release

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        """One request for all rows; how many that may be is the caller's knowledge.

        A SKU that the catalogue does not hold is stored without a word (`missing_skus` tells).

        Raises:
            TooManyItemsError: more rows than the platform's input limit, or more bytes than its web server takes.
            MaskedFailureError: a failed save, be it a deadlock or an unknown source.
            RejectedPayloadError: validation; only the first bad row is named.
        """
        if not items:
            return
        rows = tuple(mapping.to_source_item_row(item) for item in items)
        try:
            await self._client.save_source_items(rows)
        except RejectedPayloadError as exc:
            if exc.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(rows) > 1:
                raise TooManyItemsError(exc.message, maximum=len(rows) // 2, status=exc.status) from exc
            raise

    async def read_source_items(self, pairs: Sequence[StockPair]) -> Mapping[StockPair, SourceItem]:
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for pair in pairs:
            wanted[pair.source_code].add(pair.sku)
        shown: dict[StockPair, SourceItem] = {}
        for source_code, skus in sorted(wanted.items()):
            shown |= await self._items_of_source(source_code, skus)
        return shown

    async def _items_of_source(self, source_code: str, skus: Collection[str]) -> dict[StockPair, SourceItem]:
        """The server compares without regard to case, so other SKUs may come back: they are not asked for."""
        source = Filter("source_code", "eq", source_code)
        found: dict[StockPair, SourceItem] = {}
        for filter_, asked in self._sku_filters(skus):
            criteria = self._criteria(filter_, source, sort="sku")
            for row in await every_row(self._client.source_items, criteria):
                if row.sku in asked and row.source_code == source_code:
                    item = mapping.from_source_item_row(row)
                    found[item.pair] = item
        return found

    @property
    def lists_source_items(self) -> bool:
        return True

    async def list_source_items(self, source_code: str, after: str) -> ItemPage:
        """By the unique key (source_code, sku) of the table, in the order of the database."""
        groups = [Filter("source_code", "eq", source_code)]
        if after:
            groups.append(Filter("sku", "gt", after))
        page = await self._client.listed_items(self._criteria(*groups, sort="sku"))
        items = [mapping.from_listed_row(row, source_code) for row in page.items]
        return ItemPage(items, is_last=len(items) < self._settings.page_size)

    async def source_codes(self) -> frozenset[str]:
        rows = await every_row(self._client.sources, self._criteria(sort="source_code"))
        return frozenset(row.source_code for row in rows)

    async def stocks_of_sources(self) -> Mapping[str, frozenset[int]]:
        stocks: defaultdict[str, set[int]] = defaultdict(set)
        for row in await every_row(self._client.stock_source_links, self._criteria(sort="source_code")):
            stocks[row.source_code].add(row.stock_id)
        return {source_code: frozenset(ids) for source_code, ids in stocks.items()}

    async def missing_skus(self, skus: Collection[str]) -> frozenset[str]:
        return await missing_skus(self._client, self._settings, skus)

    async def check(self) -> None:
        await self._client.sources(Criteria(page_size=1))

    async def close(self) -> None:
        await self._release()

    def _sku_filters(self, skus: Collection[str]) -> Iterator[tuple[Filter, frozenset[str]]]:
        return sku_filters(skus, most=self._settings.page_size, most_bytes=self._settings.max_url_bytes)

    def _criteria(self, *groups: Filter, sort: str) -> Criteria:
        return Criteria(groups=groups, sort=(sort,), page_size=self._settings.page_size)


async def missing_skus(client: CommerceClient, settings: Settings, skus: Collection[str]) -> frozenset[str]:
    """Those that the catalogue does not hold in exactly this spelling."""
    held: set[str] = set()
    for filter_, _ in sku_filters(skus, most=settings.page_size, most_bytes=settings.max_url_bytes):
        criteria = Criteria(groups=(filter_,), sort=("sku",), page_size=settings.page_size)
        held.update(row.sku for row in await every_row(client.product_skus, criteria))
    return frozenset(skus) - held
