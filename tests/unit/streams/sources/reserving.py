"""A gateway on a real socket that answers reservations; the owner of every SKU decides in memory, by the real rule."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

import msgspec

from schemas import projection
from schemas.catalogue import RESERVATION_REQUEST
from schemas.codec import split_frame
from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.operations import WRITE_STOCK, Outcome
from schemas.models.stock_reservation import ReservationRequest
from streams.domain.reservation import Asked, Kept, fold_reservation, promisable
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_rules import StockRules
from streams.domain.version import Version
from streams.runtime.health import Health
from streams.runtime.lookback import Place
from streams.runtime.operating.posting import Outgoing
from streams.runtime.serde import Serde
from streams.settings import Settings
from streams.sources.kafka_log import NotAppendedError
from streams.sources.order_acceptance import OrderAcceptance
from streams.sources.recent import Recent
from streams.sources.reservation_book import ReservationBook
from streams.sources.reservation_desk import Books
from streams.sources.reservation_parts import parts_of
from streams.sources.server import GatewayServer, Parts
from streams.sources.shop_acks import ShopAcks
from streams.sources.shop_reserved import ShopReserved
from streams.sources.stock_book import StockBook
from tests.fakes.reserved_source import MemoryReserved, MemoryWarehouse
from tests.fakes.still_clock import StillClock
from tests.unit.streams.domain.ledger import SKU, UNIT, count, ledger_of
from tests.unit.streams.flows.wire import MemoryRegistry
from tests.unit.streams.sources.senders import START, Answer, ask, encode

TOKENS = {client: f"token-of-{client}-{'x' * 24}" for client in ("pos", "edi", "web")}
RULES = StockRules(last_units=3 * UNIT)
EPOCH = 7
_NO_TIME = timedelta(0)


def _no_consumer() -> NoReturn:
    raise AssertionError("nothing is followed here")


@dataclass
class MemoryOwner:
    """`Log`: what is appended is decided at once, unless the owner is silent or Kafka is away."""

    reservations: ReservationBook
    stock: StockBook
    acks: ShopAcks
    clock: StillClock
    silent: bool = False
    away: bool = False
    shop_is_slow: bool = False
    """The shop does not acknowledge what is written."""
    late: bool = False
    requests: list[ReservationRequest] = field(default_factory=list)
    entries: dict[str, StockEntry] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    counter: int = 0

    def holds(self, sku: str, units: float) -> None:
        self.entries[sku] = ledger_of([count(units, sku=sku)]).entry
        self._tell(sku)

    async def append(self, message: Outgoing) -> Place:
        if self.away:
            raise NotAppendedError("the broker is away")
        decoder = projection.decoder(RESERVATION_REQUEST, RESERVATION_REQUEST.schema_text)
        request = decoder.decode(split_frame(message.value or b"")[1], 0)
        self.requests.append(request)
        if not self.silent:
            asyncio.get_running_loop().call_soon(self.decide, request)
        return Place(message.topic, 0, len(self.requests) - 1)

    def decide(self, request: ReservationRequest) -> None:
        self.counter += 1
        at = self.clock.micros() + self.counter
        now = at + (10_000_000 if self.late else 0)
        entry, known = self.entries[request.sku], self.kept.get(request.reservation_id)
        asked = Asked(request, at, now, Version(EPOCH, self.counter))
        step = fold_reservation(entry, known, asked, request.sku, RULES)
        self.entries[request.sku] = step.entry
        if step.kept is not None:
            self.kept[request.reservation_id] = step.kept
            self.reservations.put(request.reservation_id, step.kept.told)
        self._tell(request.sku)
        if not self.shop_is_slow:
            self.show(request.sku)

    def show(self, sku: str) -> None:
        """The shop acknowledges the newest quantity."""
        stock = self.stock.get(sku)
        assert stock is not None
        for source in stock.sources:
            self.acks.put(
                Outcome(
                    command_id="c", role="commerce", kind=WRITE_STOCK, entity=sku, part=source.source_code,
                    epoch=EPOCH, counter=source.version, state="APPLIED", started_at=0, at=0,
                )
            )  # fmt: skip

    def _tell(self, sku: str) -> None:
        entry = self.entries[sku]
        left = promisable(entry, sku, RULES)
        source = SourceQuantity("W1", left, int(left > 0), self.counter, 0, 0, Cause("t", 0, 0))
        self.stock.put(sku, DesiredStock(sku, EPOCH, self.counter, 0, (source,), left))


@dataclass
class Reserving:
    """A gateway that listens, with what stands behind it."""

    url: str
    owner: MemoryOwner
    shop: MemoryReserved
    clock: StillClock
    warehouse: MemoryWarehouse

    async def ask(self, method: str, path: str, body: object = None, *, client: str = "pos", **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {TOKENS[client]}", **headers}
        data = None if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        return await ask(f"{self.url}{path}", data, sent, method)

    async def reserve(self, key: str = "k1", quantity: str = "1", *, client: str = "pos", **wish: object) -> Answer:
        body = {"sku": SKU, "quantity": quantity, **wish}
        return await self.ask("POST", "/v1/reservations", body, client=client, **{"Idempotency-Key": key})

    async def act(self, name: str, act: str, body: object = None, *, client: str = "pos") -> Answer:
        return await self.ask("POST", f"/v1/reservations/{name}/{act}", {} if body is None else body, client=client)


@asynccontextmanager
async def reserving(units: float = 10, **changes: object) -> AsyncIterator[Reserving]:
    """So many of SKU are there."""
    given = {
        "tokens": {client: [token] for client, token in TOKENS.items()},
        "checkouts": ["web"],
        "answer_ms": 5000,
        "firm_ms": 0,
        "shop_ms": 50,
        **changes,
    }
    settings = Settings.model_validate(
        {
            "kafka": {"bootstrap_servers": "k:1"},
            "schema_registry": {"url": "https://r"},
            "gateway": {"port": 0, "reservations": given},
        }
    )
    clock, shop = StillClock(START), MemoryReserved()
    serde = Serde(MemoryRegistry(), clock)
    await serde.prepare([RESERVATION_REQUEST.topic])
    acks = ShopAcks(_no_consumer, serde, clock, partitions=1, back=_NO_TIME)
    reserved = ShopReserved(shop, settings.gateway.reservations.shop_ms / 1000, clock)
    books = Books(ReservationBook(), StockBook(), acks, reserved)
    owner = MemoryOwner(books.reservations, books.stock, acks, clock)
    owner.holds(SKU, units)
    recent: Recent[Place] = Recent(clock, for_s=600, at_most=1000)
    acceptance = OrderAcceptance(owner, recent, encode, clock)
    warehouse = MemoryWarehouse()
    look_up = warehouse if given.get("check_at") else None
    found = parts_of(settings, books, owner, serde, clock, look_up=look_up)
    server = GatewayServer(Parts(settings.gateway, acceptance, Health(clock), clock, None, found))
    await server.start()
    try:
        yield Reserving(server.url, owner, shop, clock, warehouse)
    finally:
        await server.stop()
