"""Sends records to Kafka and writes down where each of them came to stand."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, Message, Producer

from simulators.wms.clock import Clock
from simulators.wms.journal import Journal
from simulators.wms.poison import Poison
from simulators.wms.record import MICROS, StockRecord
from simulators.wms.rules import Fact
from simulators.wms.wire import STOCK_TOPIC, RecordCodec, frame

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVENT_TYPE = "commerce.stock.v1.StockChange"
LARGEST_RECORD = 16 * 1024 * 1024
FULL_QUEUE_WAIT_S = 0.1

Headers = list[tuple[str, str | bytes | None]]


class UndeliveredError(RuntimeError):
    """Records were still not acknowledged when the time was over."""


def producer_config(bootstrap: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Idempotent, acknowledged by all replicas, partitioned like the Java clients (murmur2)."""
    return {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": 5,
        "message.max.bytes": LARGEST_RECORD,
        "queue.buffering.max.messages": 200_000,
        **properties,
    }


def cloud_event(event_id: str, source_system: str, at: int) -> Headers:
    """CloudEvents 1.0, Kafka binding, binary mode."""
    return [
        ("ce_id", event_id),
        ("ce_source", f"/wms/{source_system}"),
        ("ce_type", EVENT_TYPE),
        ("ce_time", (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")),
        ("ce_specversion", "1.0"),
    ]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record on its way.  `reason` is the dead letter's where it is poison; `fact` is what truth counts."""

    what: str
    key: bytes | None
    value: bytes | None
    event_id: str
    headers: Headers
    reason: str | None = None
    fact: Fact | None = None
    intended_at: float | None = None
    """Seconds since 1970 at which the schedule wanted it sent."""


def well_formed(record: StockRecord, codec: RecordCodec, schema_id: int, *, what: str, intended_at: float) -> Outgoing:
    """A record as it should be."""
    return Outgoing(
        what,
        record["sku"].encode(),
        frame(schema_id, codec.encode(record)),
        record["event_id"],
        cloud_event(record["event_id"], record["source_system"], record["effective_at"]),
        fact=Fact.of(record),
        intended_at=intended_at,
    )


def poisoned(poison: Poison, record: StockRecord) -> Outgoing:
    """A record that must become a dead letter; its headers are those of a good one."""
    headers = cloud_event(poison.event_id, record["source_system"], record["effective_at"])
    return Outgoing(poison.kind, poison.key, poison.value, poison.event_id, headers, reason=poison.reason)


class Delivery(NamedTuple):
    """Where a well-formed record stands in the log."""

    partition: int
    offset: int
    fact: Fact


@dataclass
class Deliveries:
    """What the broker acknowledged; counts are by what the record is."""

    delivered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    facts: list[Delivery] = field(default_factory=list)


class StockProducer:
    """Keeps the order of `send` within a partition (idempotence), and journals each acknowledgement."""

    def __init__(self, config: Mapping[str, Any], journal: Journal, clock: Clock, *, topic: str = STOCK_TOPIC) -> None:
        self._producer = Producer(dict(config))
        self._journal = journal
        self._clock = clock
        self._topic = topic
        self._lock = threading.Lock()
        self._deliveries = Deliveries()

    @property
    def kafka(self) -> Producer:
        """For those who send in bulk or ask for metadata."""
        return self._producer

    def send(self, outgoing: Outgoing) -> None:
        """Queues the record; waits where the queue is full.  Raises KafkaException where it can never be sent."""
        delivered = partial(self._delivered, outgoing)
        while True:
            try:
                self._producer.produce(
                    self._topic, outgoing.value, outgoing.key, headers=outgoing.headers, on_delivery=delivered
                )
            except BufferError:
                self._producer.poll(FULL_QUEUE_WAIT_S)
            else:
                return

    def poll(self) -> None:
        """Lets acknowledgements in."""
        self._producer.poll(0)

    def flush(self, timeout_s: float = 60.0) -> None:
        """Every record is acknowledged or has failed; raises UndeliveredError when the time is over."""
        if left := self._producer.flush(timeout_s):
            raise UndeliveredError(f"{left} records not acknowledged within {timeout_s} s")
        self._journal.flush()

    def close(self) -> None:
        """Leaves the brokers; what was delivered stays readable."""
        self._producer.close()
        self._journal.close()

    def deliveries(self) -> Deliveries:
        """A copy; the facts stand in the order of the log of each partition."""
        with self._lock:
            copied = self._deliveries
            return Deliveries(Counter(copied.delivered), Counter(copied.failed), sorted(copied.facts, key=_position))

    def _delivered(self, outgoing: Outgoing, error: KafkaError | None, message: Message) -> None:
        with self._lock:
            if error is not None:
                self._deliveries.failed[outgoing.what] += 1
            else:
                self._deliveries.delivered[outgoing.what] += 1
                if outgoing.fact is not None:
                    place = (message.partition() or 0, message.offset() or 0)
                    self._deliveries.facts.append(Delivery(*place, outgoing.fact))
        self._journal.append(self._entry(outgoing, error, message))

    def _entry(self, outgoing: Outgoing, error: KafkaError | None, message: Message) -> dict[str, Any]:
        return {
            "at": self._clock.now() / MICROS,
            "intended_at": outgoing.intended_at,
            "topic": self._topic,
            "partition": None if error else message.partition(),
            "offset": None if error else message.offset(),
            "key": None if outgoing.key is None else outgoing.key.decode(),
            "event_id": outgoing.event_id,
            "what": outgoing.what,
            "reason": outgoing.reason,
            "error": str(error) if error else None,
        }


def _position(delivery: Delivery) -> tuple[int, int]:
    return delivery.partition, delivery.offset
