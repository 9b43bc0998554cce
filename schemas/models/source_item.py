"""Quantity of one SKU at one source, absolute, as a shop shows it."""

from decimal import Decimal
from typing import NamedTuple

import msgspec


class StockPair(NamedTuple):
    """What a stock row is keyed by at the target."""

    source_code: str
    sku: str


class SourceItem(msgspec.Struct, frozen=True, gc=False):
    """One row: `quantity` is never negative and has at most four decimals; `in_stock` is the shop's status 1 or 0."""

    sku: str
    source_code: str
    quantity: Decimal
    in_stock: bool

    @property
    def pair(self) -> StockPair:
        return StockPair(self.source_code, self.sku)
