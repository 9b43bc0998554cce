"""The reference tables that the configured checks need, read by this worker for itself."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import aiokafka
import msgspec

from schemas.catalogue import ACCOUNT, PRICE, PRODUCT, Contract
from streams.domain.order_checks import ACCOUNTS, PRICES, PRODUCTS
from streams.domain.order_lookup import Reference
from streams.flows.reference_rows import AccountRows, PriceRows, ProductRows
from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.reference_table import Figures, ReferenceTable, Rows
from streams.runtime.serde import Serde

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
RowsT = TypeVar("RowsT", bound=Rows[Any])  # Any: each table's own model
TOPICS = {PRODUCTS: PRODUCT.topic, PRICES: PRICE.topic, ACCOUNTS: ACCOUNT.topic}
"""Where each table comes from."""


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
    ) -> None:
        self._make_consumer, self._serde, self._clock, self._health = make_consumer, serde, clock, health
        self._read: list[ReferenceTable[Any, Any]] = []  # Any: as above
        self._products = self._table(PRODUCT, ProductRows) if PRODUCTS in needed else None
        self._prices = self._table(PRICE, PriceRows) if PRICES in needed else None
        self._accounts = self._table(ACCOUNT, AccountRows) if ACCOUNTS in needed else None

    def _table(self, contract: Contract[ModelT], make_rows: Callable[[], RowsT]) -> ReferenceTable[ModelT, RowsT]:
        made = ReferenceTable(
            contract,
            make_rows,
            make_consumer=self._make_consumer,
            serde=self._serde,
            clock=self._clock,
            health=self._health,
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

    def now(self) -> Reference:
        """As they are at this moment; None for one that is not fed."""
        accounts = None if self._accounts is None else self._accounts.rows
        return Reference(
            products=None if self._products is None else self._products.rows,
            prices=None if self._prices is None else self._prices.rows,
            accounts=None if accounts is None else accounts.by_key,
        )

    @property
    def figures(self) -> tuple[Figures, ...]:
        """How each table that is read stands."""
        return tuple(table.figures for table in self._read)
