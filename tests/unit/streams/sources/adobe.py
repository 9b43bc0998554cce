"""Adobe as the tests play it: real keys, a host that serves them, deliveries and webhooks signed from its documents."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from streams.runtime.health import Health
from streams.runtime.lookback import Place
from streams.sources.adobe_keys import AdobeKeys, KeyHost
from streams.sources.order_acceptance import OrderAcceptance
from streams.sources.order_completion import HintOutcome, OrderCompletion
from streams.sources.recent import Recent
from streams.sources.server import AdobeParts, GatewayServer, Parts
from tests.fakes.servers import web_server
from tests.fakes.shop_order_target import InMemoryShopOrderTarget
from tests.fakes.still_clock import StillClock
from tests.unit.streams.sources.senders import START, MemoryLog, Served, encode, settings

CLIENT = "ca7b36f23be94dcb9d2ebb97f0276e3f"
ORDER_SAVED = "com.adobe.commerce.observer.sales_order_save_commit_after"
FIRST, SECOND, GONE = (f"/prod/keys/pub-key-{name}.pem" for name in ("lyTiz3gQe4", "kruhWwu4Or", "gone"))
Json = dict[str, Any]  # Any: JSON


def private(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return _private(name, bits)


@cache
def _private(_name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(name: str, bits: int = 2048) -> str:
    public = private(name, bits).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def rsa_sha256(name: str, content: bytes) -> str:
    return base64.b64encode(private(name).sign(content, padding.PKCS1v15(), SHA256())).decode()


def event(number: str | None = "000000123", event_id: str = "evt-a", **changes: object) -> Json:
    """As Adobe's sample of a CloudEvent is, with the fields of a subscription that asks for the number."""
    value = {"entity_id": "7"} | ({} if number is None else {"increment_id": number})
    whole = {
        "specversion": "1.0",
        "id": f"id-{event_id}",
        "source": "urn:uuid:fb58963f-d2e7-4ab4-83da-b6ff15b8ebc0",
        "type": ORDER_SAVED,
        "datacontenttype": "application/json",
        "time": "2026-03-02T08:59:00Z",
        "eventid": event_id,
        "event_id": event_id,
        "recipient_client_id": CLIENT,
        "recipientclientid": CLIENT,
        "data": {"key": "31a86bbd", "value": value, "source": "shop.Stage", "_metadata": {"storeId": "1"}},
    }
    return {**whole, **changes}


def delivery(*events: Json) -> bytes:
    """One event, or a batch of them."""
    return msgspec.json.encode(events[0] if len(events) == 1 else events)


def delivered(content: bytes, first: str = "first", second: str = "second", **changes: str) -> dict[str, str]:
    """Adobe's headers; `first` and `second` name the keys that sign."""
    return {
        "Content-Type": "application/json",
        "x-adobe-event-id": "evt-a",
        "x-adobe-public-key1-path": FIRST,
        "x-adobe-public-key2-path": SECOND,
        "x-adobe-digital-signature-1": rsa_sha256(first, content),
        "x-adobe-digital-signature-2": rsa_sha256(second, content),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }


def hooked(content: bytes, key: str = "shop") -> dict[str, str]:
    """Commerce signs the base64 form of the body."""
    return {
        "Content-Type": "application/json",
        "x-adobe-commerce-request-id": "req-1",
        "x-adobe-commerce-webhook-signature": rsa_sha256(key, base64.b64encode(content)),
    }


def shop_order(number: str = "000000123", updated_at: int = 1_772_441_000_000_000, **changes: object) -> Order:
    """As the connector states it: the event id is a function of the content."""
    plain: dict[str, Any] = {
        "event_id": f"web-{number}-{updated_at}",
        "source_system": "commerce",
        "channel": "web",
        "number": number,
        "currency": "EUR",
        "placed_at": 1_772_441_000_000_000,
        "updated_at": updated_at,
        "customer": Customer(email="buyer@example.com"),
        "billing": Address(city="Springfield", street=("Canary Street 7",), country="US"),
        "lines": (OrderLine(line_id="1", sku="PUMP-200", quantity=2_000_000, price=450_250_000),),
        "totals": Totals(grand_total=900_500_000),
        "payment": Payment(),
        **changes,
    }
    return Order(**plain)


@dataclass
class KeyServer:
    """Adobe's static host; `answers` stand before its files."""

    url: str = ""
    files: dict[str, str] = field(default_factory=lambda: {FIRST: pem("first"), SECOND: pem("second")})
    answers: dict[str, web.Response] = field(default_factory=dict)
    status: int = 200
    asked: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.arrived.set()
        await self.gate.wait()
        if self.status != 200:
            return web.Response(status=self.status)
        if request.path in self.answers:
            return self.answers[request.path]
        found = self.files.get(request.path)
        return web.Response(text=found) if found is not None else web.Response(status=404)


@asynccontextmanager
async def key_server() -> AsyncIterator[KeyServer]:
    server = KeyServer()
    server.gate.set()
    async with web_server(server.answer) as url:
        server.url = url
        yield server


@dataclass
class AdobeServed(Served):
    """A gateway that takes Adobe's events and the shop's webhooks."""

    shop: InMemoryShopOrderTarget = field(default_factory=InMemoryShopOrderTarget)
    keys: KeyServer = field(default_factory=KeyServer)


@asynccontextmanager
async def adobe_gateway(shop: Any = None, **changes: object) -> AsyncIterator[AdobeServed]:  # Any: a shop of the test
    target = shop if shop is not None else InMemoryShopOrderTarget()
    async with key_server() as keys:
        clock, log = StillClock(START), MemoryLog()
        adobe: Mapping[str, object] = {
            "adobe_events": {"client_id": CLIENT, "static_url": keys.url},
            "commerce_webhook": {"public_key": pem("shop")},
        }
        given = settings(**{**adobe, **changes})
        health, host = Health(clock), KeyHost(given.adobe_events.static_url, clock)
        orders: Recent[Place] = Recent(clock, for_s=given.remember_s, at_most=given.remember_ids)
        events: Recent[HintOutcome] = Recent(clock, for_s=given.remember_s, at_most=given.remember_ids)
        acceptance = OrderAcceptance(log, orders, encode, clock)
        completion = OrderCompletion(target, acceptance, events, given.shop_read_s)
        parts = AdobeParts(completion, AdobeKeys(host.fetch, clock))
        server = GatewayServer(Parts(given, acceptance, health, clock, parts))
        await server.start()
        try:
            yield AdobeServed(server.url, log, clock, health, server, target, keys)
        finally:
            log.gate.set()
            keys.gate.set()
            await server.stop()
            await host.close()
