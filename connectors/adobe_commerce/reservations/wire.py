"""Commerce's JSON of stocks, store views, salable quantities and order rows, and nothing of ours."""

from decimal import Decimal

import msgspec

from connectors.adobe_commerce.orders.wire import Id, ItemRow
from connectors.adobe_commerce.wire import Page, check_quantity


class ChannelRow(msgspec.Struct, frozen=True):
    type: str
    code: str


class StockExtension(msgspec.Struct, frozen=True):
    sales_channels: tuple[ChannelRow, ...] = ()


class StockRow(msgspec.Struct, frozen=True):
    stock_id: int
    extension_attributes: StockExtension = StockExtension()


class WebsiteRow(msgspec.Struct, frozen=True):
    id: int
    code: str


class StoreViewRow(msgspec.Struct, frozen=True):
    id: int
    website_id: int


class SalableRow(msgspec.Struct, frozen=True, gc=False):
    sku: str
    qty: Decimal

    def __post_init__(self) -> None:
        check_quantity(self.qty)


class OpenOrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order cut down to what it has reserved."""

    entity_id: int
    increment_id: str
    state: str | None = None
    store_id: int | None = None
    items: tuple[ItemRow, ...] = ()


class OrderOfItemRow(msgspec.Struct, frozen=True):
    """An order's row cut down to whose it is."""

    item_id: Id
    order_id: int


class SellingRow(msgspec.Struct, frozen=True):
    """The legacy stock item cut down to how its product is sold."""

    min_qty: Decimal | None = None
    backorders: int = 0
    manage_stock: bool = True

    def __post_init__(self) -> None:
        if self.min_qty is not None:
            check_quantity(self.min_qty)


decode_stocks = msgspec.json.Decoder(Page[StockRow], strict=False).decode
decode_websites = msgspec.json.Decoder(tuple[WebsiteRow, ...], strict=False).decode
decode_store_views = msgspec.json.Decoder(tuple[StoreViewRow, ...], strict=False).decode
decode_salable = msgspec.json.Decoder(Page[SalableRow], strict=False).decode
decode_open_orders = msgspec.json.Decoder(Page[OpenOrderRow], strict=False).decode
decode_orders_of_items = msgspec.json.Decoder(Page[OrderOfItemRow], strict=False).decode
decode_selling = msgspec.json.Decoder(SellingRow, strict=False).decode
