"""What the control routes show of the state, and how they replace it."""

from typing import Any

import msgspec

from simulators.adobe_commerce.document_views import show_credit_memo, show_invoice, show_shipment
from simulators.adobe_commerce.order_views import show_order
from simulators.adobe_commerce.settings import shown
from simulators.adobe_commerce.shop import Shop
from simulators.adobe_commerce.state import (
    EveryPair,
    ItemSeed,
    LinkSeed,
    ProductSeed,
    Seed,
    SourceSeed,
    State,
    StockSeed,
    numbered_products,
)

SOURCE_ITEM_COLUMNS = ["source_code", "sku", "quantity", "status"]


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PUT /_sim/state; what is absent stays.

    New products or sources without `source_items` start without stock; new sources or stocks without `links` are all
    linked to the first stock.
    """

    products: int | list[ProductSeed | str] | None = None
    sources: list[SourceSeed | str] | None = None
    stocks: list[StockSeed] | None = None
    links: list[LinkSeed] | None = None
    source_items: list[ItemSeed] | EveryPair | None = None
    settings: dict[str, Any] | None = None  # checked by settings.changed, which knows the names

    def touch_state(self) -> bool:
        kept = (self.products, self.sources, self.stocks, self.links, self.source_items)
        return any(part is not None for part in kept)


def merged(seed: Seed, parts: Parts) -> Seed:
    """The seed with these parts replaced."""
    products = seed.products if parts.products is None else _products(parts.products)
    sources = seed.sources if parts.sources is None else [_source(source) for source in parts.sources]
    stocks = seed.stocks if parts.stocks is None else parts.stocks
    links = seed.links
    if parts.sources is not None or parts.stocks is not None:
        links = [LinkSeed(stock.stock_id, source.source_code) for stock in stocks[:1] for source in sources]
    items = seed.source_items
    if parts.products is not None or parts.sources is not None:
        items = []
    return Seed(
        products=products,
        sources=sources,
        stocks=stocks,
        links=links if parts.links is None else parts.links,
        source_items=items if parts.source_items is None else parts.source_items,
    )


def show_state(shop: Shop) -> dict[str, object]:
    state = shop.state
    inventory = state.inventory
    return {
        "settings": shown(shop.settings),
        "products": [
            {"id": product.id, "sku": product.sku, "threshold": product.rules.threshold}
            for product in state.products.values()
        ],
        "sources": [
            {"source_code": source.code, "name": source.name, "enabled": source.enabled}
            for source in inventory.sources.values()
        ],
        "stocks": [
            {"stock_id": stock.id, "name": stock.name, "websites": stock.websites}
            for stock in inventory.stocks.values()
        ],
        "links": [
            {"stock_id": stock_id, "source_code": code, "priority": priority}
            for (stock_id, code), priority in inventory.priorities.items()
        ],
        "source_items": [
            {"source_code": row.source_code, "sku": row.sku, "quantity": row.quantity, "status": row.status}
            for row in inventory.items()
        ],
        **_show_sales(state),
    }


def show_source_items(state: State) -> dict[str, object]:
    """Rows as lists with the quantity as text: several 100,000 of them must not take seconds."""
    rows = [(row.source_code, row.sku, str(row.quantity), row.status) for row in state.inventory.items()]
    return {"columns": SOURCE_ITEM_COLUMNS, "rows": rows}


def _show_sales(state: State) -> dict[str, object]:
    return {
        "reservations": [
            {
                "reservation_id": row.id,
                "stock_id": row.stock_id,
                "sku": row.sku,
                "quantity": row.quantity,
                "metadata": {"event_type": row.reason, "object_type": "order", "object_id": str(row.order_id)},
            }
            for row in state.inventory.reservations
        ],
        "orders": [show_order(order) for order in state.orders.orders.values()],
        "shipments": [show_shipment(shipment) for shipment in state.shipments.shipments.values()],
        "invoices": [show_invoice(invoice) for invoice in state.bills.invoices.values()],
        "credit_memos": [show_credit_memo(memo) for memo in state.bills.credit_memos.values()],
    }


def _products(given: int | list[ProductSeed | str]) -> list[ProductSeed]:
    if isinstance(given, int):
        return numbered_products(given)
    return [ProductSeed(product) if isinstance(product, str) else product for product in given]


def _source(given: SourceSeed | str) -> SourceSeed:
    return SourceSeed(given) if isinstance(given, str) else given
