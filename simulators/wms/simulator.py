"""The warehouse at work on a real topic: runs plans, takes orders while it runs, and knows the truth."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from simulators.wms.clock import Clock, SystemClock, WarehouseClock
from simulators.wms.disturb import QUIET, Arrival, Disturbance, Disturber
from simulators.wms.journal import Journal
from simulators.wms.model import locations_of
from simulators.wms.plan import Phase
from simulators.wms.poison import Ingredients, bomb_schema, make, possible
from simulators.wms.producer import Outgoing, StockProducer, poisoned, producer_config, well_formed
from simulators.wms.record import MICROS, RecountRequest, StockRecord, to_decimal
from simulators.wms.registry import Registered, Registry, resolve
from simulators.wms.rules import Rules
from simulators.wms.traffic import Traffic, WorldSettings
from simulators.wms.truth import Truth, tell
from simulators.wms.wire import SNAPSHOT_TOPIC, STOCK_TOPIC, RecordCodec, frame, schema_of, subject_of

RECENT = 500
ANSWERED = 10_000
PAUSE_S = 0.005


@dataclass(frozen=True)
class SimulatorSettings:
    """Where to send, and which world to simulate."""

    bootstrap: str
    registry: str
    seed: int = 1
    world: WorldSettings = field(default_factory=WorldSettings)
    disturbance: Disturbance = QUIET
    register: bool = False
    """Register the schema instead of only looking it up."""
    journal: Path | None = None
    behind_s: float = 0.0
    """The warehouse's clock starts this many seconds ago …"""
    speed: float = 1.0
    """… and runs this much faster than the real one, until it has caught up."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Further librdkafka settings (security, mock cluster)."""


@dataclass(frozen=True)
class Sent:
    """What one order to the simulator put on its way; `behind_s` is how late the schedule got at worst."""

    counts: Counter[str]
    behind_s: float = 0.0


