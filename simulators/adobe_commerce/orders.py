"""Orders and shipments, as far as stock depends on them.

Facts: magento/inventory InventoryShipping/Observer/SourceDeductionProcessor, AssignSourceCodeToShipmentPlugin and
InventorySourceDeductionApi/Model/SourceDeductionService; magento/magento2 Sales/Model/ShipOrder (read, not run).
Placing an order reserves on the stock; shipping takes from a source and appends the compensation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.adobe_commerce.inventory import DEFAULT_SOURCE, IN_STOCK, OUT_OF_STOCK, Inventory, SalesRules


class NotAvailableError(Exception):
    """Less than asked for can be sold, or is at the source."""


@dataclass(slots=True)
class OrderItem:
    id: int
    sku: str
    ordered: Decimal
    shipped: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        return self.ordered - self.shipped - self.cancelled


@dataclass(slots=True)
class Order:
    id: int
    increment_id: str
    website: str
    stock_id: int
    created_at: float
    items: list[OrderItem]
    state: str = "new"
    status: str = "pending"
    updated_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ShipmentItem:
    id: int
    order_item_id: int
    sku: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Shipment:
    id: int
    increment_id: str
    order_id: int
    source_code: str
    created_at: float
    items: list[ShipmentItem]
    tracks: list[Mapping[str, object]] = field(default_factory=list)
    comments: list[Mapping[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Orders:
    """Every order and shipment; ids start at 1."""

    orders: dict[int, Order] = field(default_factory=dict)
    shipments: dict[int, Shipment] = field(default_factory=dict)
    _last_item_id: int = 0
    _last_shipment_item_id: int = 0

    def place(
        self, inventory: Inventory, website: str, lines: Sequence[tuple[str, Decimal]], *, now: float, number: str = ""
    ) -> Order:
        """The website's stock must exist.  Appends one negative reservation per line."""
        stock = inventory.stock_of_website(website)
        if stock is None:
            raise NotAvailableError(f"no stock serves website {website}")
        items = []
        for sku, quantity in lines:
            self._last_item_id += 1
            items.append(OrderItem(self._last_item_id, sku, quantity))
        order_id = len(self.orders) + 1
        order = Order(order_id, number or f"{order_id:09d}", website, stock.id, now, items, updated_at=now)
        self.orders[order_id] = order
        for item in items:
            inventory.reserve(stock.id, item.sku, -item.ordered, reason="order_placed", order_id=order_id)
        return order

    def cancel(self, inventory: Inventory, order: Order, *, now: float) -> bool:
        """False where nothing is left to cancel: Commerce answers that with 200."""
        open_items = [item for item in order.items if item.left > 0]
        if order.state in {"canceled", "complete"} or not open_items:
            return False
        for item in open_items:
            inventory.reserve(order.stock_id, item.sku, item.left, reason="order_canceled", order_id=order.id)
            item.cancelled += item.left
        untouched = all(item.shipped == 0 for item in order.items)
        order.state = order.status = "canceled" if untouched else "complete"
        order.updated_at = now
        return True

    def ship(self, inventory: Inventory, order: Order, wanted: "WantedShipment", *, now: float) -> Shipment:
        """Take the goods from the source and append the compensation; all lines or none.

        Raises NotAvailableError where a line of the source holds less than is to be shipped.
        """
        for sku, quantity in summed((item.sku, quantity) for item, quantity in wanted.lines).items():
            row = inventory.find(wanted.source_code, sku)
            if wanted.rules[sku].manages_stock and (row is None or row.quantity < quantity):
                raise NotAvailableError("Not all of your products are available in the requested quantity.")
        shipped = [self._ship_line(inventory, order, wanted, item, quantity) for item, quantity in wanted.lines]
        shipment_id = len(self.shipments) + 1
        shipment = Shipment(
            shipment_id,
            f"{shipment_id:09d}",
            order.id,
            wanted.source_code,
            now,
            shipped,
            list(wanted.tracks),
            list(wanted.comments),
        )
        self.shipments[shipment_id] = shipment
        order.state = order.status = "processing"
        order.updated_at = now
        return shipment

    def _ship_line(  # noqa: PLR0917 - one line of one shipment of one order
        self, inventory: Inventory, order: Order, wanted: "WantedShipment", item: OrderItem, quantity: Decimal
    ) -> ShipmentItem:
        rules = wanted.rules[item.sku]
        row = inventory.find(wanted.source_code, item.sku)
        if rules.manages_stock and row is not None:
            left = row.quantity - quantity
            sold_out = left == rules.threshold and not rules.backorders
            status = OUT_OF_STOCK if sold_out or row.status == OUT_OF_STOCK else IN_STOCK
            inventory.put(wanted.source_code, item.sku, left, status)
        inventory.reserve(order.stock_id, item.sku, quantity, reason="shipment_created", order_id=order.id)
        item.shipped += quantity
        self._last_shipment_item_id += 1
        return ShipmentItem(self._last_shipment_item_id, item.id, item.sku, quantity)


@dataclass(frozen=True, slots=True)
class WantedShipment:
    """What is to be shipped from where, checked against the order: quantities are at most what is left."""

    source_code: str
    lines: Sequence[tuple[OrderItem, Decimal]]
    rules: Mapping[str, SalesRules]
    tracks: Sequence[Mapping[str, object]] = ()
    comments: Sequence[Mapping[str, object]] = ()


def summed(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Quantity per SKU: two lines may name the same one."""
    total: dict[str, Decimal] = {}
    for sku, quantity in lines:
        total[sku] = total.get(sku, Decimal(0)) + quantity
    return total


def shipping_source(inventory: Inventory, order: Order, asked: str | None) -> str:
    """The one asked for, else the stock's only source, else the default source."""
    if asked:
        return asked
    sources = inventory.sources_of(order.stock_id)
    return sources[0] if len(sources) == 1 else DEFAULT_SOURCE


def lines_to_ship(order: Order, asked: Mapping[int, Decimal] | None) -> list[tuple[OrderItem, Decimal]]:
    """Everything that is left where nothing is asked for; an excess is clamped to what is left, without an error."""
    lines = []
    for item in order.items:
        quantity = item.left if asked is None else min(asked.get(item.id, Decimal(0)), item.left)
        if quantity > 0:
            lines.append((item, quantity))
    return lines
