"""How much of a SKU the shop's open orders have, as the port `PromiseSource`.

Commerce does not tell its reservations over REST.  It tells what may be sold of a stock: the quantities of the rows
that are in stock, less the reservations of open orders, less the minimum that the shop keeps
(magento/inventory InventorySales/Model/GetProductSalableQty).  So the difference is what orders have, or more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

from connectors.adobe_commerce.client import CommerceClient
from connectors.adobe_commerce.criteria import Criteria, Filter
from connectors.adobe_commerce.paging import every_row
from connectors.adobe_commerce.settings import Settings

Quantities = Mapping[str, Decimal]
"""Source → quantity of its row, where that is in stock."""


class ShopPromises:
    """Which sources serve which stock is asked for once."""

    def __init__(self, client: CommerceClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client, self._settings, self._release = client, settings, release
        self._stocks: Mapping[int, frozenset[str]] = {}

    async def promised(self, sku: str) -> Decimal | None:
        """Rows before and after: a row that is written meanwhile counts with the larger of its quantities.

        Raises NotFoundError: the catalogue has no such product.
        """
        if not self._stocks:
            self._stocks = await self._learn()
        before = await self._rows(sku)
        salable = await asyncio.gather(*(self._client.salable_quantity(sku, stock) for stock in self._stocks))
        after = await self._rows(sku)
        most = {code: max(before.get(code, Decimal(0)), after.get(code, Decimal(0))) for code in {**before, **after}}
        if not any(most.values()):
            return None
        return sum(
            (
                max(Decimal(0), sum((most.get(code, Decimal(0)) for code in sources), Decimal(0)) - left)
                for sources, left in zip(self._stocks.values(), salable, strict=True)
            ),
            Decimal(0),
        )

    async def close(self) -> None:
        await self._release()

    async def _rows(self, sku: str) -> Quantities:
        criteria = self._criteria(Filter("sku", "eq", sku), sort="source_code")
        rows = await every_row(self._client.source_items, criteria)
        return {row.source_code: row.quantity for row in rows if row.sku == sku and row.status == 1}

    async def _learn(self) -> Mapping[int, frozenset[str]]:
        found: dict[int, set[str]] = {}
        for row in await every_row(self._client.stock_source_links, self._criteria(sort="source_code")):
            found.setdefault(row.stock_id, set()).add(row.source_code)
        return {stock: frozenset(codes) for stock, codes in found.items()}

    def _criteria(self, *groups: Filter, sort: str) -> Criteria:
        return Criteria(groups=groups, sort=(sort,), page_size=self._settings.page_size)
