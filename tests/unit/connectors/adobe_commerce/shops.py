"""The connector on a shop that is a function, for tests of single requests and answers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from connectors.adobe_commerce.opening import open_ports
from connectors.adobe_commerce.settings import Settings
from connectors.core.calls import Dependencies
from connectors.core.ports import StockTarget
from tests.fakes.clock import FakeClock
from tests.unit.connectors.core.senders import Surroundings

Handler = Callable[[httpx.Request], httpx.Response]

OAUTH1 = {
    "kind": "oauth1",
    "consumer_key": "ck",
    "consumer_secret": "cs",
    "access_token": "at",
    "access_token_secret": "ats",
}


def settings(**given: Any) -> Settings:  # any setting by name
    return Settings.model_validate({"base_url": "https://shop.example", "auth": OAUTH1} | given)


@asynccontextmanager
async def stock(handler: Handler, around: Surroundings | None = None, **given: Any) -> AsyncIterator[StockTarget]:
    watched = around or Surroundings(clock=FakeClock())
    dependencies = Dependencies(
        clock=watched.clock,
        permit=watched.permit,
        observe=watched.seen.append,
        transport=httpx.MockTransport(handler),
    )
    ports = open_ports(settings(**given), dependencies)
    assert ports.stock is not None
    try:
        yield ports.stock
    finally:
        await ports.close()
