"""One method per endpoint of Commerce's REST API: values in, values out, errors from the tree."""

from collections.abc import Callable
from typing import TypeVar

from connectors.adobe_commerce import answers, scope, wire
from connectors.adobe_commerce.criteria import Criteria
from connectors.adobe_commerce.settings import Settings
from connectors.core.calls import Call
from connectors.core.http import Sender

T = TypeVar("T")


class CommerceClient:
    """Every call goes to the deployment's prefix and store scope."""

    def __init__(self, sender: Sender, settings: Settings) -> None:
        self._sender = sender
        self._settings = settings
        self._headers = scope.headers(settings)

    async def save_source_items(self, rows: tuple[wire.SourceItemRow, ...]) -> None:
        """POST inventory/source-items: absolute upsert by (source_code, sku); the server validates all rows first."""
        call = Call(
            operation="save-source-items",
            method="POST",
            path=scope.route(self._settings, "inventory/source-items"),
            effect=True,
            headers=self._headers,
            body=wire.encode(wire.SourceItemsBody(rows)),
        )
        await self._send(call, wire.decode_nothing)

    async def source_items(self, criteria: Criteria) -> wire.Page[wire.SourceItemRow]:
        """GET inventory/source-items."""
        call = self._list("list-source-items", "inventory/source-items", criteria)
        return await self._send(call, wire.decode_source_items)

    async def listed_items(self, criteria: Criteria) -> wire.Page[wire.ListedItemRow]:
        """GET inventory/source-items of one source: of each row what is not known already."""
        fields = "items[sku,quantity,status],total_count"
        call = self._list("list-source-items", "inventory/source-items", criteria, fields=fields)
        return await self._send(call, wire.decode_listed_items)

    async def sources(self, criteria: Criteria) -> wire.Page[wire.SourceRow]:
        """GET inventory/sources."""
        call = self._list("list-sources", "inventory/sources", criteria)
        return await self._send(call, wire.decode_sources)

    async def stock_source_links(self, criteria: Criteria) -> wire.Page[wire.StockSourceLinkRow]:
        """GET inventory/stock-source-links."""
        call = self._list("list-stock-source-links", "inventory/stock-source-links", criteria)
        return await self._send(call, wire.decode_links)

    async def product_skus(self, criteria: Criteria) -> wire.Page[wire.ProductRow]:
        """GET products, of each product its SKU only: a whole product is kilobytes."""
        call = self._list("list-product-skus", "products", criteria, fields="items[sku],total_count")
        return await self._send(call, wire.decode_products)

    async def stock_item(self, sku: str) -> wire.StockItemRow:
        """GET stockItems/{sku}, the legacy stock item.

        Raises:
            NotFoundError: no such product.
        """
        call = Call(
            operation="read-stock-item",
            method="GET",
            path=scope.route(self._settings, "stockItems/{productSku}", productSku=sku),
            effect=False,
            headers=self._headers,
        )
        return await self._send(call, wire.decode_stock_item)

    async def save_stock_item(self, sku: str, item_id: int, change: wire.StockItemChange) -> int:
        """PUT products/{sku}/stockItems/{id}: absolute upsert; fields that are not sent stay as they are."""
        template = "products/{productSku}/stockItems/{itemId}"
        call = Call(
            operation="save-stock-item",
            method="PUT",
            path=scope.route(self._settings, template, productSku=sku, itemId=item_id),
            effect=True,
            headers=self._headers,
            body=wire.encode(wire.StockItemBody(change)),
        )
        return await self._send(call, wire.decode_id)

    async def close(self) -> None:
        await self._sender.close()

    def _list(self, operation: str, template: str, criteria: Criteria, *, fields: str | None = None) -> Call:
        return Call(
            operation=operation,
            method="GET",
            path=scope.route(self._settings, template),
            effect=False,
            query=criteria.query(fields=fields),
            headers=self._headers,
        )

    async def _send(self, call: Call, decode: Callable[[bytes], T]) -> T:
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode))
