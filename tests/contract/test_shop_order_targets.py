"""The same suite for the shop in memory and for Adobe Commerce in its forms."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from connectors.core.errors import UnknownOutcomeError
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from simulators.adobe_commerce import Settings as ShopSettings
from tests.contract.commerce_orders import commerce_orders
from tests.contract.commerce_shop import credential
from tests.contract.shop_order_target import NOTHING, PRICE, Placed, Shop, ShopOrderTargetSuite
from tests.fakes.shop_order_target import Failure, InMemoryShopOrderTarget

PLACED_AT = 1_772_439_330_000_000


class MemoryShop:
    """`Shop` on the fake."""

    def __init__(self) -> None:
        self.target = InMemoryShopOrderTarget()

    async def place(self, number: str, *quantities: int) -> Placed:
        lines = tuple(
            OrderLine(line_id=f"{number}{position:03d}", sku="PUMP-P100", quantity=quantity, price=PRICE)
            for position, quantity in enumerate(quantities, start=1)
        )
        order = Order(
            event_id=f"evt-{number}",
            source_system="commerce",
            channel="web",
            number=number,
            currency="USD",
            placed_at=PLACED_AT,
            updated_at=PLACED_AT,
            customer=Customer(email="buyer@example.com"),
            billing=Address(country="US"),
            shipping=Address(country="US"),
            lines=lines,
            totals=Totals(grand_total=sum(PRICE * quantity // 1_000_000 for quantity in quantities)),
            payment=Payment(method="checkmo"),
        )
        return Placed(self.target.place(order), tuple(line.line_id for line in lines))

    async def made(self, entity_id: str) -> Mapping[str, int]:
        kept = self.target.orders[entity_id]
        return {name: len(getattr(kept, name)) for name in NOTHING}

    async def lose_next_answer(self) -> None:
        self.target.failures.append(Failure(UnknownOutcomeError("the answer was lost"), after_effect=True))


@asynccontextmanager
async def in_memory() -> AsyncIterator[Shop]:
    shop = MemoryShop()
    yield shop
    await shop.target.close()


@asynccontextmanager
async def commerce(shop_settings: ShopSettings, settings: Mapping[str, object]) -> AsyncIterator[Shop]:
    async with commerce_orders(shop_settings, settings) as opened:
        yield opened


class TestInMemory(ShopOrderTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Shop]:
        return in_memory()


class TestAdobeCommerceOnPremises(ShopOrderTargetSuite):
    """Signed by an integration; every query of the suite passes the shop's own check of the signature."""

    def opened(self) -> AbstractAsyncContextManager[Shop]:
        plain = ShopSettings()
        return commerce(plain, {"auth": credential("oauth1", plain)})


class TestAdobeCommerceAsACloudService(ShopOrderTargetSuite):
    """Ids come as texts, as some live servers send them."""

    def opened(self) -> AbstractAsyncContextManager[Shop]:
        cloud = ShopSettings(mode="saas", document_ids_as_strings=True)
        return commerce(cloud, {"auth": credential("ims", cloud), "deployment": "saas", "tenant": cloud.tenant})


class TestAdobeCommerceWithASmallPage(ShopOrderTargetSuite):
    """A page of 1 row: every list is read in many pieces, and a page past the end repeats the last one."""

    def opened(self) -> AbstractAsyncContextManager[Shop]:
        small = ShopSettings()
        return commerce(small, {"auth": credential("token", small), "page_size": 1})
