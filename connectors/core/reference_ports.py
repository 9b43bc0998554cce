"""What may be asked of an ERP or a CRM so that orders can be checked: its items, their prices, its accounts.

Fakes in tests/fakes pass the same suites.  Every method raises from `connectors.core.errors`, and never
UnknownOutcomeError.  A source states whole rows as they are now, so a row that is read twice does no harm.

The cursor is the connector's own text, below 10,000 characters.  "" begins with ALL rows, because a table against which
orders are checked must be whole.  Behind the end a cursor leaves room for what becomes visible late, so rows of that
time come again with the next reading.  Rows are followed by change and id: one that changes while the list is read
comes again at its end, and none is jumped over.

An item that is no longer sold is a row that says so.  A row that was deleted is told by nobody: it is missing when all
rows are read, and whoever keeps the table compares.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from connectors.core.order_ports import Target
from schemas.models.reference import Account, Product, ProductPrices

RowT = TypeVar("RowT", Product, ProductPrices, Account)


class ReferencePage(NamedTuple, Generic[RowT]):
    """Some thousand rows at most, and the cursor behind them; `is_end`: there is no more for now.

    A page that is not the last may be empty.
    """

    rows: Sequence[RowT]
    cursor: str
    is_end: bool


class ProductSource(Target, Protocol):
    """Items, keyed by SKU; records that have no SKU of ours are left out."""

    async def products(self, cursor: str) -> ReferencePage[Product]:
        """The next page behind the cursor.  Raises ConfigurationError for a cursor of somebody else."""
        ...


class PriceSource(Target, Protocol):
    """Prices, keyed by SKU: every price of it that an order may state."""

    async def prices(self, cursor: str) -> ReferencePage[ProductPrices]:
        """The next page behind the cursor.  Raises ConfigurationError for a cursor of somebody else."""
        ...


class AccountSource(Target, Protocol):
    """Customers' accounts, keyed by the source's own id.  No names, addresses or e-mails."""

    async def accounts(self, cursor: str) -> ReferencePage[Account]:
        """The next page behind the cursor.  Raises ConfigurationError for a cursor of somebody else."""
        ...
