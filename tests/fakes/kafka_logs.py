"""confluent-kafka over logs in memory: as much of consumer, administrator and producer as reads and writes logs.

It stands in for the library, so everything of ours above it is real.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec
from confluent_kafka.cimpl import OFFSET_SPEC_EARLIEST, OFFSET_SPEC_LATEST

from streams.runtime.refusals import Local
from streams.runtime.writer import Record

T = TypeVar("T")
At = tuple[str, int]
"""Topic and offset."""


@dataclass
class KafkaLogs:
    """One busy partition of each topic: `busy`, or 0 of topics that have only one (`single`).

    `log` is what was acknowledged.  `gone` are records that somebody took out, `begins` where logs begin since, `times`
    when a record came (µs) where that is not `at`, `committed` up to where its reader came: to the end, unless told.
    `absent` topics do not exist; with `away` nobody answers.
    """

    log: dict[str, list[Record]]
    at: int
    single: frozenset[str] = frozenset()
    partitions: int = 4
    busy: int = 3
    gone: set[At] = field(default_factory=set)
    begins: dict[str, int] = field(default_factory=dict)
    times: dict[At, int] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    away: bool = False
    refuses: set[str] = field(default_factory=set)
    """Topics that take nothing."""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr("streams.runtime.cluster.AdminClient", lambda _options: Admin(self))
        patch.setattr("streams.runtime.operating.log_reader.Consumer", lambda _options: Consumer(self))
        patch.setattr("streams.runtime.operating.posting.Producer", lambda _options: Producer(self))

    def check(self) -> None:
        if self.away:
            raise KafkaException(KafkaError(Local.ALL_BROKERS_DOWN))

    def is_single(self, topic: str) -> bool:
        return topic in self.single

    def number_of(self, topic: str) -> int:
        """The partition in which its records lie."""
        return 0 if self.is_single(topic) else self.busy

    def records(self, topic: str, number: int) -> Sequence[Record]:
        return self.log[topic] if number == self.number_of(topic) and topic in self.log else ()

    def time_of(self, topic: str, offset: int) -> int:
        return self.times.get((topic, offset), self.at)

    def left(self, topic: str, number: int) -> list[int]:
        """Offsets of what can be read."""
        first = self.begins.get(topic, 0)
        return [one for one in range(first, len(self.records(topic, number))) if (topic, one) not in self.gone]

    def asked(self, of: TopicPartition, wanted: OffsetSpec) -> int:
        number = wanted._value
        topic, end = of.topic, len(self.records(of.topic, of.partition))
        if number == OFFSET_SPEC_LATEST:
            return end
        if number == OFFSET_SPEC_EARLIEST:
            return self.begins.get(topic, 0) if end else 0
        later = (one for one in self.left(topic, of.partition) if self.time_of(topic, one) >= number * 1000)
        return next(later, -1)

    def delete(self, topic: str, offset: int) -> None:
        """Somebody takes one record out."""
        self.gone.add((topic, offset))

    def cut(self, topic: str, before: int) -> None:
        """Everything before an offset is deleted, as kafka-delete-records does."""
        self.begins[topic] = before


class Admin:
    """`AdminClient`."""

    def __init__(self, logs: KafkaLogs) -> None:
        self._logs = logs

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:  # noqa: ANN401, ARG002  the library's
        self._logs.check()
        names = [topic] if topic is not None else list(self._logs.log)
        return SimpleNamespace(topics={name: self._topic(name) for name in names}, brokers={1: "one"})

    def _topic(self, name: str) -> SimpleNamespace:
        error = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART) if name in self._logs.absent else None
        count = 1 if self._logs.is_single(name) else self._logs.partitions
        return SimpleNamespace(error=error, partitions=dict.fromkeys(range(count)))

    def list_offsets(
        self,
        asked: Mapping[TopicPartition, OffsetSpec],
        request_timeout: float,  # noqa: ARG002  the library's
    ) -> dict[TopicPartition, "Future[Any]"]:
        self._logs.check()
        return {of: _done(SimpleNamespace(offset=self._logs.asked(of, wanted))) for of, wanted in asked.items()}

    def list_consumer_group_offsets(
        self,
        requests: Sequence[Any],
        request_timeout: float,  # noqa: ARG002  as above
    ) -> dict[str, "Future[Any]"]:
        self._logs.check()
        [request] = requests
        found = [TopicPartition(one.topic, one.partition, self._committed(one)) for one in request.topic_partitions]
        return {request.group_id: _done(SimpleNamespace(topic_partitions=found))}

    def _committed(self, one: TopicPartition) -> int:
        return self._logs.committed.get(one.topic, len(self._logs.records(one.topic, one.partition)))

    def poll(self, timeout: float) -> None: ...


def _done(result: T) -> "Future[T]":
    future: Future[T] = Future()
    future.set_result(result)
    return future


class Message:
    """A record, or the sign that its partition ends."""

    def __init__(self, topic: str, partition: int, offset: int, record: Record | None, at: int = 0) -> None:
        self._place, self._record, self._at = (topic, partition, offset), record, at

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._place[2]

    def timestamp(self) -> tuple[int, int]:
        return (1, self._at // 1000)

    def error(self) -> KafkaError | None:
        return KafkaError(Local.PARTITION_EOF) if self._record is None else None

    def key(self) -> bytes | None:
        return self._record.key if self._record else None

    def value(self) -> bytes | None:
        return self._record.value if self._record else None

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return list(self._record.headers) if self._record else None


class Consumer:
    """Reads what is left of each partition, in pieces of five, and says where it ends."""

    def __init__(self, logs: KafkaLogs) -> None:
        self._logs = logs
        self._waiting: list[Message] = []

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        for one in partitions:
            topic, number = one.topic, one.partition
            records = self._logs.records(topic, number)
            for offset in self._logs.left(topic, number):
                if offset >= one.offset:
                    at = self._logs.time_of(topic, offset)
                    self._waiting.append(Message(topic, number, offset, records[offset], at))
            self._waiting.append(Message(topic, number, len(records), None))

    def consume(self, num_messages: int, timeout: float) -> list[Message]:  # noqa: ARG002  the library's
        self._logs.check()
        count = min(num_messages, 5)
        found, self._waiting = self._waiting[:count], self._waiting[count:]
        return found

    def close(self) -> None: ...


class Producer:
    """Appends at once, and tells of it when it is polled or flushed."""

    def __init__(self, logs: KafkaLogs) -> None:
        self._logs = logs
        self._told: list[Callable[[], None]] = []

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        *,
        partition: int,  # noqa: ARG002  the library's
        headers: Sequence[tuple[str, bytes | None]],
        on_delivery: Callable[[KafkaError | None, Message], None],
    ) -> None:
        record = Record(key, value, tuple(headers))
        if topic in self._logs.refuses:
            refused = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
            self._told.append(lambda: on_delivery(refused, Message(topic, 0, -1, record)))
            return
        log = self._logs.log[topic]
        log.append(record)
        written = Message(topic, self._logs.number_of(topic), len(log) - 1, record)
        self._told.append(lambda: on_delivery(None, written))

    def poll(self, timeout: float) -> None:  # noqa: ARG002  as above
        told, self._told = self._told, []
        for one in told:
            one()

    def flush(self, timeout: float) -> None:
        self.poll(timeout)
