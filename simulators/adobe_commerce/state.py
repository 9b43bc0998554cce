"""Everything that the simulated shop remembers, and the seed that a reset returns to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

import msgspec

from simulators.adobe_commerce.billing import Bills
from simulators.adobe_commerce.inventory import DEFAULT_STOCK, Inventory, SalesRules, Source, Stock
from simulators.adobe_commerce.orders import Orders
from simulators.adobe_commerce.shipments import Shipments

Code = Annotated[str, msgspec.Meta(min_length=1)]


class ProductSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product of the catalogue; `threshold` is Commerce's Out-of-Stock Threshold."""

    sku: Code
    name: str = ""
    price: Decimal = Decimal(10)
    type_id: str = "simple"
    threshold: Decimal = Decimal(0)
    backorders: bool = False
    manages_stock: bool = True


class SourceSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source_code: Code
    name: str = ""
    enabled: bool = True


class StockSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stock_id: int
    name: str = ""
    websites: list[str] = msgspec.field(default_factory=list)


class LinkSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stock_id: int
    source_code: Code
    priority: int = 1


class ItemSeed(msgspec.Struct, frozen=True, array_like=True):
    """[source_code, sku, quantity] or with a status as the fourth member."""

    source_code: Code
    sku: Code
    quantity: Decimal
    status: int = 1


class EveryPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row for every product at every source: how a catalogue of any size gets its stock."""

    quantity: Decimal
    status: int = 1


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reset returns to."""

    products: list[ProductSeed]
    sources: list[SourceSeed]
    stocks: list[StockSeed]
    links: list[LinkSeed]
    source_items: list[ItemSeed] | EveryPair = msgspec.field(default_factory=list)


@dataclass(slots=True)
class Product:
    id: int
    sku: str
    name: str
    price: Decimal
    type_id: str
    rules: SalesRules


@dataclass(slots=True)
class State:
    """A reset replaces the whole value, so work in flight keeps writing to the old one and disturbs nobody."""

    products: dict[str, Product] = field(default_factory=dict)
    inventory: Inventory = field(default_factory=Inventory)
    orders: Orders = field(default_factory=Orders)
    shipments: Shipments = field(default_factory=Shipments)
    bills: Bills = field(default_factory=Bills)

    def rules(self, sku: str) -> SalesRules:
        product = self.products.get(sku)
        return SalesRules() if product is None else product.rules


def build(seed: Seed) -> State:
    """Raises ValueError where a link or a source item names a source or stock that the seed does not hold."""
    state = State()
    for number, product in enumerate(seed.products, start=1):
        rules = SalesRules(product.threshold, product.backorders, product.manages_stock)
        name = product.name or f"Product {product.sku}"
        state.products[product.sku] = Product(number, product.sku, name, product.price, product.type_id, rules)
    inventory = state.inventory
    for source in seed.sources:
        inventory.sources[source.source_code] = Source(
            source.source_code, source.name or source.source_code, source.enabled
        )
    for stock in seed.stocks:
        inventory.stocks[stock.stock_id] = Stock(
            stock.stock_id, stock.name or f"Stock {stock.stock_id}", list(stock.websites)
        )
    for link in seed.links:
        if link.source_code not in inventory.sources or link.stock_id not in inventory.stocks:
            raise ValueError(f"link of stock {link.stock_id} to {link.source_code}: one of them is not there")
        inventory.priorities[link.stock_id, link.source_code] = link.priority
    for item in _items(seed):
        if item.source_code not in inventory.sources:
            raise ValueError(f"source item {item.sku}: no source {item.source_code}")
        inventory.put(item.source_code, item.sku, item.quantity, item.status)
    return state


def _items(seed: Seed) -> Iterator[ItemSeed]:
    if isinstance(seed.source_items, EveryPair):
        for product in seed.products:
            for source in seed.sources:
                yield ItemSeed(source.source_code, product.sku, seed.source_items.quantity, seed.source_items.status)
    else:
        yield from seed.source_items


def numbered_products(count: int) -> list[ProductSeed]:
    """SKU-00001 and on."""
    return [ProductSeed(sku=f"SKU-{number:05d}") for number in range(1, count + 1)]


def default_seed() -> Seed:
    """A small catalogue; the default stock, and one that three warehouses and a drop-shipper serve."""
    warehouses = ["wh-east", "wh-north", "wh-west", "dropship-1"]
    products = [
        ProductSeed("PUMP-P100", "Pump P100", Decimal("489.00")),
        ProductSeed("VALVE-DN50", "Gate valve DN50", Decimal("74.50")),
        ProductSeed("SEAL-KIT-7", "Seal kit 7", Decimal("12.90"), threshold=Decimal(5)),
        ProductSeed("CABLE-3X15", "Cable 3 x 1.5, by the metre", Decimal("1.15")),
        ProductSeed("MOTOR-M2", "Motor M2, made to order", Decimal("1290.00"), backorders=True),
    ]
    quantities = [Decimal(40), Decimal(120), Decimal(300), Decimal("190.7"), Decimal(0)]
    items = [
        ItemSeed(code, product.sku, quantity)
        for code in ["default", *warehouses]
        for product, quantity in zip(products, quantities, strict=True)
    ]
    return Seed(
        products=products,
        sources=[SourceSeed("default", "Default Source")] + [SourceSeed(code) for code in warehouses],
        stocks=[StockSeed(DEFAULT_STOCK, "Default Stock", ["base"]), StockSeed(2, "B2B Stock", ["b2b"])],
        links=[LinkSeed(DEFAULT_STOCK, "default")]
        + [LinkSeed(2, code, priority) for priority, code in enumerate(warehouses, start=1)],
        source_items=items,
    )
