"""Sources, stocks, source items and reservations, and what may be sold of them.

Facts: AdobeDocs/commerce-webapi src/pages/rest/inventory; magento/inventory InventorySales/Model/GetProductSalableQty
and GetProductAvailableQty (read, not run): salable = sum over the enabled sources of the stock of rows in stock, plus
the (negative) reservations, minus the out-of-stock threshold; 0 for what is not in stock at all.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from simulators.core.wire import plain

IN_STOCK = 1
OUT_OF_STOCK = 0
DEFAULT_SOURCE = "default"
DEFAULT_STOCK = 1
FOUR_PLACES = Decimal("0.0001")
LARGEST_QUANTITY = Decimal("99999999.9999")


@dataclass(slots=True)
class Source:
    code: str
    name: str
    enabled: bool = True


@dataclass(slots=True)
class Stock:
    id: int
    name: str
    websites: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SourceItem:
    id: int
    source_code: str
    sku: str
    quantity: Decimal
    status: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Signed and never changed: negative when an order is placed, positive when the goods leave or it is cancelled."""

    id: int
    stock_id: int
    sku: str
    quantity: Decimal
    reason: str
    order_id: int


@dataclass(frozen=True, slots=True)
class SalesRules:
    """What the catalogue says about selling one product."""

    threshold: Decimal = Decimal(0)
    backorders: bool = False
    manages_stock: bool = True


