"""Stretches of logs: where they begin and end, and their records in pieces, read beside the streams in a thread."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from streams.domain import log_count
from streams.domain.closing import Finding, Kind, Log
from streams.domain.log_count import LogCount
from streams.domain.order_closing import Record
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.topics import BY_NAME, FOREVER

PIECE = 2000
"""Records between two breaths."""


class Window(NamedTuple):
    """All in µs: entities since `since`, logs counted since `opened_at`, both up to `closed_at`.

    Evidence is read up to where the logs end; what is younger than `settled_at` is not judged.
    """

    since: int
    opened_at: int
    closed_at: int
    settled_at: int


class Stretch(NamedTuple):
    """Of one partition: what is read, what of it is counted, and below which offset its reader has committed."""

    span: Span
    opened: int
    closed: int
    committed: int
    is_first: bool
    since: int = 0
    """First offset of the entities."""
    log_start: int = 0
    begins_inside: bool = False


class Offsets(Protocol):
    """What is asked of the brokers; blocking."""

    def partitions(self, topic: str) -> list[Partition]: ...

    def spans(self, partitions: Sequence[Partition]) -> Mapping[Partition, Span]: ...

    def at(self, partitions: Sequence[Partition], moment: int) -> Mapping[Partition, int | None]: ...

    def committed(self, group: str, partitions: Iterable[Partition]) -> Mapping[Partition, int | None]: ...


Before = Mapping[tuple[str, int], int]
"""Where the page before ended: topic and partition → offset."""


def laid_out(
    brokers: Offsets, group: str, topics: Iterable[str], window: Window, before: Before
) -> dict[Partition, Stretch]:
    """Every partition of the topics.  Blocking."""
    parts = [part for topic in topics for part in brokers.partitions(topic)]
    spans, committed = brokers.spans(parts), brokers.committed(group, parts)
    since, opened, closed = (brokers.at(parts, moment) for moment in (window.since, window.opened_at, window.closed_at))
    found = {}
    for part, log in spans.items():
        first, end = _or_end(since[part], log), _or_end(closed[part], log)
        known = before.get((part.topic, part.number))
        if known is not None and known > log.end:
            known = None  # the topic was created anew
        begun = _or_end(opened[part], log) if known is None else known
        begins_inside = known is None and log.first > 0 and log.records > 0 and begun == log.first
        span = Span(max(log.first, min(first, begun)), log.end)
        found[part] = Stretch(
            span, begun, max(end, begun), committed[part] or 0, known is None, first, log.first, begins_inside
        )
    return found


def _or_end(offset: int | None, log: Span) -> int:
    return log.end if offset is None else offset


class Counting:
    """Counts the offsets of stretches as their records are read."""

    def __init__(self, stretches: Mapping[Partition, Stretch]) -> None:
        self._stretches = stretches
        self._counts = {part: LogCount.begun(one.opened) for part, one in stretches.items()}

    def take(self, record: LogRecord) -> None:
        part = Partition(record.topic, record.partition)
        count, stretch = self._counts.get(part), self._stretches.get(part)
        if count is None or stretch is None or not stretch.opened <= record.offset < stretch.closed:
            return
        self._counts[part] = log_count.counted(count, record.offset)

    def lacks(self, topic: str, partition: int, offset: int) -> bool:
        """Whether the record is missing, as far as the log was read by now."""
        count = self._counts.get(Partition(topic, partition))
        return count is not None and log_count.is_missing(count, offset)

    def ended(self) -> list[Log]:
        found = []
        for part, count in self._counts.items():
            stretch = self._stretches[part]
            closed = log_count.closed(count, stretch.closed)
            found.append(Log(part.topic, part.number, closed, stretch.is_first, stretch.log_start))
        return found


def cut_off(stretches: Mapping[Partition, Stretch], since: int) -> Iterator[Finding]:
    """Logs whose oldest record is younger than the stretch: what was before it is not known."""
    for part, one in stretches.items():
        if one.begins_inside:
            where = f"{part.topic}[{part.number}] before offset {one.log_start}"
            yield Finding(Kind.RECORD_GONE, "", where, "the log begins inside the stretch", since)


def erased_entries(erased: Mapping[tuple[str, str], LogRecord]) -> Iterator[Finding]:
    """Entries of tables that somebody deleted from their changelogs, whatever day they are of."""
    for (table, entity), raw in erased.items():
        detail = f"deleted at offset {raw.offset} of partition {raw.partition}"
        yield Finding(Kind.NOT_IN_STATE, entity, f"changelog of {table}", detail, raw.at)


def cut_short(stretches: Mapping[Partition, Stretch], starts: Before, since: int) -> Iterator[Finding]:
    """Logs that are kept for ever and begin later than they did: what is gone is of pages before."""
    for part, one in stretches.items():
        before = starts.get((part.topic, part.number), one.log_start)
        if before < one.log_start and is_kept_for_ever(part.topic):
            last = min(one.log_start, one.opened) - 1
            if before <= last:
                where = f"{part.topic}[{part.number}] offset {before}–{last}"
                yield Finding(Kind.RECORD_GONE, "", where, "of pages before this one", since)


def is_kept_for_ever(topic: str) -> bool:
    """Whether no record of it may go."""
    known = BY_NAME.get(topic)
    return known is not None and known.config.get("retention.ms") == FOREVER


def record_of(record: LogRecord, stretches: Mapping[Partition, Stretch]) -> Record:
    stretch = stretches[Partition(record.topic, record.partition)]
    return Record(record.topic, record.partition, record.offset, record.at, record.offset < stretch.committed)


async def pieces(make: Callable[[], LogReader], spans: Mapping[Partition, Span]) -> AsyncIterator[list[LogRecord]]:
    """Every record of the spans.  Raises ClusterUnavailableError, KafkaException."""
    reading = make().read(spans)
    try:
        while piece := await asyncio.to_thread(_some, reading):
            yield piece
    finally:
        with contextlib.suppress(ValueError):  # its thread still reads; the client ends with the generator
            reading.close()  # type: ignore[attr-defined]  # a generator


def _some(reading: Iterator[LogRecord]) -> list[LogRecord]:
    return list(islice(reading, PIECE))
