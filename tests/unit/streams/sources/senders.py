"""Orders as channels send them, signed by a signer of the tests' own, and a gateway on a real socket to take them."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp
import msgspec
from pydantic import SecretStr

from schemas import projection
from schemas.catalogue import COMMERCE_ORDER
from schemas.codec import frame, split_frame
from schemas.models.order import Order
from streams.runtime.health import Health
from streams.runtime.lookback import Place
from streams.runtime.operating.posting import Outgoing
from streams.settings.entrances import GatewaySettings
from streams.sources.kafka_log import NotAppendedError
from streams.sources.order_acceptance import OrderAcceptance
from streams.sources.recent import Recent
from streams.sources.server import GatewayServer, Parts
from tests.fakes.still_clock import StillClock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOPIC = COMMERCE_ORDER.topic
KEYS = {name: hashlib.sha256(name.encode()).digest() for name in ("web", "web-old", "dealer")}
"""A key per channel, and the one that `web` had before."""
Json = dict[str, Any]  # Any: JSON


def whsec(name: str) -> str:
    return "whsec_" + base64.b64encode(KEYS[name]).decode()


def settings(**changes: object) -> GatewaySettings:
    secrets = {"web": (SecretStr(whsec("web")), SecretStr(whsec("web-old"))), "dealer": (SecretStr(whsec("dealer")),)}
    return GatewaySettings.model_validate({"port": 0, "secrets": secrets, **changes})


def order(**changes: object) -> Json:
    """The least that an order of the channel `web` has."""
    least = {
        "event_id": "evt-1",
        "source_system": "shop",
        "channel": "web",
        "number": "000000123",
        "currency": "EUR",
        "placed_at": "2026-03-02T08:15:30Z",
        "updated_at": "2026-03-02T08:15:30Z",
        "customer": {"email": "buyer@example.com", "last_name": "Buyer"},
        "billing": {"city": "Springfield", "country": "US"},
        "lines": [{"line_id": "1", "sku": "PUMP-200", "quantity": "2", "price": "450.25"}],
        "totals": {"grand_total": "900.50"},
        "payment": {"method": "account"},
    }
    return {**deepcopy(least), **changes}


def body(**changes: object) -> bytes:
    return msgspec.json.encode(order(**changes))


def signed(content: bytes, key: str = "web", *, message: str = "msg_1", at: datetime = START) -> dict[str, str]:
    """Headers as Standard Webhooks 1.0.0 says, made here from its text."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(KEYS[key], f"{message}.{stamp}.".encode() + content, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


_ENCODE = projection.encoder(COMMERCE_ORDER)


def encode(_topic: str, model: msgspec.Struct) -> bytes:
    assert isinstance(model, Order)
    return frame(7, _ENCODE(model))


@dataclass
class MemoryLog:
    """`streams.sources.order_acceptance.Log` in memory; `away` is Kafka that does not acknowledge."""

    records: list[Outgoing] = field(default_factory=list)
    away: bool = False
    asked: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Appends wait for it; it is open at first."""

    _arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        self.gate.set()

    async def arrivals(self, number: int) -> None:
        """Until so many more appends were asked for."""
        for _ in range(number):
            await self._arrived.acquire()

    async def append(self, message: Outgoing) -> Place:
        self.asked += 1
        self._arrived.release()
        await self.gate.wait()
        if self.away:
            raise NotAppendedError("the broker is away")
        self.records.append(message)
        return Place(message.topic, 3, len(self.records) - 1)

    def orders(self) -> list[Order]:
        """What a reader of the topic sees."""
        decoder = projection.decoder(COMMERCE_ORDER, COMMERCE_ORDER.schema_text)
        return [decoder.decode(split_frame(one.value or b"")[1], 0) for one in self.records]


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def json(self) -> Any:  # Any: whatever stands in it
        return msgspec.json.decode(self.text)


@dataclass
class Served:
    """A gateway that listens."""

    url: str
    log: MemoryLog
    clock: StillClock
    health: Health
    server: GatewayServer

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def send(self, content: bytes, headers: Mapping[str, str] | None = None, *, channel: str = "web") -> Answer:
        return await ask(f"{self.url}/v1/orders/{channel}", content, signed(content) if headers is None else headers)

    async def get(self, path: str) -> Answer:
        return await ask(f"{self.url}{path}", None, {})


async def ask(url: str, content: object, headers: Mapping[str, str], method: str | None = None) -> Answer:
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.request(method or ("GET" if content is None else "POST"), url, data=content, headers=headers) as answer,
    ):
        return Answer(answer.status, answer.headers.copy(), await answer.text())


@asynccontextmanager
async def gateway(**changes: object) -> AsyncIterator[Served]:
    clock, log, given = StillClock(START), MemoryLog(), settings(**changes)
    health = Health(clock)
    recent: Recent[Place] = Recent(clock, for_s=given.remember_s, at_most=given.remember_ids)
    server = GatewayServer(Parts(given, OrderAcceptance(log, recent, encode, clock), health, clock))
    await server.start()
    try:
        yield Served(server.url, log, clock, health, server)
    finally:
        log.gate.set()
        await server.stop()
