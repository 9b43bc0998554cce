"""What sinks may ask of a target, whatever product it is.  Fakes in tests/fakes pass the same suite."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from schemas.models.source_item import SourceItem, StockPair


class ItemPage(NamedTuple):
    """Rows of one source, in the target's own order; behind the last page there is none."""

    items: Sequence[SourceItem]
    is_last: bool


class StockTarget(Protocol):
    """A shop that shows stock per source.

    Every method raises from `connectors.core.errors`; reads never raise UnknownOutcomeError.
    """

    @property
    def most_rows(self) -> int | None:
        """Rows that one `write_source_items` shows or refuses together; None where the target says so itself.

        More than that in one call would be written one by one, and a failure in their midst would void them all.
        """
        ...

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        """Show exactly these quantities.  Safe to repeat: absolute values, keyed by (source, SKU)."""
        ...

    async def read_source_items(self, pairs: Sequence[StockPair]) -> Mapping[StockPair, SourceItem]:
        """What the target shows now; a pair that it does not know is absent."""
        ...

    @property
    def lists_source_items(self) -> bool:
        """Whether `list_source_items` is there: a target may be able to show rows only by name."""
        ...

    async def list_source_items(self, source_code: str, after: str) -> ItemPage:
        """The next rows of a source behind the SKU `after`, "" for the first ones.

        By key, not by page number: rows that come or go meanwhile neither hide others nor show them twice.  Quantities
        are as the target writes them (5.5000).
        """
        ...

    async def source_codes(self) -> frozenset[str]:
        """Every source that the target knows."""
        ...

    async def stocks_of_sources(self) -> Mapping[str, frozenset[int]]:
        """Stock ids that each source serves; writers of one stock must not run side by side."""
        ...

    async def missing_skus(self, skus: Collection[str]) -> frozenset[str]:
        """Those SKUs that the target's catalogue does not hold."""
        ...

    async def check(self) -> None:
        """One cheap read that proves address and credential."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class AvailabilitySource(Protocol):
    """A WMS or ERP that tells of one SKU at once: for the last units, before they are promised."""

    async def available(self, sku: str) -> Decimal:
        """What it has of the SKU and has not promised itself, over all its locations.

        Raises NotFoundError for a SKU that it does not know, and else from `connectors.core.errors`, never
        UnknownOutcomeError.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
