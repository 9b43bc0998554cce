"""`ReservedSource` and `AvailabilitySource` of `connectors.core` in memory."""

import asyncio
from decimal import Decimal

from connectors.core.errors import NotFoundError, TargetUnavailableError


class MemoryReserved:
    """What open orders have, by SKU (micros); `away` fails, `slow` never answers."""

    def __init__(self) -> None:
        self.quantities: dict[str, int | None] = {}
        self.away = self.slow = self.closed = False
        self.asked: list[str] = []

    async def reserved(self, sku: str) -> int | None:
        self.asked.append(sku)
        if self.slow:
            await asyncio.Event().wait()
        if self.away:
            raise TargetUnavailableError("the shop is away")
        return self.quantities.get(sku, 0)

    async def close(self) -> None:
        self.closed = True


class MemoryWarehouse:
    """What is there, by SKU; others are unknown.  `away` fails, `slow` never answers."""

    def __init__(self) -> None:
        self.stock: dict[str, Decimal] = {}
        self.away = self.slow = False
        self.asked: list[str] = []

    async def available(self, sku: str) -> Decimal:
        self.asked.append(sku)
        if self.slow:
            await asyncio.Event().wait()
        if self.away:
            raise TargetUnavailableError("the warehouse is away")
        if sku not in self.stock:
            raise NotFoundError("no such SKU")
        return self.stock[sku]

    async def close(self) -> None:
        """Nothing is held."""
