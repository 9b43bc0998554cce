"""`connectors.core.ports.PromiseSource` in memory."""

import asyncio
from decimal import Decimal

from connectors.core.errors import TargetUnavailableError


class MemoryPromises:
    """What open orders have, by SKU; `away` fails, `slow` never answers."""

    def __init__(self) -> None:
        self.promises: dict[str, Decimal | None] = {}
        self.away = self.slow = self.closed = False
        self.asked: list[str] = []

    async def promised(self, sku: str) -> Decimal | None:
        self.asked.append(sku)
        if self.slow:
            await asyncio.Event().wait()
        if self.away:
            raise TargetUnavailableError("the shop is away")
        return self.promises.get(sku, Decimal(0))

    async def close(self) -> None:
        self.closed = True
