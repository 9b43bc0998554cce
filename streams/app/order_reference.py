"""The reference tables that the configured checks need, read by this worker for itself."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import aiokafka
import msgspec

from schemas.catalogue import ACCOUNT, DESIRED_STOCK, PRICE, PRODUCT, Contract
from streams.domain.order_checks import ACCOUNTS, PRICES, PRODUCTS
from streams.domain.order_lookup import Reference
from streams.flows.reference_rows import AccountRows, PriceRows, ProductRows, StockRows
from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.reference_table import Figures, ReferenceTable, Rows
from streams.runtime.serde import Serde

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
RowsT = TypeVar("RowsT", bound=Rows[Any])  # Any: each table's own model
TOPICS = {PRODUCTS: PRODUCT.topic, PRICES: PRICE.topic, ACCOUNTS: ACCOUNT.topic}
"""Where each table comes from."""
HELD = "orders that are checked against it are held"
FIRST_SOURCE = "orders go to the first source of their rule"


class ReferenceTables:
    """Implements `streams.flows.order_desk.Tables`; a table that is not in `needed` is not read."""

    def __init__(
        self,
        needed: frozenset[str],
        make_consumer: Callable[[], aiokafka.AIOKafkaConsumer],
        *,
        serde: Serde,
        clock: Clock,
        health: Health,
        sku_of: Callable[[str], str] | None = None,
    ) -> None:
        """`sku_of` makes the shop's SKU of the ledger's, where orders are routed by what is in stock."""
        self._make_consumer, self._serde, self._clock, self._health = make_consumer, serde, clock, health
        self._read: list[ReferenceTable[Any, Any]] = []  # Any: as above
        self._products = self._table(PRODUCT, ProductRows) if PRODUCTS in needed else None
        self._prices = self._table(PRICE, PriceRows) if PRICES in needed else None
        self._accounts = self._table(ACCOUNT, AccountRows) if ACCOUNTS in needed else None
        self._stock = None if sku_of is None else self._table(DESIRED_STOCK, partial(StockRows, sku_of), FIRST_SOURCE)

    def _table(
        self, contract: Contract[ModelT], make_rows: Callable[[], RowsT], without: str = HELD
    ) -> ReferenceTable[ModelT, RowsT]:
        made = ReferenceTable(
            contract,
            make_rows,
            make_consumer=self._make_consumer,
            serde=self._serde,
            clock=self._clock,
            health=self._health,
            without=without,
        )
        self._read.append(made)
        return made

    def start(self) -> None:
        """Reading goes on until `stop`."""
        for table in self._read:
            table.start()

    async def stop(self) -> None:
        await asyncio.gather(*(table.stop() for table in self._read))

    async def wait(self) -> None:
        """Until every table has caught up once."""
        for table in self._read:
            await table.wait()

    async def wait_for_stock(self) -> None:
        """Until what orders are routed by has caught up once."""
        if self._stock is not None:
            await self._stock.wait()

    def now(self) -> Reference:
        """As they are at this moment; None for one that is not fed."""
        accounts = None if self._accounts is None else self._accounts.rows
        stock = None if self._stock is None else self._stock.rows
        return Reference(
            products=None if self._products is None else self._products.rows,
            prices=None if self._prices is None else self._prices.rows,
            accounts=None if accounts is None else accounts.by_key,
            available=None if stock is None else stock.by_place,
        )

    @property
    def figures(self) -> tuple[Figures, ...]:
        """How each table that is read stands."""
        return tuple(table.figures for table in self._read)
