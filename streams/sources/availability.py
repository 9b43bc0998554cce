"""How much of a SKU can be promised now: from memory; for the last units asked anew, with a bound and a fallback."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from connectors.core.errors import ConnectorError, NotFoundError
from connectors.core.ports import AvailabilitySource
from streams.domain.quantities import MICROS, from_decimal
from streams.runtime.logs import logger
from streams.sources.reservation_desk import Books, UnknownSkuError
from streams.sources.shop_reserved import Reading, ShopSilentError
from streams.sources.stock_book import promisable

FRESH_S = 5.0
"""Of what is not scarce an older reading is renewed, for whoever asks next."""
CACHE, SHOP, ERP = "cache", "shop", "erp"
_LOG = logger("streams.gateway")


class Found(NamedTuple):
    """What can be promised (micros), how old the oldest figure is, and against what it was checked."""

    left: int
    age_s: float
    checked: str
    why: str = ""
    components: Mapping[str, int] = {}


class LookUp(NamedTuple):
    """The system behind that is asked for the last units; `port` None: none is."""

    port: AvailabilitySource | None = None
    within_s: float = 0.3


class AvailabilityDesk:
    """`components`: SKU → component → micros of it in one; `last_units` as the stock lane has them."""

    def __init__(
        self, books: Books, components: Mapping[str, Mapping[str, int]], last_units: int, look_up: LookUp
    ) -> None:
        self._books, self._components, self._last, self._look_up = books, components, last_units, look_up

    async def of(self, sku: str, quantity: int) -> Found:
        """Raises UnknownSkuError."""
        parts = self._components.get(sku)
        if parts is None:
            return await self._plain(sku, quantity)
        wanted = {one: quantity * each // MICROS for one, each in parts.items()}
        found = await asyncio.gather(*(self._plain(one, wanted[one], is_shared=True) for one in parts))
        left = min(one.left * MICROS // each for one, each in zip(found, parts.values(), strict=True))
        worst = max(found, key=lambda one: (bool(one.why), one.checked == CACHE, one.age_s))
        return worst._replace(
            left=left // MICROS * MICROS,
            components={name: one.left for name, one in zip(parts, found, strict=True)},
        )

    async def _plain(self, sku: str, quantity: int, *, is_shared: bool = False) -> Found:
        """A component that several products share is looked up however much of it there is."""
        stock = self._books.stock.get(sku)
        if stock is None:
            raise UnknownSkuError
        there = promisable(stock)
        known = self._books.reserved.lately(sku)
        if known is not None and self._left(there, known) - quantity > self._last:
            if known.age_s > FRESH_S:
                self._books.reserved.renew(sku)
            found = Found(self._left(there, known), known.age_s, CACHE)
            return await self._looked_up(sku, found) if is_shared else found
        try:
            reading = await self._books.reserved.now(sku)
        except ShopSilentError as error:
            return Found(there, 0.0, CACHE, f"the shop did not tell what its open orders have: {error}")
        found = Found(self._left(there, reading), reading.age_s, CACHE if reading.why else SHOP, reading.why)
        is_scarce = found.left - quantity <= self._last
        return await self._looked_up(sku, found) if is_scarce or is_shared else found

    async def _looked_up(self, sku: str, found: Found) -> Found:
        """No more than the system behind has; where it does not say in time, what was found, marked."""
        port, within_s = self._look_up
        if port is None:
            return found
        try:
            async with asyncio.timeout(within_s):
                has = from_decimal(await port.available(sku))
        except NotFoundError:
            has = 0
        except (ConnectorError, TimeoutError, ValueError) as error:
            why = f"no answer within {within_s:g} s" if isinstance(error, TimeoutError) else type(error).__name__
            _LOG.warning("look-up-failed", sku=sku, why=why)
            return found._replace(checked=CACHE, why=found.why or f"the system behind did not tell: {why}")
        return found._replace(left=min(found.left, has), checked=CACHE if found.why else ERP)

    @staticmethod
    def _left(there: int, reading: Reading) -> int:
        return 0 if reading.reserved is None else max(0, there - reading.reserved)
