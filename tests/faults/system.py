"""Everything of one fault test: a broker of its own, a shop, a warehouse that knows the truth, and workers."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from confluent_kafka import Consumer, KafkaException, TopicPartition

from simulators.local_stack.kafka import Kafka
from simulators.local_stack.registry import Registry
from simulators.wms.disturb import QUIET, Disturbance
from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.plan import Phase
from simulators.wms.poison import KINDS
from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from simulators.wms.traffic import WorldSettings
from streams.tables import STOCK_LEDGER, TableSpec
from streams.topics import COMMERCE_OUTCOME, DESIRED, STOCK_CHANGE
from tests.commands import invoke
from tests.faults.between import Between
from tests.faults.struck import Struck, Written
from tests.processes import PRODUCT, Shop, Worker, free_port, until

APP_ID = "faults"
SETTLE_S = 4.0
HEAL_S = 60.0
UNKNOWN_LAG = 10**9
LEFT_OUT = ("ambiguous-allocation", "array-bomb", "foreign-schema-id")
"""Poison that is allowed by these settings, or made by schemas of its own."""


@dataclass
class System:
    """`environ` is what a worker is told; `settle_s` is short, so that a test need not wait a minute.

    With `proxied` it reaches each broker through a proxy, with `fronted` the registry through a door that can be made
    to fail (`between`); what is looked up here goes straight to the real ones.
    """

    folder: Path
    registry_url: str
    items: int = 40
    seed: int = 7
    disturbance: Disturbance = QUIET
    overrides: Mapping[str, str] = field(default_factory=dict)
    world: WorldSettings = field(default_factory=WorldSettings)
    shop_settings: Mapping[str, object] = field(default_factory=dict)
    partitions: int = 4
    kafka_extra: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = PRODUCT
    nodes: int = 1
    proxied: bool = False
    fronted: bool = False

    topic: ClassVar[str] = STOCK_CHANGE.name
    """What is traded."""
    key: ClassVar[str] = "sku"
    """The field that it is keyed by."""
    accounted: ClassVar[Mapping[str, TableSpec]] = {STOCK_CHANGE.name: STOCK_LEDGER}
    """Topics whose commits are looked at, and the table that accounts for each."""
    commands: ClassVar[str] = DESIRED.name
    decides: ClassVar[TableSpec] = STOCK_LEDGER
    outcomes: ClassVar[str] = COMMERCE_OUTCOME.name
    poisons: ClassVar[Sequence[str]] = [kind for kind in KINDS if kind not in LEFT_OUT]
    many: ClassVar[int] = 20
    """Records of one kind that are enough to be worth looking at."""
    some: ClassVar[int] = 500
    """Records of some seconds of trade."""
    one_writer: ClassVar[bool] = True
    """Whether one worker at a time writes to the target."""

    sets_rows_aside: ClassVar[bool] = True
    """Whether what a target does not know is set aside alone, and can be retried."""

    def __post_init__(self) -> None:
        ports = [free_port() for _ in range(self.nodes)] if self.proxied else []
        self.kafka = Kafka(
            self.folder / "kafka", nodes=self.nodes, proxy_ports=ports, kept=True, extra=self.kafka_extra
        )
        self.between = Between(self.folder, self.kafka, self.registry_url, fronted=self.fronted)
        self.shop = Shop(self.folder, **self.shop_settings)
        self.workers: list[Worker] = []
        self._kept: dict[str, list[Any]] = {}

    # ── start and end ────────────────────────────────────────────────────────────────────────────

    def start(self) -> "System":
        self.kafka.start()
        self.between.start()
        self.shop.start()
        self.shop.wait_ready()
        world = replace(self.world, items=self.items)
        sources = sorted({warehouse.source_code for warehouse in WAREHOUSES})
        self.shop.seed(products=[f"SKU-{n:05d}" for n in range(1, self.items + 1)], sources=["default", *sources])
        for arguments in (("topics", "apply"), ("schemas", "apply")):
            done = invoke(self.environ, *arguments)
            assert done.exit_code == 0, f"{arguments}: exit {done.exit_code}\n{done.output}"
        settings = SimulatorSettings(
            self.kafka.bootstrap, self.registry_url, seed=self.seed, world=world, disturbance=self.disturbance
        )
        self.wms = WmsSimulator(settings)
        return self

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        with contextlib.suppress(Exception):
            self.wms.close()
        self.shop.end()
        self.between.end()
        self.kafka.stop(wipe=True)

    @property
    def environ(self) -> dict[str, str]:
        own = {
            "STREAMS_APP_ID": APP_ID,
            "STREAMS_KAFKA__BOOTSTRAP_SERVERS": self.between.bootstrap,
            "STREAMS_KAFKA__PARTITIONS": str(self.partitions),
            "STREAMS_KAFKA__SESSION_TIMEOUT_S": "6",
            "STREAMS_SCHEMA_REGISTRY__URL": self.between.registry_url,
            "STREAMS_INVENTORY__LOCATIONS": str(locations_of(WAREHOUSES)).replace("'", '"'),
            "STREAMS_INVENTORY__ALLOCATIONS": '{"wms:main": "other", "wms:3pl": "other"}',
            "STREAMS_INVENTORY__UNITS": '{"EA": 1, "M": 1, "KG": 1}',
            "STREAMS_INVENTORY__WINDOW_MS": "200",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": self.shop.url,
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__KIND": "token",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__USERNAME": "integration",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD": "simulated-password-1",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__SETTLE_S": str(SETTLE_S),
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__TIMEOUT_S": "3",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__CONNECT_TIMEOUT_S": "2",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__ROWS_PER_CALL": "20",
        }
        return {**own, **self.overrides}

    def command(self, *arguments: str, expect: int | None = 0) -> str:
        """One run of the command line; its output.  `expect` None takes any exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "streams", *arguments],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert expect in (None, done.returncode), f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def worker(self, name: str) -> Worker:
        """A new worker, started."""
        made = Worker(name, self.folder, self.environ, self.program)
        self.workers.append(made)
        made.start()
        return made

    # ── what a fault strikes ─────────────────────────────────────────────────────────────────────

    @cached_property
    def struck(self) -> Struck:
        """The targets, and their calls that write."""
        return Struck({"shop": Written(self.shop, "inventory/source-items$", ("POST",))})

    def is_at_work(self, worker: Worker) -> bool:
        """Whether it is one that writes to a target."""
        return worker.is_ready() and worker.facts()["lane"] is not None

    def has_taken_over(self, worker: Worker) -> bool:
        """Whether it has the place of one that went away."""
        return worker.facts()["lane"] is not None

    @property
    def traffic(self) -> WmsSimulator:
        return self.wms

    def burst(self) -> None:
        """More at once than a worker has had before."""
        self.wms.burst(5_000, 2)

    # ── traffic ──────────────────────────────────────────────────────────────────────────────────

    def open_stock(self) -> None:
        self.wms.opening()

    def trade(self, seconds: float, per_s: float) -> None:
        """Blocks for as long as the trade takes."""
        self.wms.run(Phase(seconds, per_s))

    # ── what the broker knows ────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def consumer(self, group: str = "faults-check") -> Iterator[Consumer]:
        made = Consumer({**self.kafka.client_config(), "group.id": group, "enable.auto.commit": False, "log_level": 0})
        try:
            yield made
        finally:
            made.close()

    def keep(self, topic: str, partition: int | None = None) -> None:
        """What a fault is about to take away, of the whole topic or of one partition, stays readable here."""
        lost = [one for one in self._read(topic) if partition is None or one.partition() == partition]
        self._kept[topic] = [*self._kept.get(topic, ()), *lost]

    def read(self, topic: str) -> list[Any]:
        """Every record of a topic, partition by partition; first what was kept of it."""
        return [*self._kept.get(topic, ()), *self._read(topic)]

    def _read(self, topic: str) -> list[Any]:
        with self.consumer() as consumer:
            partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            found: list[Any] = []
            for number in partitions:
                found += _read_partition(consumer, TopicPartition(topic, number))
        return found

    def committed(self, topic: str) -> dict[int, tuple[int, int]]:
        """Partition → (committed offset of the workers' group, end of the log)."""
        with self.consumer(APP_ID) as consumer:
            numbers = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            answered = consumer.committed([TopicPartition(topic, number) for number in numbers], timeout=10)
            ends = {tp.partition: consumer.get_watermark_offsets(tp, timeout=10)[1] for tp in answered}
        return {tp.partition: (max(tp.offset, 0), ends[tp.partition]) for tp in answered}

    def topics(self) -> frozenset[str]:
        """That there are."""
        with self.consumer() as consumer:
            return frozenset(consumer.list_topics(timeout=10).topics)

    def lag(self) -> int:
        """Records of the stock inputs that are not committed; many while the broker does not say."""
        topics = ("wms.stock-change.v1", "inventory.desired.v1")
        try:
            return sum(end - done for topic in topics for done, end in self.committed(topic).values())
        except KafkaException:  # coordinator moving, broker away
            return UNKNOWN_LAG

    # ── equal? ───────────────────────────────────────────────────────────────────────────────────

    def differences(self) -> dict[tuple[str, str], tuple[object, object]]:
        """(source, SKU) → (truth, shop) where they differ."""
        truth = self.wms.truth().shown
        shop = self.shop.source_items()
        found: dict[tuple[str, str], tuple[object, object]] = {}
        for pair, wanted in truth.items():
            quantity, status = shop.get((pair[0], pair[1]), ("absent", -1))
            same = quantity != "absent" and wanted.quantity == type(wanted.quantity)(quantity)
            if not same or wanted.status != status:
                found[pair[0], pair[1]] = ((str(wanted.quantity), wanted.status), (quantity, status))
        return found

    def wait_equal(self, within: float = HEAL_S) -> None:
        """The shop shows the truth and nothing is left to do."""
        self.wms.drain()

        def equal() -> bool:
            return self.lag() == 0 and not self.differences()

        until(equal, within=within, what=self._difference_text, step=0.3)

    def _difference_text(self) -> str:
        logs = "\n".join(f"── {worker.name}\n{worker.log[-3000:]}" for worker in self.workers)
        return f"shop equals truth; lag {self.lag()}, differing {list(self.differences().items())[:5]}\n{logs}"


def _read_partition(consumer: Consumer, partition: TopicPartition) -> list[Any]:
    low, high = consumer.get_watermark_offsets(partition, timeout=10)
    found: list[Any] = []
    consumer.assign([TopicPartition(partition.topic, partition.partition, low)])
    next_offset = low
    while next_offset < high:
        batch = consumer.consume(min(1000, high - next_offset), timeout=2)
        if not batch:
            break
        found += [message for message in batch if message.error() is None]
        next_offset = max(message.offset() or 0 for message in batch) + 1
    return found


__all__ = ["APP_ID", "HEAL_S", "SETTLE_S", "Registry", "System"]
