"""The same suite for the target in memory and for Adobe Commerce in each of its forms."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from connectors.core.ports import StockTarget
from simulators.adobe_commerce import Settings as ShopSettings
from tests.contract.commerce_shop import credential, shop
from tests.contract.stock_target import CATALOGUE, STOCKS, StockTargetSuite, closing
from tests.fakes.stock_target import InMemoryStockTarget


@asynccontextmanager
async def stock_of(shop_settings: ShopSettings, settings: Mapping[str, object]) -> AsyncIterator[StockTarget]:
    async with shop(shop_settings, settings) as opened:
        yield opened.target


class TestInMemory(StockTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[StockTarget]:
        return closing(InMemoryStockTarget(STOCKS, catalogue=CATALOGUE))


class TestAdobeCommerceOnPremises(StockTargetSuite):
    """Signed by an integration; every query of the suite passes the shop's own check of the signature."""

    def opened(self) -> AbstractAsyncContextManager[StockTarget]:
        offline = ShopSettings()
        return stock_of(offline, {"auth": credential("oauth1", offline)})


class TestAdobeCommerceAsACloudService(StockTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[StockTarget]:
        cloud = ShopSettings(mode="saas")
        settings = {"auth": credential("ims", cloud), "deployment": "saas", "tenant": cloud.tenant}
        return stock_of(cloud, settings)


class TestAdobeCommerceWithASmallPage(StockTargetSuite):
    """A page of 7 rows and short addresses: every list is read in many pieces."""

    def opened(self) -> AbstractAsyncContextManager[StockTarget]:
        small = ShopSettings()
        return stock_of(small, {"auth": credential("token", small), "page_size": 7, "max_url_bytes": 1024})


class TestAdobeCommerceWithOneStock(StockTargetSuite):
    """The legacy stock item: only the default source, and SKUs travel in paths."""

    many_sources = False

    def opened(self) -> AbstractAsyncContextManager[StockTarget]:
        single = ShopSettings()
        return stock_of(single, {"auth": credential("token", single), "single_stock": True})
