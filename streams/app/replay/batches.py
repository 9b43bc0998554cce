"""Records of several inputs in the order of their times, in batches that are the same for each run.

A worker's batches are what a fetch brings; here they may not depend on that, or two runs would differ.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.app.replay.offline import ReadAgain
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Span
from streams.topics import STOCK_INPUTS

AT_MOST = 500
WITHIN_MS = 100
"""Records further apart than this are never folded into one snapshot."""
NUMBERS = {topic.name: number for number, topic in enumerate(STOCK_INPUTS)}


class Batch(NamedTuple):
    """Records of one topic and partition, in log order; `is_wanted` where they belong to the range."""

    is_wanted: bool
    records: list[ReadAgain]


class Bounds(NamedTuple):
    """The range within one partition: by times (ms) where it was named by times, else by offsets of `topic`."""

    topic: str
    log: Span
    wanted: Span
    from_ms: int | None = None
    to_ms: int | None = None

    def is_over(self, record: LogRecord) -> bool:
        """Nothing from here on belongs to the range."""
        if self.to_ms is not None:
            return record.timestamp >= self.to_ms
        return record.topic == self.topic and record.offset >= self.wanted.end

    def has_begun(self, record: LogRecord) -> bool:
        if self.from_ms is not None:
            return record.timestamp >= self.from_ms
        return self.wanted.first <= self.log.first or (
            record.topic == self.topic and record.offset >= self.wanted.first
        )


def merged(inputs: Sequence[Iterable[LogRecord]]) -> Iterator[LogRecord]:
    """In order of the brokers' times; of two that are equal, in order of the inputs."""
    return heapq.merge(*inputs, key=lambda record: (record.timestamp, NUMBERS[record.topic]))


def batches(records: Iterable[LogRecord], bounds: Bounds) -> Iterator[Batch]:
    """Up to the end of the range; what lies before it comes first, as not wanted."""
    batch: Batch | None = None
    begun = False
    for record in records:
        if bounds.is_over(record):
            break
        begun = begun or bounds.has_begun(record)
        if batch is not None and not _joins(batch, record, is_wanted=begun):
            yield batch
            batch = None
        if batch is None:
            batch = Batch(begun, [])
        batch.records.append(_read_again(record))
    if batch is not None:
        yield batch


def _joins(batch: Batch, record: LogRecord, *, is_wanted: bool) -> bool:
    first = batch.records[0]
    return (
        batch.is_wanted is is_wanted
        and first.topic == record.topic
        and len(batch.records) < AT_MOST
        and record.timestamp - first.timestamp <= WITHIN_MS
    )


def _read_again(record: LogRecord) -> ReadAgain:
    return ReadAgain(
        record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, record.headers
    )