@dataclass(slots=True)
class Inventory:
    """All of MSI's tables.  A source item needs a source, but no product: unknown SKUs are orphans."""

    sources: dict[str, Source] = field(default_factory=dict)
    stocks: dict[int, Stock] = field(default_factory=dict)
    priorities: dict[tuple[int, str], int] = field(default_factory=dict)
    reservations: list[Reservation] = field(default_factory=list)
    _by_sku: dict[str, dict[str, SourceItem]] = field(default_factory=dict)
    _by_source: defaultdict[str, dict[str, SourceItem]] = field(default_factory=lambda: defaultdict(dict))
    _all: dict[int, SourceItem] = field(default_factory=dict)
    _reserved: defaultdict[tuple[int, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _last_item_id: int = 0
    _last_reservation_id: int = 0
    _in_order: dict[str, list[str]] = field(default_factory=dict)
    """SKUs of a source as a database index keeps them; made anew after a row came or went."""

    # ── source items ─────────────────────────────────────────────────────────────────────────────

    def put(self, source_code: str, sku: str, quantity: Decimal, status: int) -> None:
        """Insert or replace one row; the column keeps four decimals and clips what is too large."""
        kept = stored_quantity(quantity)
        row = self.find(source_code, sku)
        if row is not None:
            row.quantity, row.status = kept, status
            return
        self._last_item_id += 1
        row = SourceItem(self._last_item_id, source_code, sku, kept, status)
        self._by_sku.setdefault(sku, {})[source_code] = row
        self._by_source[source_code][sku] = row
        if source_code in self._in_order:
            insort(self._in_order[source_code], sku)
        self._all[row.id] = row

    def delete(self, source_code: str, sku: str) -> bool:
        """False where there was no such row."""
        row = self.find(source_code, sku)
        if row is None:
            return False
        del self._by_sku[sku][source_code], self._by_source[source_code][sku], self._all[row.id]
        self._in_order.pop(source_code, None)
        return True

    def find(self, source_code: str, sku: str) -> SourceItem | None:
        return self._by_sku.get(sku, {}).get(source_code)

    def items(self, skus: Sequence[str] | None = None, sources: Sequence[str] | None = None) -> list[SourceItem]:
        """Rows in the order of their ids, narrowed by an index where SKUs or sources are named."""
        if skus is not None:
            rows = [row for sku in dict.fromkeys(skus) for row in self._by_sku.get(sku, {}).values()]
            return sorted(rows, key=lambda row: row.id)
        if sources is not None:
            rows = [row for code in dict.fromkeys(sources) for row in self._by_source.get(code, {}).values()]
            return sorted(rows, key=lambda row: row.id) if len(sources) > 1 else rows
        return list(self._all.values())

    def items_behind(self, source_code: str, sku: str, most: int) -> tuple[list[SourceItem], int]:
        """The next rows of a source by SKU, read along the index as a database does, and how many there are in all."""
        rows = self._by_source.get(source_code, {})
        order = self._in_order.get(source_code)
        if order is None:
            order = self._in_order[source_code] = sorted(rows)
        start = bisect_right(order, sku)
        return [rows[one] for one in order[start : start + most]], len(order) - start

    # ── stocks ───────────────────────────────────────────────────────────────────────────────────

    def stocks_of(self, source_codes: Iterable[str]) -> set[int]:
        codes = set(source_codes)
        return {stock_id for stock_id, code in self.priorities if code in codes}

    def sources_of(self, stock_id: int) -> list[str]:
        """By priority."""
        linked = [(priority, code) for (stock, code), priority in self.priorities.items() if stock == stock_id]
        return [code for _, code in sorted(linked)]

    @property
    def websites(self) -> dict[str, int]:
        """Code → id of every website that a stock serves; each has one store view with the same id."""
        codes = dict.fromkeys(code for stock in self.stocks.values() for code in stock.websites)
        return {code: number for number, code in enumerate(codes, start=1)}

    def stock_of_website(self, code: str) -> Stock | None:
        return next((stock for stock in self.stocks.values() if code in stock.websites), None)

    # ── what may be sold ─────────────────────────────────────────────────────────────────────────

    def reserve(self, stock_id: int, sku: str, quantity: Decimal, *, reason: str, order_id: int) -> None:
        self._last_reservation_id += 1
        row = Reservation(self._last_reservation_id, stock_id, sku, quantity, reason, order_id)
        self.reservations.append(row)
        self._reserved[stock_id, sku] += quantity

    def lose_compensation(self, order_id: int, sku: str) -> bool:
        """The newest positive row of the order and SKU was never written; False where there is none."""
        rows = [row for row in self.reservations if (row.order_id, row.sku) == (order_id, sku) and row.quantity > 0]
        if not rows:
            return False
        self.reservations.remove(rows[-1])
        self._reserved[rows[-1].stock_id, sku] -= rows[-1].quantity
        return True

    def reserved(self, stock_id: int, sku: str) -> Decimal:
        """Sum of all reservations: zero or negative while orders are open."""
        return self._reserved.get((stock_id, sku), Decimal(0))

    def is_assigned(self, stock_id: int, sku: str) -> bool:
        return any((stock_id, code) in self.priorities for code in self._by_sku.get(sku, {}))

    def available(self, stock_id: int, sku: str) -> Decimal:
        """Physical quantity that the stock can count on, before reservations."""
        return sum((row.quantity for row in self._counting_rows(stock_id, sku)), Decimal(0))

    def is_in_stock(self, stock_id: int, sku: str, rules: SalesRules) -> bool:
        rows = list(self._counting_rows(stock_id, sku))
        if not rows:
            return False
        return not rules.manages_stock or rules.backorders or sum(row.quantity for row in rows) > rules.threshold

    def salable_quantity(self, stock_id: int, sku: str, rules: SalesRules) -> Decimal:
        """May be below 0 where more is reserved than is there."""
        if not self.is_in_stock(stock_id, sku, rules):
            return Decimal(0)
        return plain(self.available(stock_id, sku) + self.reserved(stock_id, sku) - rules.threshold)

    def is_salable(self, stock_id: int, sku: str, rules: SalesRules) -> bool:
        if not self.is_in_stock(stock_id, sku, rules):
            return False
        return not rules.manages_stock or rules.backorders or self.salable_quantity(stock_id, sku, rules) > 0

    def _counting_rows(self, stock_id: int, sku: str) -> Iterator[SourceItem]:
        for code, row in self._by_sku.get(sku, {}).items():
            source = self.sources.get(code)
            if row.status == IN_STOCK and (stock_id, code) in self.priorities and source is not None and source.enabled:
                yield row


def stored_quantity(quantity: Decimal) -> Decimal:
    """What the column decimal(12,4) keeps."""
    if not -LARGEST_QUANTITY <= quantity <= LARGEST_QUANTITY:
        return LARGEST_QUANTITY.copy_sign(quantity)
    return plain(quantity.quantize(FOUR_PLACES, ROUND_HALF_UP))
