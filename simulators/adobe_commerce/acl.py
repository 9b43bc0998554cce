"""Which permission each operation needs; a missing one is answered like a bad token.

Facts: etc/webapi.xml of InventoryApi, InventorySalesApi and InventoryExportStockApi (magento/inventory), of Catalog,
CatalogInventory and Sales (magento/magento2).
"""

SOURCES = "Magento_InventoryApi::source"
STOCKS = "Magento_InventoryApi::stock"
LINKS = "Magento_InventoryApi::stock_source_link"
SOURCE_ITEMS = "Magento_InventoryApi::stock_source_item_assign"
SALABLE = "Magento_InventorySalesApi::stock"
STORES = "Magento_Backend::store"
PRODUCTS = "Magento_Catalog::products"
STOCK_ITEMS = "Magento_CatalogInventory::cataloginventory"
OTHER = "Magento_Sales::sales"

RESOURCES = {
    "GET /V1/inventory/sources": SOURCES,
    "GET /V1/inventory/sources/{sourceCode}": SOURCES,
    "GET /V1/inventory/stocks": STOCKS,
    "GET /V1/inventory/stocks/{stockId}": STOCKS,
    "GET /V1/inventory/stock-source-links": LINKS,
    "GET /V1/inventory/source-items": SOURCES,
    "POST /V1/inventory/source-items": SOURCE_ITEMS,
    "POST /V1/inventory/source-items-delete": SOURCE_ITEMS,
    "GET /V1/inventory/get-product-salable-quantity/{sku}/{stockId}": SALABLE,
    "GET /V1/inventory/is-product-salable/{sku}/{stockId}": SALABLE,
    "GET /V1/inventory/stock-resolver/{type}/{code}": SALABLE,
    "GET /V1/inventory/export-stock-salable-qty/{salesChannelType}/{salesChannelCode}": STOCKS,
    "GET /V1/store/websites": STORES,
    "GET /V1/store/storeViews": STORES,
    "GET /V1/products": PRODUCTS,
    "GET /V1/products/{sku}": PRODUCTS,
    "GET /V1/stockItems/{productSku}": STOCK_ITEMS,
    "PUT /V1/products/{productSku}/stockItems/{itemId}": STOCK_ITEMS,
    "GET /V1/orders": "Magento_Sales::actions_view",
    "GET /V1/orders/items": OTHER,
    "GET /V1/orders/{id}": "Magento_Sales::actions_view",
    "GET /V1/orders/{id}/statuses": "Magento_Sales::actions_view",
    "GET /V1/orders/{id}/comments": "Magento_Sales::actions_view",
    "POST /V1/orders": "Magento_Sales::create",
    "PUT /V1/orders/create": "Magento_Sales::create",
    "POST /V1/orders/{id}/comments": "Magento_Sales::comment",
    "POST /V1/orders/{id}/cancel": "Magento_Sales::cancel",
    "POST /V1/orders/{id}/hold": "Magento_Sales::hold",
    "POST /V1/orders/{id}/unhold": "Magento_Sales::unhold",
    "POST /V1/order/{orderId}/ship": "Magento_Sales::ship",
    "POST /V1/order/{orderId}/invoice": "Magento_Sales::sales_invoice",
    "POST /V1/order/{orderId}/refund": "Magento_Sales::creditmemo",
    "GET /V1/shipments": "Magento_Sales::shipment",
    "GET /V1/shipment/{id}": "Magento_Sales::shipment",
    "GET /V1/invoices": "Magento_Sales::sales_invoice",
    "GET /V1/invoices/{id}": "Magento_Sales::sales_invoice",
    "GET /V1/creditmemos": "Magento_Sales::sales_creditmemo",
    "GET /V1/creditmemo/{id}": "Magento_Sales::sales_creditmemo",
}


def resource_of(key: str) -> str:
    return RESOURCES.get(key, OTHER)
