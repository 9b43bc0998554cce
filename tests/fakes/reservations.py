"""`ReservationSource` in memory: a shop whose stocks sell from the sources of an `InMemoryStockTarget`."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from connectors.core.reservation_ports import LinePage, SalablePage
from schemas.models.reservation import PromisedLine, Salable, SalesStock, SellingRules
from tests.fakes.stock_target import InMemoryStockTarget

MICROS = 1_000_000


class MemoryReservations:
    """Salable as the vendor's rule has it: stock less what is reserved less what is kept back, 0 where none is there.

    `reserved` holds what is reserved by SKU and stock, beside what open orders promise: 0 where all is well.
    `before_salable` is called with every look: what happens at the shop at that moment.
    """

    def __init__(self, shop: InMemoryStockTarget, *stocks: SalesStock) -> None:
        self.shop, self.stocks = shop, stocks
        self.lines: list[PromisedLine] = []
        self.wrong: Counter[tuple[int, str]] = Counter()
        self.rules: dict[str, SellingRules] = {}
        self.skus: list[str] = []
        self.page_size = 2
        self.before_salable: Callable[[], object] = lambda: None
        self.asked_rules: list[str] = []
        self.asked_salable: list[tuple[str, ...]] = []

    def order(self, sku: str, units: int, *, stock_id: int = 1, **given: object) -> PromisedLine:
        """The next order, open unless told."""
        number = len(self.lines) + 1
        plain = {"order_number": f"{number:09}", "entity_id": number, "state": "new", "is_over": False}
        line = PromisedLine(**{**plain, "stock_id": stock_id, "sku": sku, "ordered": units * MICROS, **given})  # type: ignore[arg-type]
        self.lines.append(line)
        return line

    async def sales_stocks(self) -> Sequence[SalesStock]:
        return self.stocks

    async def open_lines(self, after: str = "") -> LinePage:
        left = [one for one in self.lines if not one.is_over and one.entity_id > int(after or 0)]
        page = left[: self.page_size]
        return LinePage(page, str(page[-1].entity_id) if len(left) > len(page) else None)

    async def lines_of(self, sku: str, most: int) -> tuple[Sequence[PromisedLine], bool]:
        found = [one for one in reversed(self.lines) if one.sku == sku]
        return found[:most], len(found) <= most

    async def salable_page(self, stock: SalesStock, after: str = "") -> SalablePage:
        self.before_salable()
        skus = sorted(self.skus)
        first = bisect_right(skus, after) if after else 0
        page = skus[first : first + self.page_size]
        items = [Salable(sku, self._salable(stock, sku)) for sku in page]
        return SalablePage(items, page[-1] if first + len(page) < len(skus) else None)

    async def salable(self, stock: SalesStock, skus: Collection[str]) -> Mapping[str, int]:
        self.before_salable()
        self.asked_salable.append(tuple(skus))
        return {sku: self._salable(stock, sku) for sku in skus if sku in self.skus}

    async def selling_rules(self, sku: str) -> SellingRules | None:
        self.asked_rules.append(sku)
        return self.rules.get(sku)

    async def reserved(self, sku: str) -> int | None:
        return sum(one.open for one in self.lines if one.sku == sku)

    async def close(self) -> None:
        """Nothing is held."""

    def _salable(self, stock: SalesStock, sku: str) -> int:
        rules = self.rules.get(sku, SellingRules())
        rows = [row for row in self.shop.rows.values() if row.sku == sku and row.source_code in stock.sources]
        there = sum(int(row.quantity * MICROS) for row in rows if row.in_stock)
        if there <= rules.threshold and not rules.backorders:
            return 0
        promised = sum(one.open for one in self.lines if (one.stock_id, one.sku) == (stock.stock_id, sku))
        return there - promised - self.wrong[stock.stock_id, sku] - rules.threshold
