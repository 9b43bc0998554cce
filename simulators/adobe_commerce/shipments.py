"""Shipments: what leaves which source.

Facts: magento/inventory InventoryShipping/Observer/SourceDeductionProcessor, AssignSourceCodeToShipmentPlugin and
InventorySourceDeductionApi/Model/SourceDeductionService; magento/magento2 Sales/Model/ShipOrder (read, not run).
Shipping takes from a source and appends the compensation of the reservation.  A repeat while something is left makes a
second shipment, and an excess is clamped without a word (measured by third parties on 2.4.8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.adobe_commerce.inventory import DEFAULT_SOURCE, IN_STOCK, OUT_OF_STOCK, Inventory, SalesRules
from simulators.adobe_commerce.order_rows import ZERO, OrderItem
from simulators.adobe_commerce.orders import NotAvailableError, Order, summed


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """A row of a shipment, an invoice or a credit memo."""

    id: int
    item: OrderItem
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Shipment:
    id: int
    order_id: int
    source_code: str
    created_at: float
    items: Sequence[DocumentItem]
    tracks: Sequence[Mapping[str, object]]
    comments: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class WantedShipment:
    """What is to be shipped from where, checked against the order: quantities are at most what is left."""

    source_code: str
    lines: Sequence[tuple[OrderItem, Decimal]]
    rules: Mapping[str, SalesRules]
    tracks: Sequence[Mapping[str, object]] = ()
    comments: Sequence[Mapping[str, object]] = ()


@dataclass(slots=True)
class Shipments:
    """Every shipment; ids start at 1."""

    shipments: dict[int, Shipment] = field(default_factory=dict)
    _last_item_id: int = 0

    def ship(self, inventory: Inventory, order: Order, wanted: WantedShipment, *, now: float) -> Shipment:
        """Take the goods from the source and append the compensation; all lines or none.

        Raises NotAvailableError where a line of the source holds less than is to be shipped.
        """
        rows = [row for item, quantity in wanted.lines for row in item.family(quantity)]
        goods = [(item, quantity) for item, quantity in rows if not item.children]
        for sku, quantity in summed((item.sku, quantity) for item, quantity in goods).items():
            row = inventory.find(wanted.source_code, sku)
            if wanted.rules[sku].manages_stock and (row is None or row.quantity < quantity):
                raise NotAvailableError("Not all of your products are available in the requested quantity.")
        for item, quantity in goods:
            _take(inventory, wanted, item.sku, quantity)
            inventory.reserve(order.stock_id, item.sku, quantity, reason="shipment_created", order_id=order.id)
        shipment = self._made(order, wanted, rows, now)
        order.follow_documents(in_progress=True)
        order.updated_at = now
        return shipment

    def _made(
        self, order: Order, wanted: WantedShipment, rows: Sequence[tuple[OrderItem, Decimal]], now: float
    ) -> Shipment:
        items = []
        for item, quantity in rows:
            item.shipped += quantity
            self._last_item_id += 1
            items.append(DocumentItem(self._last_item_id, item, quantity))
        number = len(self.shipments) + 1
        made = Shipment(number, order.id, wanted.source_code, now, items, wanted.tracks, wanted.comments)
        self.shipments[number] = made
        return made


def _take(inventory: Inventory, wanted: WantedShipment, sku: str, quantity: Decimal) -> None:
    rules, row = wanted.rules[sku], inventory.find(wanted.source_code, sku)
    if rules.manages_stock and row is not None:
        left = row.quantity - quantity
        sold_out = left == rules.threshold and not rules.backorders
        status = OUT_OF_STOCK if sold_out or row.status == OUT_OF_STOCK else IN_STOCK
        inventory.put(wanted.source_code, sku, left, status)


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
        quantity = item.left if asked is None else min(asked.get(item.id, ZERO), item.left)
        if quantity > 0 and item.is_shipped_itself:
            lines.append((item, quantity))
    return lines
