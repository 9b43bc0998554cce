"""One method per endpoint that says something of reservations: values in, values out, errors from the tree."""

from collections.abc import Callable
from typing import TypeVar

from connectors.adobe_commerce import answers, scope
from connectors.adobe_commerce.criteria import Criteria
from connectors.adobe_commerce.reservations import wire
from connectors.adobe_commerce.settings import Settings
from connectors.adobe_commerce.wire import Page
from connectors.core.calls import Call, Query
from connectors.core.http import Sender

T = TypeVar("T")
_QUANTITIES = "qty_ordered,qty_shipped,qty_refunded,qty_canceled"
_ORDER = f"entity_id,increment_id,state,store_id,items[item_id,parent_item_id,sku,{_QUANTITIES}]"


class ReservationClient:
    """Every call goes to the deployment's prefix and store scope, and only reads."""

    def __init__(self, sender: Sender, settings: Settings) -> None:
        self._sender = sender
        self._settings = settings
        self._headers = scope.headers(settings)

    async def stocks(self, criteria: Criteria) -> Page[wire.StockRow]:
        """GET inventory/stocks."""
        return await self._read("list-stocks", "inventory/stocks", criteria.query(), wire.decode_stocks)

    async def websites(self) -> tuple[wire.WebsiteRow, ...]:
        """GET store/websites: all of them."""
        return await self._read("list-websites", "store/websites", (), wire.decode_websites)

    async def store_views(self) -> tuple[wire.StoreViewRow, ...]:
        """GET store/storeViews: all of them."""
        return await self._read("list-store-views", "store/storeViews", (), wire.decode_store_views)

    async def salable(self, channel: str, criteria: Criteria) -> Page[wire.SalableRow]:
        """GET inventory/export-stock-salable-qty: products of a website's stock; `total_count` may be the page's."""
        template = "inventory/export-stock-salable-qty/{salesChannelType}/{salesChannelCode}"
        values = {"salesChannelType": "website", "salesChannelCode": channel}
        query = criteria.query(fields="items[sku,qty],total_count")
        return await self._read("export-salable", template, query, wire.decode_salable, **values)

    async def open_orders(self, criteria: Criteria) -> Page[wire.OpenOrderRow]:
        """GET orders, of each only what it has reserved."""
        query = criteria.query(fields=f"items[{_ORDER}],total_count")
        return await self._read("list-orders", "orders", query, wire.decode_open_orders)

    async def orders_of_items(self, criteria: Criteria) -> Page[wire.OrderOfItemRow]:
        """GET orders/items, of each row only its order."""
        query = criteria.query(fields="items[item_id,order_id],total_count")
        return await self._read("list-order-items", "orders/items", query, wire.decode_orders_of_items)

    async def selling(self, sku: str) -> wire.SellingRow:
        """GET stockItems/{sku}, how the product is sold.  Raises NotFoundError."""
        template = "stockItems/{productSku}"
        return await self._read("read-stock-item", template, (), wire.decode_selling, productSku=sku)

    async def _read(
        self, operation: str, template: str, query: Query, decode: Callable[[bytes], T], **values: str
    ) -> T:
        call = Call(
            operation=operation,
            method="GET",
            path=scope.route(self._settings, template, **values),
            effect=False,
            query=query,
            headers=self._headers,
        )
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode))
