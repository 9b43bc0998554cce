"""Commerce's reservations, as far as its REST API lets one see them, as the port `ReservationSource`.

It lists no reservations.  It states what may be sold (`export-stock-salable-qty`), what sources hold, and what of
orders is open; the sum of the reservations follows.  Source: OpenAPI 2.4.9, and magento/inventory
InventorySales/Model/GetProductSalableQty: salable = stock + reservations - minimum quantity, 0 where not salable.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from connectors.adobe_commerce.client import CommerceClient
from connectors.adobe_commerce.criteria import Criteria, Filter, sku_filters
from connectors.adobe_commerce.paging import every_row
from connectors.adobe_commerce.reservations import mapping, wire
from connectors.adobe_commerce.reservations.client import ReservationClient
from connectors.adobe_commerce.settings import Settings
from connectors.core.errors import ConfigurationError, NotFoundError
from connectors.core.paths import can_carry
from connectors.core.reservation_ports import LinePage, SalablePage
from schemas.models.reservation import PromisedLine, Salable, SalesStock, SellingRules

MOST_ORDERS = 50
"""On one page: the server loads each order whole, whatever it is asked to show."""
WEBSITE = "website"


class ShopReservations:
    """Knows which store view sells from which stock, once `sales_stocks` was asked."""

    def __init__(
        self,
        client: ReservationClient,
        stock: CommerceClient,
        settings: Settings,
        release: Callable[[], Awaitable[None]],
    ) -> None:
        self._client, self._stock, self._settings, self._release = client, stock, settings, release
        self._stocks: Sequence[SalesStock] = ()
        self._stock_of_store: Mapping[int, int] = {}

    async def reserved(self, sku: str) -> int | None:
        """Which sources serve which stock is asked for once.

        Rows before and after: a row that is written meanwhile counts with the larger of its quantities.
        """
        stocks = self._stocks or await self._learn_stocks()
        before = await self._rows(sku)
        salable = await asyncio.gather(*(self.salable(stock, [sku]) for stock in stocks))
        after = await self._rows(sku)
        if not any(sku in found for found in salable):
            raise NotFoundError(f"no stock sells {sku!r}", status=None)
        most = {code: max(before.get(code, 0), after.get(code, 0)) for code in {**before, **after}}
        if not any(most.values()):
            return None
        return sum(
            max(0, sum(most.get(code, 0) for code in stock.sources) - found[sku])
            for stock, found in zip(stocks, salable, strict=True)
            if sku in found
        )

    async def close(self) -> None:
        await self._release()

    async def _rows(self, sku: str) -> Mapping[str, int]:
        """Source → quantity of its row (micros), where that is in stock."""
        criteria = self._all("source_code", Filter("sku", "eq", sku))
        rows = await every_row(self._stock.source_items, criteria)
        return {row.source_code: mapping.micros(row.quantity) for row in rows if row.sku == sku and row.status == 1}

    async def sales_stocks(self) -> Sequence[SalesStock]:
        stocks = await self._learn_stocks()
        await self._learn_stores(stocks)
        return stocks

    async def _learn_stocks(self) -> Sequence[SalesStock]:
        enabled = {row.source_code for row in await every_row(self._stock.sources, self._all()) if row.enabled}
        sources: defaultdict[int, list[str]] = defaultdict(list)
        for link in await every_row(self._stock.stock_source_links, self._all("source_code")):
            if link.source_code in enabled:
                sources[link.stock_id].append(link.source_code)
        stocks = []
        for row in await every_row(self._client.stocks, self._all()):
            channels = tuple(one.code for one in row.extension_attributes.sales_channels if one.type == WEBSITE)
            if channels:
                stocks.append(SalesStock(row.stock_id, tuple(sources[row.stock_id]), channels))
        self._stocks = stocks
        return stocks

    async def _learn_stores(self, stocks: Sequence[SalesStock]) -> None:
        stock_of = {channel: stock.stock_id for stock in stocks for channel in stock.channels}
        websites = {row.id: row.code for row in await self._client.websites()}
        self._stock_of_store = {
            row.id: stock_of[websites[row.website_id]]
            for row in await self._client.store_views()
            if websites.get(row.website_id) in stock_of
        }

    async def open_lines(self, after: str = "") -> LinePage:
        size = min(self._settings.page_size, MOST_ORDERS)
        groups = [Filter("state", "nin", ",".join(mapping.FINAL)), Filter("entity_id", "gt", after or "0")]
        found = await self._client.open_orders(Criteria(groups=tuple(groups), sort=("entity_id",), page_size=size))
        last = str(found.items[-1].entity_id) if len(found.items) >= size else None
        return LinePage(self._lines(found.items), None if last == after else last)

    async def lines_of(self, sku: str, most: int) -> tuple[Sequence[PromisedLine], bool]:
        """By rows of the SKU, newest first; the orders are read whole, because rows do not tell their state."""
        size = min(self._settings.page_size, most)
        criteria = Criteria(groups=(Filter("sku", "eq", sku),), sort=("-item_id",), page_size=size)
        found = await self._client.orders_of_items(criteria)
        ids = sorted({row.order_id for row in found.items})
        lines: list[PromisedLine] = []
        for first in range(0, len(ids), MOST_ORDERS):
            wanted = ",".join(map(str, ids[first : first + MOST_ORDERS]))
            groups = (Filter("entity_id", "in", wanted),)
            page = await self._client.open_orders(Criteria(groups=groups, sort=("entity_id",), page_size=MOST_ORDERS))
            lines += [line for line in self._lines(page.items) if line.sku == sku]
        return lines, found.total_count <= len(found.items)

    def _lines(self, orders: Sequence[wire.OpenOrderRow]) -> list[PromisedLine]:
        """Orders of a store view that no stock serves reserve nothing."""
        known = self._stock_of_store
        return [
            line
            for order in orders
            if order.store_id is not None and order.store_id in known
            for line in mapping.lines_of(order, known[order.store_id])
        ]

    async def salable_page(self, stock: SalesStock, after: str = "") -> SalablePage:
        groups = (Filter("sku", "gt", after),) if after else ()
        found = await self._client.salable(_channel(stock), self._all("sku", *groups))
        items = [Salable(row.sku, mapping.micros(row.qty)) for row in found.items]
        is_last = len(items) < self._settings.page_size or items[-1].sku == after
        return SalablePage(items, None if is_last else items[-1].sku)

    async def salable(self, stock: SalesStock, skus: Collection[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for filter_, asked in sku_filters(skus, most=self._settings.page_size, most_bytes=self._settings.max_url_bytes):
            page = await self._client.salable(_channel(stock), self._all("sku", filter_))
            found |= {row.sku: mapping.micros(row.qty) for row in page.items if row.sku in asked}
        return found

    async def selling_rules(self, sku: str) -> SellingRules | None:
        """None too for a SKU that no path can carry."""
        if not can_carry(sku):
            return None
        try:
            return mapping.from_selling(await self._client.selling(sku))
        except NotFoundError:
            return None

    def _all(self, sort: str = "", *groups: Filter) -> Criteria:
        return Criteria(groups=groups, sort=(sort,) if sort else (), page_size=self._settings.page_size)


def _channel(stock: SalesStock) -> str:
    if not stock.channels:
        raise ConfigurationError(f"no website sells from stock {stock.stock_id}")
    return stock.channels[0]
