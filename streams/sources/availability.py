"""How much of a SKU can be promised now: from memory; for the last units asked anew, with a bound and a fallback."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from streams.domain.quantities import MICROS
from streams.sources.reservation_desk import Books, UnknownSkuError
from streams.sources.shop_promises import Reading, ShopSilentError
from streams.sources.stock_book import promisable

FRESH_S = 5.0
"""Of what is not scarce a reading of this age is good enough."""


class Found(NamedTuple):
    """What can be promised (micros), how old the oldest figure is, and against what it was checked."""

    left: int
    age_s: float
    checked: str
    why: str = ""
    components: Mapping[str, int] = {}


class AvailabilityDesk:
    """`components`: SKU → component → micros of it in one; `last_units` as the stock lane has them."""

    def __init__(self, books: Books, components: Mapping[str, Mapping[str, int]], last_units: int) -> None:
        self._books, self._components, self._last = books, components, last_units

    async def of(self, sku: str, quantity: int) -> Found:
        """Raises UnknownSkuError."""
        parts = self._components.get(sku)
        if parts is None:
            return await self._plain(sku, quantity)
        found = await asyncio.gather(*(self._plain(one, quantity * each // MICROS) for one, each in parts.items()))
        left = min(one.left * MICROS // each for one, each in zip(found, parts.values(), strict=True))
        worst = max(found, key=lambda one: (bool(one.why), one.checked == "cache", one.age_s))
        return worst._replace(
            left=left // MICROS * MICROS,
            components={name: one.left for name, one in zip(parts, found, strict=True)},
        )

    async def _plain(self, sku: str, quantity: int) -> Found:
        stock = self._books.stock.get(sku)
        if stock is None:
            raise UnknownSkuError
        there = promisable(stock)
        known = self._books.promises.lately(sku)
        if known is not None and known.age_s <= FRESH_S and self._left(there, known) - quantity > self._last:
            return Found(self._left(there, known), known.age_s, "cache")
        try:
            reading = await self._books.promises.now(sku)
        except ShopSilentError as error:
            return Found(there, 0.0, "cache", f"the shop did not tell what its open orders have: {error}")
        return Found(self._left(there, reading), reading.age_s, "cache" if reading.why else "shop", reading.why)

    @staticmethod
    def _left(there: int, reading: Reading) -> int:
        return 0 if reading.reserved is None else max(0, there - reading.reserved)
