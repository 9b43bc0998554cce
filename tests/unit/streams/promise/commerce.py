"""The simulated Commerce behind the product's own connector, in one process and without sockets."""

import asyncio
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import httpx
import msgspec

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.order_ports import ShopOrderTarget
from connectors.core.ports import StockTarget
from connectors.core.registry import Ports
from connectors.core.reservation_ports import ReservationSource
from simulators.adobe_commerce.orders import Order
from simulators.adobe_commerce.settings import Settings
from simulators.adobe_commerce.state import LinkSeed, ProductSeed, Seed, SourceSeed, StockSeed
from simulators.adobe_commerce.vendor import AdobeCommerce
from simulators.core import wire
from simulators.core.exchange import Call, Note
from streams.runtime.clock import Clock

SKUS, SOURCES = ("A", "B"), ("north", "south")
STOCK = 1
Failure = Literal["away", "busy", "lost"]
SETTINGS = Settings(call_base_ms=0, call_per_row_ms=0, ship_ms=0, deadlock_chance=0)
SEED = Seed(
    products=[ProductSeed(sku) for sku in SKUS],
    sources=[SourceSeed(source) for source in SOURCES],
    stocks=[StockSeed(STOCK, "Stock", ["base"])],
    links=[LinkSeed(STOCK, source) for source in SOURCES],
)
ADDRESS = "http://127.0.0.1:9"
"""Nobody listens there: the transport hands requests to the simulator."""


class InProcess(httpx.AsyncBaseTransport):
    """`failures` are used up by calls with an effect, one each; clearing `free` holds such calls before their effect.

    A call that was given up lands all the same, once it is let go.
    """

    def __init__(self, commerce: AdobeCommerce) -> None:
        self._commerce = commerce
        self.failures: deque[Failure] = deque()
        self.free = asyncio.Event()
        self.free.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_effect = request.method != "GET" and not request.url.path.endswith("/token")
        failure = self.failures.popleft() if is_effect and self.failures else None
        if failure == "away":
            raise httpx.ConnectError("nobody answers")
        if failure == "busy":
            return httpx.Response(503, request=request)
        call = Call(
            request.method,
            request.url.raw_path.decode().partition("?")[0],
            request.url.query.decode(),
            {name.lower(): value for name, value in request.headers.items()},
            await request.aread(),
            admitted=True,
        )
        answer = await asyncio.shield(asyncio.ensure_future(self._landed(call, is_effect=is_effect)))
        if failure == "lost":
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(
            answer.status, content=answer.body, headers={"content-type": answer.content_type}, request=request
        )

    async def _landed(self, call: Call, *, is_effect: bool) -> Any:  # noqa: ANN401  an Answer
        if is_effect:
            await self.free.wait()
        return await self._commerce.answer(call, Note())


class Shop:
    """The shop as shoppers and administrators use it, and the product's ports to it."""

    def __init__(self, clock: Clock) -> None:
        self.commerce = AdobeCommerce(SETTINGS, SEED)
        self.wire = InProcess(self.commerce)
        connector = registry.load("adobe_commerce")
        auth = {"kind": "token", "username": SETTINGS.username, "password": SETTINGS.password}
        known = connector.settings.model_validate({"base_url": ADDRESS, "auth": auth})
        self.ports: Ports = connector.open(known, Dependencies(clock=clock, transport=self.wire))

    @property
    def stock(self) -> StockTarget:
        assert self.ports.stock is not None
        return self.ports.stock

    @property
    def shop_orders(self) -> ShopOrderTarget:
        assert self.ports.shop_orders is not None
        return self.ports.shop_orders

    @property
    def reservations(self) -> ReservationSource:
        assert self.ports.reservations is not None
        return self.ports.reservations

    # ── what people do ───────────────────────────────────────────────────────────────────────────

    async def bought(self, goods: Mapping[str, int]) -> str | None:
        """The number of a shopper's order; None where too little may be sold."""
        place = next(one for one in self.commerce.controls() if one.path == "/_sim/orders")
        body = wire.encode({"items": [{"sku": sku, "qty": units} for sku, units in goods.items()]})
        answer = await place.run(Call("POST", place.path, body=body), Note())
        assert answer.status in (201, 409), answer.body
        return str(msgspec.json.decode(answer.body)["increment_id"]) if answer.status == 201 else None

    async def by_hand(self, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """An administrator's call, past the product; None where the shop refuses it."""
        sent = b"" if body is None else wire.encode(body)
        headers = {"content-type": "application/json"}
        answer = await self.commerce.answer(
            Call("POST", f"/rest/all/V1{path}", headers=headers, body=sent, admitted=True), Note()
        )
        return msgspec.json.decode(answer.body) if answer.status == 200 else None

    def order(self, number: str) -> Order:
        orders = self.commerce.shop.state.orders.orders.values()
        return next(one for one in orders if one.increment_id == number)

    def salable(self, sku: str) -> Decimal:
        state = self.commerce.shop.state
        return state.inventory.salable_quantity(STOCK, sku, state.rules(sku))
