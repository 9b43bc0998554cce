"""One call of the stock lane: its rows, and what each kind of answer means for them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.models.source_item import SourceItem, StockPair
from streams.domain.lane_rows import Row
from streams.domain.quantities import to_decimal


class Item(NamedTuple):
    """A row on its way out: the SKU, and the row as it is written."""

    sku: str
    row: Row

    @property
    def pair(self) -> StockPair:
        return StockPair(self.row.source_code, self.sku)

    @property
    def source_item(self) -> SourceItem:
        shown = self.row.to_write
        return SourceItem(self.sku, self.row.source_code, to_decimal(shown.quantity), shown.in_stock)


def in_write_order(items: Iterable[Item]) -> list[Item]:
    """Sorted by source and SKU: writers that lock rows in one order deadlock less (magento/inventory#3459)."""
    return sorted(items, key=lambda item: item.pair)


def call_id(items: Sequence[Item]) -> bytes:
    """Derived from what is written: a repeat after a replay has the same id."""
    digest = hashlib.blake2b(digest_size=16)
    for item in items:
        digest.update(f"{item.row.source_code}\0{item.sku}\0{item.row.version}\n".encode())
    return digest.digest()


def halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """To find the bad row: the target names only the first error of a request."""
    middle = len(items) // 2
    return items[:middle], items[middle:]


def shows(item: Item, found: SourceItem | None) -> bool:
    """Whether the target shows what the row had to write."""
    return found is not None and found == item.source_item
