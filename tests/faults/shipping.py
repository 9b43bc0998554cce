"""Shipments by command beside stock changes: what a warehouse does, and what the shop's journal shows of it."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from confluent_kafka import Producer

from simulators.wms.producer import producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of, unframe
from streams.domain.order_id import unified_id
from tests.faults.order_system import OrderSystem
from tests.processes import call, until

STOCK, SHIPMENTS, DESIRED, OUTCOMES = (
    "wms.stock-change.v1",
    "commerce.shipment.v1",
    "inventory.desired.v1",
    "commerce.outcome.v1",
)
SCHEMAS = {STOCK: STOCK, SHIPMENTS: "command.v1"}
SOURCE, LOCATION, SYSTEM = "north", "WH-NORTH", "wms:main"
OPENING = 20
WRITES = "/V1/inventory/source-items"
NOW = 1_772_400_000_000_000


class Shipment(NamedTuple):
    """One order of one line, all of which is shipped at once."""

    sku: str
    units: int
    number: str
    line_id: str
    entity_id: int


@dataclass
class Shipping:
    """`opened` states the stock, `traded` ships every order while other changes flow."""

    system: OrderSystem
    skus: Sequence[str]
    seed: int = 5
    on_hand: Counter[str] = field(default_factory=Counter)
    sequence: Counter[str] = field(default_factory=Counter)
    placed: list[Shipment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._producer = Producer(producer_config(self.system.kafka.bootstrap, {}))
        registry = Registry(self.system.registry_url)
        self._codecs = {}
        for topic, schema in SCHEMAS.items():
            found = resolve(registry, topic, schema_of(schema))
            self._codecs[topic] = (found.schema_id, RecordCodec(found.schema))

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def opened(self) -> None:
        """Counted once; returns when the shop shows it."""
        for sku in self.skus:
            self.on_hand[sku] = OPENING
            self._state(sku, "ABSOLUTE", OPENING)
        self._producer.flush(20)
        until(self.is_equal, within=60, what=self.log, step=0.3)

    def ordered(self, each: int) -> list[Shipment]:
        """Shoppers' orders; the last one of each SKU takes all that is left."""
        found = []
        for sku in self.skus:
            left = OPENING
            for last in range(each - 1, -1, -1):
                units = left - 2 * last if not last else self._chance.randint(1, 2)
                left -= units
                found.append(self._place(sku, units))
        return found

    def traded(self, shipments: Sequence[Shipment]) -> None:
        """In any order: the WMS's change and the command."""
        todo = list(shipments)
        self._chance.shuffle(todo)
        for one in todo:
            steps = ["move", "command"]
            self._chance.shuffle(steps)
            for step in steps:
                self._move(one.sku, -one.units) if step == "move" else self._command(one)
                self._producer.flush(20)
                if self._chance.random() < 0.5:
                    self._move(self._chance.choice(self.skus), self._chance.randint(1, 3))

    def _place(self, sku: str, units: int) -> Shipment:
        body = {"items": [{"sku": sku, "qty": units}], "force": True}
        order = call(f"{self.system.shop.url}/_sim/orders", method="POST", body=body)
        line_id = str(order["items"][0]["item_id"])
        self.placed.append(Shipment(sku, units, order["increment_id"], line_id, order["entity_id"]))
        return self.placed[-1]

    def _move(self, sku: str, units: int) -> None:
        self.on_hand[sku] += units
        self._state(sku, "DELTA", units)

    def _state(self, sku: str, kind: str, units: int) -> None:
        self.sequence[sku] += 1
        number = self.sequence[sku]
        at = NOW + number * 1_000_000
        record = {
            "event_id": f"{sku}-{number}",
            "source_system": SYSTEM,
            "source_sequence": number,
            "sku": sku,
            "location_code": LOCATION,
            "kind": kind,
            "bucket": "ON_HAND",
            "quantity": Decimal(units),
            "reason": "OTHER",
            "effective_at": at,
            "recorded_at": at,
        }
        self._send(STOCK, sku, record)

    def _command(self, one: Shipment) -> None:
        order_id = unified_id("web", one.number)
        record = {
            "command_id": f"ship-{one.number}",
            "role": "commerce",
            "kind": "CREATE_SHIPMENT",
            "entity": order_id,
            "part": "SHP-1",
            "epoch": NOW // 1_000_000,
            "counter": 1,
            "at": NOW,
            "lines": [{"line_id": one.line_id, "sku": one.sku, "quantity": Decimal(one.units), "serials": []}],
            "tracks": [],
            "source_code": SOURCE,
            "order_number": one.number,
        }
        self._send(SHIPMENTS, order_id, record)

    def _send(self, topic: str, key: str, record: dict[str, object]) -> None:
        schema_id, codec = self._codecs[topic]
        self._producer.produce(topic, frame(schema_id, codec.encode(record)), key.encode())
        self._producer.poll(0)

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    def is_equal(self) -> bool:
        """The shop's quantities are the warehouse's."""
        shown = self.system.shop.source_items()
        rows = {sku: shown.get((SOURCE, sku)) for sku in self.skus}
        return all(row is not None and Decimal(row[0]) == self.on_hand[sku] for sku, row in rows.items())

    def salable(self) -> dict[str, Decimal]:
        """Of the shop's stock: its quantities, and the reservations, which are below zero while they are open."""
        state = call(f"{self.system.shop.url}/_sim/state", timeout=20)
        found: dict[str, Decimal] = dict.fromkeys(self.skus, Decimal(0))
        for row in (*state["source_items"], *state["reservations"]):
            found[row["sku"]] += Decimal(str(row["quantity"]))
        return found

    def made(self) -> int:
        """Shipments that the shop has."""
        return len(call(f"{self.system.shop.url}/_sim/state", timeout=20)["shipments"])

    def ended(self) -> Counter[str]:
        """How the shipments ended, by their outcomes."""
        ids = {one["command_id"]: one["state"] for one in self._read(OUTCOMES) if one["kind"] == "CREATE_SHIPMENT"}
        return Counter(ids.values())

    def wait_over(self, shipments: int) -> None:
        def over() -> bool:
            return sum(self.ended().values()) == shipments and self.is_equal()

        until(over, within=120, what=self.log, step=0.5)

    def log(self) -> str:
        """What is not as it should be, and what the workers said."""
        workers = "\n".join(f"── {worker.name}\n{worker.log[-4000:]}" for worker in self.system.workers)
        shown = self.system.shop.source_items()
        pairs = {sku: (self.on_hand[sku], shown.get((SOURCE, sku))) for sku in self.skus}
        read = self.system.committed(SHIPMENTS)
        return f"shop equals warehouse: {pairs}; ended {dict(self.ended())}, made {self.made()}, read {read}\n{workers}"

    def _read(self, topic: str) -> Iterator[dict[str, Any]]:
        codec = RecordCodec(schema_of("outcome.v1" if topic == OUTCOMES else topic))
        for value in dict.fromkeys(message.value() for message in self.system.read(topic)):  # some are told twice
            yield codec.decode(unframe(value)[1])

    def wanted(self) -> dict[tuple[str, int, int], Decimal]:
        """(SKU, epoch, version) → what the snapshot says of the source."""
        return {
            (one["sku"], one["epoch"], source["version"]): source["quantity"]
            for one in self._read(DESIRED)
            for source in one["sources"]
            if source["source_code"] == SOURCE
        }

    def excess(self) -> dict[str, list[tuple[Decimal, int]]]:
        """Per SKU, of each acknowledged write: what it was above its snapshot, and what was not posted just then.

        Writes of a worker that was killed before it told of them have no snapshot to compare with.
        """
        wanted, acked = self.wanted(), defaultdict(list)
        for one in self._read(OUTCOMES):
            if one["kind"] == "write-stock" and one["state"] == "APPLIED":
                acked[one["entity"]].append((Decimal(one["value"].split()[0]), one["epoch"], one["counter"]))
        found: dict[str, list[tuple[Decimal, int]]] = defaultdict(list)
        for sku, journal in self._journal().items():
            writes = iter(journal)
            for value, epoch, counter in acked[sku]:
                left = next(left for written, left in writes if written == value)
                found[sku].append((value - wanted[sku, epoch, counter], left))
        return found

    def _journal(self) -> dict[str, list[tuple[Decimal, int]]]:
        """Per SKU what was written, in order, and the units of its orders that were not posted yet."""
        left = Counter({sku: sum(one.units for one in self.placed if one.sku == sku) for sku in self.skus})
        by_order = {one.entity_id: one for one in self.placed}
        found = defaultdict(list)
        for entry in self.system.shop.journal():
            if entry["kind"] != "request" or not entry["effect"]:
                continue
            if entry["path"].endswith("/ship"):
                one = by_order[int(entry["path"].split("/")[-2])]
                left[one.sku] -= one.units
            elif entry["path"].endswith(WRITES) and entry["method"] == "POST":
                for row in entry["detail"]["rows"]:
                    found[row["sku"]].append((Decimal(str(row["quantity"])), left[row["sku"]]))
        return found
