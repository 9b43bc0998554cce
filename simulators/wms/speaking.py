"""Carries what a simulated system says to Kafka, with the faults that real bridges have: repeats, and wrong order.

Framed with the registry's schema id and partitioned as the Java clients do it, like the stock changes of
`simulators/wms`.  Delivery is journaled per record.
"""

import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from simulators.wms.clock import SystemClock
from simulators.wms.journal import Journal
from simulators.wms.producer import EPOCH, Outgoing, StockProducer, UndeliveredError, producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of

FLUSH_S = 10.0

What = Literal["normal", "duplicate", "reordered"]
RecordT = TypeVar("RecordT", bound=Mapping[str, Any])
"""A record as its schema names its fields; it has `event_id`, `source_system` and `effective_at`."""


class Voice(NamedTuple):
    """Where a system speaks: topic, field of the key, and what CloudEvents call the kind and the place."""

    topic: str
    key: str
    event_type: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """Shares are of the records, 0 to 1: sent twice at once, and held back for `hold_s`, so that others overtake."""

    duplicates: float = 0.0
    reorder: float = 0.0
    hold_s: float = 5.0


class Arrival(NamedTuple, Generic[RecordT]):
    record: RecordT
    what: What


@dataclass(slots=True)
class Scrambler(Generic[RecordT]):
    """Which record is sent when; a pure function of the seed and of what was pushed."""

    rng: Random
    disorder: Disorder = field(default_factory=Disorder)
    _held: list[tuple[float, int, RecordT]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def push(self, record: RecordT, now: float) -> list[Arrival[RecordT]]:
        """What is sent at once."""
        if self.rng.random() < self.disorder.reorder:
            heapq.heappush(self._held, (now + self.disorder.hold_s, next(self._numbers), record))
            return []
        twice = self.rng.random() < self.disorder.duplicates
        return [Arrival(record, "normal"), Arrival(record, "duplicate")] if twice else [Arrival(record, "normal")]

    def due(self, now: float) -> list[Arrival[RecordT]]:
        """What was held back until now."""
        out: list[Arrival[RecordT]] = []
        while self._held and self._held[0][0] <= now:
            out.append(Arrival(heapq.heappop(self._held)[2], "reordered"))
        return out

    def rest(self) -> list[Arrival[RecordT]]:
        """All that is still held back."""
        return self.due(float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to speak, and how: `properties` are librdkafka's."""

    bootstrap: str
    registry: str
    register: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)
    journal: Path | None = None


class KafkaSpeaker(Generic[RecordT]):
    """`Speaker` on a topic.  Raises what the registry or librdkafka raise where it cannot begin."""

    def __init__(self, address: Address, scrambler: Scrambler[RecordT], voice: Voice) -> None:
        registered = resolve(Registry(address.registry), voice.topic, schema_of(voice.topic), register=address.register)
        self._voice = voice
        self._schema_id = registered.schema_id
        self._codec = RecordCodec(registered.schema)
        self._scrambler = scrambler
        config = producer_config(address.bootstrap, address.properties)
        self._journal = Journal(address.journal)
        self._producer = StockProducer(config, self._journal, SystemClock(), topic=voice.topic)

    def say(self, record: RecordT, now: float) -> None:
        self._send(self._scrambler.push(record, now))

    def go_on(self, now: float) -> None:
        self._send(self._scrambler.due(now))
        self._producer.poll()

    def delivered(self) -> list[dict[str, Any]]:
        """The newest journal entries: where each record came to stand."""
        return self._journal.since(0, limit=200_000)[0]

    def close(self) -> None:
        """Everything leaves first.  Raises UndeliveredError where the broker does not take it in time."""
        try:
            self._send(self._scrambler.rest())
            self._producer.flush(FLUSH_S)
            failed = sum(self._producer.deliveries().failed.values())
            if failed:
                raise UndeliveredError(f"{failed} events were not taken by the broker")
        finally:
            self._producer.close()

    def _send(self, arrivals: list[Arrival[RecordT]]) -> None:
        for arrival in arrivals:
            record = arrival.record
            value = frame(self._schema_id, self._codec.encode(record))
            key, event_id = record[self._voice.key].encode(), record["event_id"]
            self._producer.send(Outgoing(arrival.what, key, value, event_id, _headers(record, self._voice)))


def _headers(record: Mapping[str, Any], voice: Voice) -> list[tuple[str, str | bytes | None]]:
    """CloudEvents 1.0, Kafka binding, binary mode."""
    moment = EPOCH.fromtimestamp(record["effective_at"] / 1_000_000, EPOCH.tzinfo)
    return [
        ("ce_id", record["event_id"]),
        ("ce_source", f"/{voice.place}/{record['source_system']}"),
        ("ce_type", voice.event_type),
        ("ce_time", moment.isoformat().replace("+00:00", "Z")),
        ("ce_specversion", "1.0"),
    ]
