"""A simulated Adobe Commerce with the connector opened on it, as the application opens it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from connectors.core import registry
from connectors.core.calls import CallDetails, Dependencies
from connectors.core.ports import StockTarget
from simulators.adobe_commerce import AdobeCommerceSimulator
from simulators.adobe_commerce import Settings as ShopSettings
from simulators.adobe_commerce.state import LinkSeed, ProductSeed, Seed, SourceSeed, StockSeed
from simulators.core.clock import SystemClock
from tests.contract.stock_target import CATALOGUE, STOCKS
from tests.fakes.clock import FakeClock


@dataclass
class Shop:
    """The port, the simulator behind it, and what an observer saw."""

    target: StockTarget
    simulator: AdobeCommerceSimulator
    seen: list[CallDetails] = field(default_factory=list)

    async def break_with(self, **rule: object) -> None:
        """Set a fault."""
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            (await control.post("/_sim/faults", json=rule)).raise_for_status()

    async def writes(self) -> list[dict[str, object]]:
        """Journal entries of calls that write stock."""
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            entries = (await control.get("/_sim/journal", params={"limit": 10_000})).json()["items"]
        return [
            entry
            for entry in entries
            if entry["method"] == "POST" and str(entry["path"]).endswith("/V1/inventory/source-items")
        ]


def right_clock() -> FakeClock:
    """The shop refuses signatures from the future, so the time must be the machine's; it stands still from here."""
    return FakeClock(datetime.fromtimestamp(SystemClock().now(), UTC))


def shop_seed() -> Seed:
    return Seed(
        products=[ProductSeed(sku) for sku in CATALOGUE],
        sources=[SourceSeed(code) for code in STOCKS],
        stocks=[StockSeed(number) for number in (1, 2)],
        links=[LinkSeed(stock, code) for code, stocks in STOCKS.items() for stock in stocks],
    )


@asynccontextmanager
async def shop(shop_settings: ShopSettings, settings: Mapping[str, object]) -> AsyncIterator[Shop]:
    """The connector, opened as the application opens it, on a simulated shop; its clock is right and stands still."""
    async with AdobeCommerceSimulator(shop_settings, seed=shop_seed()) as simulator:
        connector = registry.load("adobe_commerce")
        known = connector.settings.model_validate(with_address(settings, simulator))
        seen: list[CallDetails] = []
        ports = connector.open(known, Dependencies(clock=right_clock(), observe=seen.append))
        assert ports.stock is not None
        try:
            yield Shop(ports.stock, simulator, seen)
        finally:
            await ports.stock.close()
            await ports.close()  # closing twice is harmless


def with_address(settings: Mapping[str, object], simulator: AdobeCommerceSimulator) -> dict[str, object]:
    auth = settings["auth"]
    assert isinstance(auth, dict)
    if auth["kind"] == "ims":
        auth = {**auth, "token_url": simulator.ims_url}
    return {**settings, "auth": auth, "base_url": simulator.url}


def credential(kind: str, shop_settings: ShopSettings) -> dict[str, str]:
    """What the simulated shop accepts."""
    return {
        "token": {"kind": "token", "username": shop_settings.username, "password": shop_settings.password},
        "oauth1": {
            "kind": "oauth1",
            "consumer_key": shop_settings.oauth_consumer_key,
            "consumer_secret": shop_settings.oauth_consumer_secret,
            "access_token": shop_settings.oauth_access_token,
            "access_token_secret": shop_settings.oauth_access_token_secret,
        },
        "ims": {
            "kind": "ims",
            "client_id": shop_settings.ims_client_id,
            "client_secret": shop_settings.ims_client_secret,
            "org_id": shop_settings.ims_org_id,
        },
    }[kind]