class WmsSimulator:
    """All methods block and may be called from several threads; what is sent keeps its order per SKU."""

    def __init__(self, settings: SimulatorSettings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._registry = Registry(settings.registry)
        self._stock = resolve(self._registry, STOCK_TOPIC, schema_of(STOCK_TOPIC), register=settings.register)
        self._codec = RecordCodec(self._stock.schema)
        self.journal = Journal(settings.journal)
        self.producer = StockProducer(
            producer_config(settings.bootstrap, settings.properties), self.journal, self._clock
        )
        self._traffic = Traffic(settings.world, Random(settings.seed))
        self._disturber = Disturber(Random(settings.seed + 1), settings.disturbance)
        self._wall = WarehouseClock(self._clock, behind_s=settings.behind_s, speed=settings.speed)
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._backlog: deque[StockRecord] = deque()
        self._recent: deque[StockRecord] = deque(maxlen=RECENT)
        self._answered: deque[str] = deque(maxlen=ANSWERED)
        self._poison_rng = Random(settings.seed + 2)  # poison must not change the stream of good records
        self._poisons = 0
        self._bomb_id: int | None = None
        self._value: Callable[[StockRecord], bytes] | None = None
        self._closed = False

    @property
    def schema(self) -> Registered:
        """What records are framed with."""
        return self._stock

    @property
    def registry(self) -> Registry:
        return self._registry

    @property
    def now(self) -> int:
        """The warehouse's time, in microseconds since 1970."""
        return self._wall.now()

    def opening(self) -> Sent:
        """States the stock of every place once, undisturbed, as fast as Kafka takes it."""
        with self._lock:
            return self._send_all((Arrival(record, "normal") for record in self._traffic.opening(self.now)), None)

    def run(self, plan: Phase | Iterable[Phase]) -> Sent:
        """Works through the plan; a phase that is behind its schedule catches up and thins nothing out."""
        counts: Counter[str] = Counter()
        behind = 0.0
        for phase in [plan] if isinstance(plan, Phase) else plan:
            sent = self._run(phase)
            counts += sent.counts
            behind = max(behind, sent.behind_s)
        return Sent(counts, behind)

    def burst(self, changes_per_s: float, seconds: float) -> Sent:
        return self._run(Phase(seconds, changes_per_s, name="burst"))

    def snapshot(self) -> Sent:
        """The nightly statement of everything, through the same disturbances as any record."""
        with self._lock:
            return self._push(self._traffic.snapshot(self.now), None)

    def statement(self) -> Sent:
        """What every bucket holds now, on wms.snapshot.v1: compared and not counted, so truth knows nothing of it."""
        with self._lock:
            stated = self._statements()
            records = self._traffic.snapshot(self.now)
            for record in records:
                value = frame(stated.schema_id, RecordCodec(stated.schema).encode(record))
                self.producer.kafka.produce(SNAPSHOT_TOPIC, value, record["sku"].encode())
                self.producer.poll()
        self.producer.flush()
        return Sent(Counter({"statement": len(records)}))

    def _statements(self) -> Registered:
        return resolve(self._registry, SNAPSHOT_TOPIC, schema_of(STOCK_TOPIC), register=self._settings.register)

    def poison(self, count: int, kinds: Sequence[str] = ()) -> Sent:
        """`count` poison records, kinds in turn (all that can be made, unless named); needs something sent before.

        Naming "array-bomb" registers its schema: see `arm_bomb`.
        """
        with self._lock:
            if "array-bomb" in kinds:
                self.arm_bomb()
            names = list(kinds) or possible(self._ingredients())
            sent = [self._send_poison(names[index % len(names)]) for index in range(count)]
        return Sent(Counter(sent))

    def arm_bomb(self) -> None:
        """Registers the schema with the array bomb as the newest version of the subject; enables that kind."""
        self._bomb_id = self._registry.register(subject_of(STOCK_TOPIC), bomb_schema(self._stock.schema))

    def answer(self, request: RecountRequest) -> Sent:
        """States anew what is asked for, once per request id, past all disturbances."""
        with self._lock:
            if request["request_id"] in self._answered:
                return Sent(Counter())
            self._answered.append(request["request_id"])
            records = self._traffic.recount(request, self.now)
            return Sent(Counter({"recount": sum(self._send(record, "recount", None) for record in records)}))

    def answer_and_flush(self, request: RecountRequest) -> Sent:
        """The answer is acknowledged when this returns; raises UndeliveredError where it is not."""
        sent = self.answer(request)
        self.producer.flush()
        return sent

    def disturb(self, disturbance: Disturbance) -> None:
        """From now on."""
        with self._lock:
            self._disturber.settings = disturbance

    def drain(self) -> Sent:
        """Nothing is held back any more, and everything sent is acknowledged or has failed."""
        with self._lock:
            sent = self._push(self._backlog, None)
            self._backlog.clear()
            sent = Sent(sent.counts + self._send_all(self._disturber.flush(), None).counts)
        self.producer.flush()
        return sent

    def truth(self, rules: Rules | None = None) -> Truth:
        """What the shop must show for the records that the broker has acknowledged."""
        self.producer.flush()
        facts = (delivery.fact for delivery in self.producer.deliveries().facts)
        return tell(facts, rules or self.rules())

    def rules(self) -> Rules:
        """The configuration that fits this world: its location map, and no buffer."""
        world = self._settings.world
        systems = {warehouse.source_system for warehouse in world.warehouses} if world.state_allocations else set()
        return Rules(
            locations=locations_of(world.warehouses),
            allocated_absolute=dict.fromkeys(systems, "other"),
            negative_stock=frozenset({one.source_system for one in world.warehouses} if world.allow_negative else ()),
        )

    def state(self) -> dict[str, Any]:
        """Counts and books, readable by people; quantities as text."""
        deliveries = self.producer.deliveries()
        with self._lock:
            return {
                "delivered": dict(deliveries.delivered),
                "failed": dict(deliveries.failed),
                "books": _books(self._traffic),
                "open_allocations": len(self._traffic.floor.allocations),
                "open_transfers": len(self._traffic.floor.transfers),
                "now": self.now / MICROS,
            }

    def speak(self, value: Callable[[StockRecord], bytes]) -> None:
        """From now on `value` makes the framed value of a record: other versions of the schema, in any mixture."""
        with self._lock:
            self._value = value

    def stop(self) -> None:
        """Plans that are running end after the record in hand."""
        self._stopping.set()

    def close(self) -> None:
        """Stops, sends what is held back, and leaves the brokers; a second time it does nothing."""
        self.stop()
        if self._closed:
            return
        self._closed = True
        try:
            self.drain()
        finally:
            self.producer.close()

    def _run(self, phase: Phase) -> Sent:
        if phase.disturbance is not None:
            self.disturb(phase.disturbance)
        counts: Counter[str] = Counter()
        behind, began, began_at = 0.0, self._clock.monotonic(), self._clock.now() / MICROS
        for slot in phase.slots():
            self._wait_until(began + slot)
            if self._stopping.is_set():
                break
            behind = max(behind, self._clock.monotonic() - began - slot)
            with self._lock:
                counts += self._push([self._next()], began_at + slot).counts
        self._wait_until(began + phase.seconds)
        return Sent(counts, behind)

    def _wait_until(self, due: float) -> None:
        self.producer.poll()
        while (left := due - self._clock.monotonic()) > 0 and not self._stopping.is_set():
            self._clock.sleep(min(left, PAUSE_S))
            self.producer.poll()

    def _next(self) -> StockRecord:
        if not self._backlog:
            self._backlog.extend(self._traffic.act(self.now))
        return self._backlog.popleft()

    def _push(self, records: Iterable[StockRecord], intended_at: float | None) -> Sent:
        return self._send_all((one for record in records for one in self._disturber.push(record)), intended_at)

    def _send_all(self, arrivals: Iterable[Arrival], intended_at: float | None) -> Sent:
        counts: Counter[str] = Counter()
        for record, what in arrivals:
            counts[what] += self._send(record, what, intended_at)
        return Sent(counts)

    def _send(self, record: StockRecord, what: str, intended_at: float | None) -> int:
        at = self._clock.now() / MICROS if intended_at is None else intended_at
        outgoing = well_formed(record, self._codec, self._stock.schema_id, what=what, intended_at=at)
        self.producer.send(outgoing if self._value is None else replace(outgoing, value=self._value(record)))
        self._recent.append(record)
        return 1

    def _ingredients(self) -> Ingredients:
        if not self._recent:
            raise ValueError("poison is made from records that were sent; nothing was sent yet")
        self._poisons += 1
        return Ingredients(
            record=self._poison_rng.choice(self._recent),
            codec=self._codec,
            schema_id=self._stock.schema_id,
            now=self._clock.now(),
            number=self._poisons,
            bomb_id=self._bomb_id,
        )

    def _send_poison(self, name: str) -> str:
        ingredients = self._ingredients()
        outgoing: Outgoing = poisoned(make(name, ingredients), ingredients.record)
        self.producer.send(outgoing)
        return name


def _books(traffic: Traffic) -> dict[str, str]:
    return {
        f"{account.place.warehouse.code}/{account.place.item.sku}/{account.bucket}": str(to_decimal(account.quantity))
        for account in traffic.books.accounts()
    }
