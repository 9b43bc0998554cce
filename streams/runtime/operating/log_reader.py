"""Reads logs up to where they ended when they were asked: no group is joined and nothing is committed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.runtime import refusals
from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.kafka import confluent_options
from streams.runtime.lookback import Place
from streams.runtime.operating.places import Partition, Span
from streams.settings import KafkaSettings

AT_ONCE = 500
WAIT_S = 0.05
"""A fetch of the client comes back with what it has only when this is over."""
SILENT_ROUNDS = 300
CLOSE = 1000
"""Records between two wanted ones that are rather read than jumped over."""


class LogRecord(NamedTuple):
    """A record as it lies in the log; `timestamp` in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def place(self) -> Place:
        return Place(self.topic, self.partition, self.offset)

    @property
    def at(self) -> int:
        """Microseconds since 1970, by the broker's clock where the topic says so."""
        return self.timestamp * 1000

    def header(self, name: str) -> str | None:
        """Text of the last header of that name."""
        found = [value for header, value in self.headers if header == name and value is not None]
        return found[-1].decode("utf-8", "replace") if found else None


class LogReader:
    """A consumer of its own for each read: one that is given other partitions idles for a second first (librdkafka)."""

    def __init__(self, settings: KafkaSettings, app_id: str) -> None:
        self._errors: list[KafkaError] = []
        self._options: dict[str, Any] = {  # Any: librdkafka's settings and a callback
            **confluent_options(settings),
            "group.id": f"{app_id}-reader",  # the client wants a name; no group is joined, so no right is needed for it
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 20,
            "error_cb": self._errors.append,
            "log_level": 0,
        }
        self._following: Consumer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends what `follow` began."""
        if self._following is not None:
            self._following.close()
            self._following = None

    def read(self, spans: Mapping[Partition, Span]) -> Iterator[LogRecord]:
        """Every record of the spans, in order per partition.  Raises ClusterUnavailableError, KafkaException."""
        open_ = {one: span for one, span in spans.items() if span.records}
        if not open_:
            return
        consumer = self._assigned({one: span.first for one, span in open_.items()})
        silent = 0
        try:
            while open_:
                fetched = consumer.consume(AT_ONCE, WAIT_S)
                silent = 0 if fetched else silent + 1
                if silent > SILENT_ROUNDS:
                    raise ClusterUnavailableError(f"{next(iter(open_))} cannot be read: {self._why()}")
                yield from self._taken(fetched, open_)
        finally:
            consumer.close()

    def _assigned(self, offsets: Mapping[Partition, int]) -> Consumer:
        consumer = Consumer(self._options)
        consumer.assign([TopicPartition(one.topic, one.number, offset) for one, offset in offsets.items()])
        return consumer

    @staticmethod
    def _taken(fetched: Sequence[Message], open_: dict[Partition, Span]) -> Iterator[LogRecord]:
        for message in fetched:
            part = Partition(str(message.topic()), message.partition() or 0)
            span = open_.get(part)
            if span is None:
                continue
            if _is_end(message):
                del open_[part]
                continue
            record = _record(message)
            if record.offset >= span.end - 1:
                del open_[part]
            if record.offset < span.end:
                yield record

    def one(self, place: Place) -> LogRecord | None:
        """The record at a place; None where compaction or retention took it."""
        part = Partition(place.topic, place.partition)
        found = next(iter(self.read({part: Span(place.offset, place.offset + 1)})), None)
        return found if found is not None and found.offset == place.offset else None

    def many(self, places: Iterable[Place]) -> dict[Place, LogRecord]:
        """Those of the records that still exist; places close to each other are read together."""
        wanted = frozenset(places)
        found: dict[Place, LogRecord] = {}
        for part, span in _runs(wanted):
            found.update({one.place: one for one in self.read({part: span}) if one.place in wanted})
        return found

    # ── what comes from now on ───────────────────────────────────────────────────────────────────

    def follow(self, ends: Mapping[Partition, int]) -> None:
        """From here on `poll` gives what is appended after these offsets."""
        self.close()
        self._following = self._assigned(ends)

    def poll(self, within_s: float) -> list[LogRecord]:
        """What came; waits at most so long for the first.  Call `follow` before."""
        assert self._following is not None
        first = self._following.poll(max(0.0, within_s))
        fetched = [] if first is None else [first, *self._following.consume(AT_ONCE, 0)]
        return [_record(message) for message in fetched if not _is_end(message)]

    def _why(self) -> str:
        return refusals.reason(self._errors, KafkaError(refusals.Local.TIMED_OUT))


def _runs(places: Iterable[Place]) -> Iterator[tuple[Partition, Span]]:
    """Spans that hold the places: one that lies far behind the one before begins a new span."""
    run: tuple[Partition, Span] | None = None
    for place in sorted(places):
        part = Partition(place.topic, place.partition)
        if run is not None and run[0] == part and place.offset - run[1].end < CLOSE:
            run = (part, Span(run[1].first, place.offset + 1))
            continue
        if run is not None:
            yield run
        run = (part, Span(place.offset, place.offset + 1))
    if run is not None:
        yield run


def _is_end(message: Message) -> bool:
    """Whether this is the sign "end of partition"; raises KafkaException for any other error."""
    error = message.error()
    if error is None:
        return False
    if error.code() == refusals.Local.PARTITION_EOF:
        return True
    raise KafkaException(error)


def _record(message: Message) -> LogRecord:
    headers: Any = message.headers()  # Any: a list of pairs, or None; the stub knows more forms
    return LogRecord(
        str(message.topic()),
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        _bytes(message.key()),
        _bytes(message.value()),
        tuple(headers or ()),
    )


def _bytes(found: Any) -> bytes | None:  # Any: the stub says str or bytes
    return None if found is None else bytes(found)
