"""What sinks may ask of a target, whatever product it is.  Fakes in tests/fakes pass the same suite."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from schemas.models.source_item import SourceItem, StockPair


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
