"""A range of a topic, as people name it (offset, time, age, `earliest`), as offsets of each partition.

What is no longer in Kafka is refused with the oldest there is: a range is never silently made smaller.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from streams.runtime.lookback import Place
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import SECOND, Partition, Span, moment_of

EARLIEST = "earliest"


class RangeError(ValueError):
    """The range cannot be read; the message says what there is instead."""


class Logs(Protocol):
    """What is asked of the brokers."""

    def partitions(self, topic: str) -> list[Partition]: ...

    def spans(self, partitions: Sequence[Partition]) -> Mapping[Partition, Span]: ...

    def at(self, partitions: Sequence[Partition], moment: int) -> Mapping[Partition, int | None]: ...


class Records(Protocol):
    """Single records."""

    def one(self, place: Place) -> LogRecord | None: ...


class Asked(NamedTuple):
    """As it was typed; `end` None: up to where the log ends now.  `now` in µs."""

    topic: str
    start: str
    end: str | None
    partition: int | None
    now: int


class Range(NamedTuple):
    """Per partition of the topic; `log` is what it holds now.  Times (ms) where the range was named by times."""

    topic: str
    log: Mapping[Partition, Span]
    wanted: Mapping[Partition, Span]
    from_ms: int | None
    to_ms: int | None

    @property
    def records(self) -> int:
        """At most."""
        return sum(span.records for span in self.wanted.values())


def range_of(asked: Asked, brokers: Logs, reader: Records) -> Range:
    """Raises RangeError, and what the brokers raise."""
    parts = brokers.partitions(asked.topic)
    if asked.partition is not None:
        parts = [part for part in parts if part.number == asked.partition]
        if not parts:
            raise RangeError(f"{asked.topic} has no partition {asked.partition}")
    log = dict(brokers.spans(parts))
    start, end = _moment("--from", asked.start, asked.now), _moment("--to", asked.end, asked.now)
    firsts = _firsts(asked.start, start, log, brokers)
    ends = _ends(asked.end, end, log, brokers)
    for part, span in log.items():
        _refuse_gone(part, span, firsts[part], start, reader)
    wanted = {part: Span(firsts[part], max(firsts[part], ends[part])) for part in parts}
    found = Range(asked.topic, log, wanted, _millis(start), _millis(end))
    if not found.records:
        raise RangeError(f"the range holds no record: {_there(asked.topic, log, reader)}")
    return found


def _moment(option: str, text: str | None, now: int) -> int | None:
    """None for an offset, `earliest`, and nothing."""
    if text is None or text == EARLIEST or text.isdecimal():
        return None
    try:
        return moment_of(text, now)
    except ValueError as error:
        raise RangeError(f"{option} {error}") from None


def _millis(moment: int | None) -> int | None:
    return None if moment is None else moment // 1000


def _firsts(text: str, moment: int | None, log: Mapping[Partition, Span], brokers: Logs) -> dict[Partition, int]:
    if moment is not None:
        return _at(moment, log, brokers)
    return {part: span.first if text == EARLIEST else min(int(text), span.end) for part, span in log.items()}


def _ends(text: str | None, moment: int | None, log: Mapping[Partition, Span], brokers: Logs) -> dict[Partition, int]:
    if moment is not None:
        return _at(moment, log, brokers)
    if text == EARLIEST:
        raise RangeError("--to is where the range ends: an offset, a time or an age")
    return {part: span.end if text is None else min(int(text), span.end) for part, span in log.items()}


def _at(moment: int, log: Mapping[Partition, Span], brokers: Logs) -> dict[Partition, int]:
    found = brokers.at(list(log), moment)
    return {part: span.end if (offset := found[part]) is None else offset for part, span in log.items()}


def _refuse_gone(part: Partition, span: Span, first: int, moment: int | None, reader: Records) -> None:
    """An offset below the log's first, or a time before the log's first record where older ones were cut off."""
    if first < span.first:
        raise RangeError(f"{part}: offset {first} is no longer in Kafka; {_oldest(part, span, reader)}")
    if moment is None or not span.first or first > span.first:
        return
    oldest = reader.one(Place(part.topic, part.number, span.first))
    if oldest is not None and moment < oldest.at:
        raise RangeError(f"{part}: records of {_time(moment)} are no longer in Kafka; {_oldest(part, span, reader)}")


def _oldest(part: Partition, span: Span, reader: Records) -> str:
    record = reader.one(Place(part.topic, part.number, span.first)) if span.records else None
    of = f" of {_time(record.at)}" if record is not None else ""
    return f"the oldest there is has offset {span.first}{of}: begin there, or with --from {EARLIEST}"


def _there(topic: str, log: Mapping[Partition, Span], reader: Records) -> str:
    """What there is, of the partition with the newest record."""
    newest = [
        record
        for part, span in log.items()
        if span.records and (record := reader.one(Place(topic, part.number, span.end - 1))) is not None
    ]
    if not newest:
        return f"{topic} is empty"
    last = max(newest, key=lambda record: (record.timestamp, record.partition))
    return f"the newest of {topic} is of {_time(last.at)} (partition {last.partition}, offset {last.offset})"


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
