"""The source in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from connectors.core.reference_ports import ReferencePage
from schemas.models.reference import Account, Credit, Price, Product, ProductPrices
from tests.contract.reference_source import ReferenceCase, Rows, Shelf
from tests.fakes.reference_source import InMemoryRows


class MemoryShelf:
    """`Shelf` on the fake."""

    def __init__(self, rows: Rows, most: int) -> None:
        self._rows = rows
        self.source: InMemoryRows[Any] = InMemoryRows(key=self._key, most=most)

    def _key(self, row: Any) -> str:
        return str(row.account_id if self._rows == "accounts" else row.sku)

    async def page(self, cursor: str) -> ReferencePage[Any]:
        return await self.source.page(cursor)

    async def check(self) -> None:
        await self.source.check()

    def another_worker(self) -> None:
        """The fake remembers nothing of who asked."""

    async def put(self, name: str, *, marked: bool = False) -> str:
        at = self.source.changes
        row: Product | ProductPrices | Account
        if self._rows == "products":
            row = Product(sku=name, is_discontinued=marked, source_system="memory", changed_at=at)
        elif self._rows == "prices":
            prices = (Price(currency="USD", price=12_000_000 if marked else 10_000_000),)
            row = ProductPrices(sku=name, prices=prices, source_system="memory", changed_at=at)
        else:
            credit: Credit = "REFUSED" if marked else "GIVEN"
            row = Account(account_id=name, credit=credit, source_system="memory", changed_at=at)
        self.source.put(row)
        return name

    async def delete(self, name: str) -> None:
        self.source.remove(name)


@asynccontextmanager
async def opened(rows: Rows, most: int) -> AsyncIterator[Shelf]:
    yield MemoryShelf(rows, most)


ALL: tuple[Rows, ...] = ("products", "prices", "accounts")
CASES = [
    ReferenceCase(name=f"memory-{rows}-by-{most}", rows=rows, opened=partial(opened, rows, most))
    for rows in ALL
    for most in (1, 1000)
]
