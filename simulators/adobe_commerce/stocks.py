"""Reading sources, stocks, their links, and what may be sold.

Facts: magento/inventory InventoryApi/Test/Api (SourceRepository, StockRepository GetTest), InventorySalesApi/Test/Api/
StockResolverTest, InventorySales/Model/GetProductSalableQty, InventoryExportStock/Model (read, not run).
"""

from simulators.adobe_commerce.errors import NO_SUCH_PRODUCT, ApiError
from simulators.adobe_commerce.inventory import Source, Stock
from simulators.adobe_commerce.products import FIELDS as PRODUCT_FIELDS
from simulators.adobe_commerce.search import Fields
from simulators.adobe_commerce.shop import ApiRequest, Handlers, criteria_of
from simulators.adobe_commerce.state import Product

Link = tuple[int, str, int]

SOURCE_FIELDS: Fields[Source] = {
    "source_code": lambda source: source.code,
    "name": lambda source: source.name,
    "enabled": lambda source: int(source.enabled),
}
STOCK_FIELDS: Fields[Stock] = {"stock_id": lambda stock: stock.id, "name": lambda stock: stock.name}
LINK_FIELDS: Fields[Link] = {
    "stock_id": lambda link: link[0],
    "source_code": lambda link: link[1],
    "priority": lambda link: link[2],
}


def handlers() -> Handlers:
    return {
        "GET /V1/inventory/sources": _list_sources,
        "GET /V1/inventory/sources/{sourceCode}": _read_source,
        "GET /V1/inventory/stocks": _list_stocks,
        "GET /V1/inventory/stocks/{stockId}": _read_stock,
        "GET /V1/inventory/stock-source-links": _list_links,
        "GET /V1/store/websites": _list_websites,
        "GET /V1/store/storeViews": _list_store_views,
        "GET /V1/inventory/stock-resolver/{type}/{code}": _resolve_stock,
        "GET /V1/inventory/get-product-salable-quantity/{sku}/{stockId}": _salable_quantity,
        "GET /V1/inventory/is-product-salable/{sku}/{stockId}": _is_salable,
        "GET /V1/inventory/export-stock-salable-qty/{salesChannelType}/{salesChannelCode}": _export,
    }


async def _list_sources(request: ApiRequest) -> object:
    rows = list(request.shop.state.inventory.sources.values())
    return request.listing(rows, criteria_of(request, required=False), SOURCE_FIELDS, _show_source)


async def _read_source(request: ApiRequest) -> object:
    code = request.text("sourceCode")
    source = request.shop.state.inventory.sources.get(code)
    if source is None:
        raise ApiError(404, 'Source with code "%value" does not exist.', {"value": code})
    return _show_source(source)


async def _list_stocks(request: ApiRequest) -> object:
    rows = list(request.shop.state.inventory.stocks.values())
    return request.listing(rows, criteria_of(request, required=False), STOCK_FIELDS, _show_stock)


async def _read_stock(request: ApiRequest) -> object:
    stock = request.shop.state.inventory.stocks.get(request.whole("stockId"))
    if stock is None:
        raise ApiError(404, 'Stock with id "%value" does not exist.', {"value": request.whole("stockId")})
    return _show_stock(stock)


async def _list_links(request: ApiRequest) -> object:
    priorities = request.shop.state.inventory.priorities
    rows: list[Link] = [(stock_id, code, priority) for (stock_id, code), priority in priorities.items()]
    return request.listing(rows, criteria_of(request), LINK_FIELDS, _show_link)


async def _list_websites(request: ApiRequest) -> object:
    """Without criteria, and with the admin's own as number 0."""
    rows = [("admin", 0), *request.shop.state.inventory.websites.items()]
    return [{"id": number, "code": code, "name": code, "default_group_id": number} for code, number in rows]


async def _list_store_views(request: ApiRequest) -> object:
    """One of each website, with its number."""
    rows = [("admin", 0), *request.shop.state.inventory.websites.items()]
    return [
        {
            "id": number,
            "code": code if number != 1 else "default",
            "name": code,
            "website_id": number,
            "store_group_id": number,
            "is_active": 1,
        }
        for code, number in rows
    ]


async def _resolve_stock(request: ApiRequest) -> object:
    return _show_stock(_channel_stock(request, request.text("type"), request.text("code")))


async def _salable_quantity(request: ApiRequest) -> object:
    sku, stock_id = request.text("sku"), request.whole("stockId")
    state = request.shop.state
    if sku not in state.products:
        raise ApiError(404, NO_SUCH_PRODUCT)
    if stock_id not in state.inventory.stocks:
        raise ApiError(400, "Could not receive Stock Item data")
    return state.inventory.salable_quantity(stock_id, sku, state.rules(sku))


async def _is_salable(request: ApiRequest) -> object:
    """False, not an error, for a SKU or stock that is not there."""
    sku, state = request.text("sku"), request.shop.state
    return sku in state.products and state.inventory.is_salable(request.whole("stockId"), sku, state.rules(sku))


async def _export(request: ApiRequest) -> object:
    """Products of the catalogue that the channel's stock holds; before 2.4.9 the count was that of the page."""
    stock = _channel_stock(request, request.text("salesChannelType"), request.text("salesChannelCode"))
    state = request.shop.state
    rows = [product for product in state.products.values() if state.inventory.is_assigned(stock.id, product.sku)]

    def show(product: Product) -> object:
        quantity = state.inventory.salable_quantity(stock.id, product.sku, product.rules)
        salable = state.inventory.is_salable(stock.id, product.sku, product.rules)
        return {"sku": product.sku, "qty": quantity, "is_salable": salable}

    listing = request.listing(rows, criteria_of(request), PRODUCT_FIELDS, show)
    if request.shop.settings.export_total == "page":
        items = listing["items"]
        listing["total_count"] = len(items) if isinstance(items, list) else 0
    return listing


def _channel_stock(request: ApiRequest, channel: str, code: str) -> Stock:
    stock = request.shop.state.inventory.stock_of_website(code) if channel == "website" else None
    if stock is None:
        raise ApiError(404, "No linked stock found")
    return stock


def _show_source(source: Source) -> object:
    return {
        "source_code": source.code,
        "name": source.name,
        "enabled": source.enabled,
        "country_id": "US",
        "postcode": "00000",
        "use_default_carrier_config": True,
        "carrier_links": [],
    }


def _show_stock(stock: Stock) -> object:
    channels = [{"type": "website", "code": code} for code in stock.websites]
    return {"stock_id": stock.id, "name": stock.name, "extension_attributes": {"sales_channels": channels}}


def _show_link(link: Link) -> object:
    return {"stock_id": link[0], "source_code": link[1], "priority": link[2]}
