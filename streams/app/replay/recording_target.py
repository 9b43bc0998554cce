"""The shop that is none: takes every row and notes it.  It has no address, so nothing can be sent anywhere."""

from collections.abc import Callable, Collection, Mapping, Sequence

from connectors.core.ports import ItemPage
from schemas.models.source_item import SourceItem, StockPair


class RecordingStockTarget:
    """The port `connectors.core.ports.StockTarget`; `wrote` is called with the rows of each call.

    What only a shop could say (sources, catalogue) it does not say: every code passes.
    """

    most_rows: int | None = None

    def __init__(self, wrote: Callable[[Sequence[SourceItem]], None]) -> None:
        self._wrote = wrote

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        self._wrote(items)

    async def read_source_items(self, pairs: Sequence[StockPair]) -> Mapping[StockPair, SourceItem]:  # noqa: ARG002  the port's signature
        return {}

    @property
    def lists_source_items(self) -> bool:
        return False

    async def list_source_items(self, source_code: str, after: str) -> ItemPage:  # noqa: ARG002  the port's signature
        return ItemPage((), is_last=True)

    async def source_codes(self) -> frozenset[str]:
        return frozenset()

    async def stocks_of_sources(self) -> Mapping[str, frozenset[int]]:
        return {}

    async def missing_skus(self, skus: Collection[str]) -> frozenset[str]:  # noqa: ARG002  the port's signature
        return frozenset()

    async def check(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """There is nothing to release."""
