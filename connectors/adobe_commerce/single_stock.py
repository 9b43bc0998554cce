"""Stock of a Commerce without multi-source inventory, as the port `StockTarget`: one source, one stock.

Each row is its own product's legacy stock item, addressed by SKU in the path: two calls per row.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from connectors.adobe_commerce import mapping
from connectors.adobe_commerce.client import CommerceClient
from connectors.adobe_commerce.criteria import Criteria
from connectors.adobe_commerce.settings import Settings
from connectors.adobe_commerce.stock import missing_skus
from connectors.core.errors import ConfigurationError, NotFoundError, RejectedPayloadError
from connectors.core.paths import can_carry
from connectors.core.ports import ItemPage
from schemas.models.source_item import SourceItem, StockPair


class SingleStock:
    """The legacy stock item behind the same port; do not mix with source items in one shop."""

    most_rows: int | None = 1
    """Two calls each: under a quota a longer list would never come to its end."""

    def __init__(self, client: CommerceClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._settings = settings
        self._release = release

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        """Row by row, in order; a failure leaves the rows before it written, and all may be written again.

        Raises:
            RejectedPayloadError: another source, or a SKU that no path can carry.
            NotFoundError: no such product, or one without a stock item.
        """
        for item in items:
            self._check_source(item)
        for item in items:
            await self._write(item)

    async def _write(self, item: SourceItem) -> None:
        shown = await self._client.stock_item(item.sku)
        if shown.item_id is None:
            # An invented id would overwrite another product's row.
            raise NotFoundError(f"product {item.sku!r} has no stock item")
        await self._client.save_stock_item(item.sku, shown.item_id, mapping.to_stock_item_change(item))

    def _check_source(self, item: SourceItem) -> None:
        if item.source_code != self._settings.single_stock_source:
            raise RejectedPayloadError(
                f"source {item.source_code!r}: this shop has only {self._settings.single_stock_source!r}",
                fields=(item.source_code,),
                status=None,
            )

    async def read_source_items(self, pairs: Sequence[StockPair]) -> Mapping[StockPair, SourceItem]:
        shown: dict[StockPair, SourceItem] = {}
        for pair in dict.fromkeys(pairs):
            if pair.source_code == self._settings.single_stock_source and can_carry(pair.sku):
                item = await self._read(pair)
                if item is not None:
                    shown[pair] = item
        return shown

    async def _read(self, pair: StockPair) -> SourceItem | None:
        try:
            row = await self._client.stock_item(pair.sku)
        except NotFoundError:
            return None
        return mapping.from_stock_item_row(row, pair.sku, pair.source_code)

    @property
    def lists_source_items(self) -> bool:
        """Legacy stock items are shown one by one."""
        return False

    async def list_source_items(self, source_code: str, after: str) -> ItemPage:  # noqa: ARG002  there is no list
        raise ConfigurationError("a shop without multi-source inventory has no list of its stock")

    async def source_codes(self) -> frozenset[str]:
        return frozenset({self._settings.single_stock_source})

    async def stocks_of_sources(self) -> Mapping[str, frozenset[int]]:
        return {self._settings.single_stock_source: frozenset({self._settings.single_stock_id})}

    async def missing_skus(self, skus: Collection[str]) -> frozenset[str]:
        return await missing_skus(self._client, self._settings, skus)

    async def check(self) -> None:
        await self._client.product_skus(Criteria(page_size=1))

    async def close(self) -> None:
        await self._release()
