"""What the pages ask a worker."""

from typing import Protocol

from streams.domain.closing import Page
from streams.web.completeness_facts import CloseRunWhole
from streams.web.facts import Readiness, WorkerFacts
from streams.web.reconcile_facts import RunFact
from streams.web.stock_facts import LedgerFact, RowsFact, ShopFact


class NotOwnedError(Exception):
    """Another worker owns it, or nobody does at the moment."""


class Introspection(Protocol):
    """Implemented by the application: facts of this worker, and views of what it owns."""

    def readiness(self) -> Readiness:
        """Asked every few seconds by whatever runs the worker: it costs nothing."""
        ...

    def facts(self) -> WorkerFacts:
        """Takes ten milliseconds or so, for all metrics are read; no call leaves the process."""
        ...

    def peers(self) -> dict[str, str]:
        """Worker URL → what is known of it from the group's assignment (its own URL included)."""
        ...

    def partitions(self) -> dict[str, tuple[int, ...]]:
        """Worker URL → partitions of the stock ledger that the group gave it."""
        ...

    def near(self, sku: str) -> tuple[str, ...]:
        """SKUs of this worker that begin alike, or differ in case only."""
        ...

    def owner_of_sku(self, sku: str) -> str | None:
        """URL of the worker that owns the SKU's ledger entry; None while nobody does."""
        ...

    def owner_of_lane(self) -> str | None:
        """URL of the worker that owns the stock lane."""
        ...

    async def ledger(self, sku: str) -> LedgerFact | None:
        """None where the ledger has no entry.  Raises NotOwnedError."""
        ...

    async def rows(self, sku: str) -> RowsFact | None:
        """None where the lane has no entry.  Raises NotOwnedError."""
        ...

    def run(self, run: str) -> RunFact | None:
        """One comparison with the shop, with all differences that are kept; None where this worker knows none such."""
        ...

    def closing(self, run: str) -> CloseRunWhole | None:
        """One closing with all that it found; None where this worker knows none such."""
        ...

    async def pages(self, since: int, before: int) -> tuple[Page, ...] | None:
        """Kept pages that end in that time (µs); 0 and 0: the newest of each flow.  None where they cannot be read."""
        ...

    async def shop(self, sku: str, sources: tuple[str, ...]) -> tuple[ShopFact, ...]:
        """Asks the target now.  Raises a ConnectorError."""
        ...
