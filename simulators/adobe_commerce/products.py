"""The catalogue, and the stock item of the time before MSI, which now speaks for the default source.

Facts: magento/magento2 CatalogInventory/Model/StockRegistry and CatalogInventory/etc/webapi.xml (read, not run): the
item id in the path is not looked at, and fields that are not sent keep their values.
"""

from collections.abc import Mapping
from decimal import Decimal

from simulators.adobe_commerce.errors import NO_SUCH_PRODUCT, ApiError
from simulators.adobe_commerce.inventory import DEFAULT_SOURCE, DEFAULT_STOCK, IN_STOCK, OUT_OF_STOCK
from simulators.adobe_commerce.search import Fields
from simulators.adobe_commerce.service_input import Value
from simulators.adobe_commerce.shop import ApiRequest, Handlers, criteria_of
from simulators.adobe_commerce.state import Product, State
from simulators.core.wire import Number, plain

CREATED_AT = "2024-01-01 00:00:00"
ATTRIBUTE_SET = 4
ENABLED = 1
EVERYWHERE_VISIBLE = 4

FIELDS: Fields[Product] = {
    "entity_id": lambda product: product.id,
    "sku": lambda product: product.sku,
    "name": lambda product: product.name,
    "price": lambda product: product.price,
    "type_id": lambda product: product.type_id,
    "status": lambda _product: ENABLED,
    "visibility": lambda _product: EVERYWHERE_VISIBLE,
    "attribute_set_id": lambda _product: ATTRIBUTE_SET,
    "created_at": lambda _product: CREATED_AT,
    "updated_at": lambda _product: CREATED_AT,
}


def handlers() -> Handlers:
    return {
        "GET /V1/products": _list,
        "GET /V1/products/{sku}": _read,
        "GET /V1/stockItems/{productSku}": _read_stock_item,
        "PUT /V1/products/{productSku}/stockItems/{itemId}": _write_stock_item,
    }


async def _list(request: ApiRequest) -> object:
    criteria = criteria_of(request)
    products = request.shop.state.products
    skus = criteria.wanted("sku")
    rows = list(products.values()) if skus is None else [products[sku] for sku in sorted(set(skus) & products.keys())]
    rows.sort(key=lambda product: product.id)
    return request.listing(rows, criteria, FIELDS, _show)


async def _read(request: ApiRequest) -> object:
    product = request.shop.state.products.get(request.text("sku"))
    if product is None:
        raise ApiError(404, NO_SUCH_PRODUCT)
    shown = _show(product)
    stock_item = _show_stock_item(request.shop.state, product)
    return {**shown, "extension_attributes": {"website_ids": [1], "stock_item": stock_item}}


async def _read_stock_item(request: ApiRequest) -> object:
    return _show_stock_item(request.shop.state, _product(request))


async def _write_stock_item(request: ApiRequest) -> object:
    """Sets quantity and status of the default source; answers the item's own id, whatever id the path names."""
    product = _product(request)
    sent = request.body["stockItem"]
    fields: Mapping[str, Value] = sent if isinstance(sent, dict) else {}
    inventory = request.shop.state.inventory
    row = inventory.find(DEFAULT_SOURCE, product.sku)
    digits = fields.get("qty")
    quantity = digits.decimal() if isinstance(digits, Number) else row.quantity if row else Decimal(0)
    wanted = fields.get("is_in_stock")
    status = row.status if row is not None else OUT_OF_STOCK
    if wanted is not None:
        status = IN_STOCK if wanted else OUT_OF_STOCK
    inventory.put(DEFAULT_SOURCE, product.sku, quantity, status)
    request.note.effect = True
    request.note.detail["rows"] = [
        {
            "source_code": DEFAULT_SOURCE,
            "sku": product.sku,
            "quantity": digits.text if isinstance(digits, Number) else str(quantity),
            "status": status,
            "applied": True,
        }
    ]
    return product.id


def _product(request: ApiRequest) -> Product:
    sku = request.text("productSku")
    product = request.shop.state.products.get(sku)
    if product is None:
        raise ApiError(404, 'The Product with the "%1" SKU doesn\'t exist.', [sku])
    return product


def _show(product: Product) -> dict[str, object]:
    return {
        "id": product.id,
        "sku": product.sku,
        "name": product.name,
        "attribute_set_id": ATTRIBUTE_SET,
        "price": plain(product.price),
        "status": ENABLED,
        "visibility": EVERYWHERE_VISIBLE,
        "type_id": product.type_id,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "extension_attributes": {"website_ids": [1]},
        "product_links": [],
        "options": [],
        "media_gallery_entries": [],
        "tier_prices": [],
        "custom_attributes": [],
    }


def _show_stock_item(state: State, product: Product) -> dict[str, object]:
    row = state.inventory.find(DEFAULT_SOURCE, product.sku)
    rules = product.rules
    return {
        "item_id": product.id,
        "product_id": product.id,
        "stock_id": DEFAULT_STOCK,
        "qty": Decimal(0) if row is None else row.quantity,
        "is_in_stock": row is not None and row.status == IN_STOCK,
        "is_qty_decimal": True,
        "show_default_notification_message": False,
        "use_config_min_qty": rules.threshold == 0,
        "min_qty": rules.threshold,
        "use_config_min_sale_qty": 1,
        "min_sale_qty": 1,
        "use_config_max_sale_qty": True,
        "max_sale_qty": 10000,
        "use_config_backorders": not rules.backorders,
        "backorders": int(rules.backorders),
        "use_config_notify_stock_qty": True,
        "notify_stock_qty": 1,
        "use_config_qty_increments": True,
        "qty_increments": 0,
        "use_config_enable_qty_inc": True,
        "enable_qty_increments": False,
        "use_config_manage_stock": rules.manages_stock,
        "manage_stock": rules.manages_stock,
        "low_stock_date": CREATED_AT,
        "is_decimal_divided": False,
        "stock_status_changed_auto": 0,
    }
