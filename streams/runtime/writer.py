"""Everything this worker writes to Kafka: idempotent, acknowledged by all in-sync replicas, and only under its lease.

One call of `append` is one Kafka record batch, which the log takes whole or not at all: what must not be torn (an
entry, its movements, its outbox and the counts they change) goes into one call.

aiokafka repeats an idempotent batch until the broker takes it, so a broker that is away shows as waiting, not as an
error.  After any other failure the sequence of the producer is broken: it is thrown away and a new one made.  A batch
that the broker refuses for its sequence was not written: it is left like one whose lease was lost, and comes again.

aiokafka asks whether it is closed before a batch queues up behind another one of its partition, and not after: what
came to its turn in a producer that was closed meanwhile would never be answered, and whoever waited for it would keep
the lock of its table for good.  So every wait for a batch also ends where its producer has.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import aiokafka
from aiokafka.errors import KafkaConnectionError, KafkaError, OutOfOrderSequenceNumber, UnknownProducerId
from aiokafka.producer.message_accumulator import BatchBuilder

from connectors.core.errors import LeaseLostError
from streams.runtime.lease import Lease
from streams.runtime.send_guard import SendGuard

ORDINARY_BATCH = 900_000
"""Bytes: below the broker's default limit of 1 MiB for one batch."""

PLAIN, GZIP = 0, 1
"""Compression types of the record format."""


class Record(NamedTuple):
    """Key, value (None deletes) and headers, as they go to the log."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class BatchTooLargeError(ValueError):
    """The records do not fit one batch of the topic."""


class _Made(NamedTuple):
    """A producer; `closed` is done once nothing of it leaves any more."""

    client: aiokafka.AIOKafkaProducer
    closed: asyncio.Event


class Writer:
    """One producer for the whole worker, made anew after a failure."""

    def __init__(
        self,
        make_producer: Callable[[], aiokafka.AIOKafkaProducer],
        lease: Lease,
        *,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self._make = make_producer
        self._lease = lease
        self._limits = dict(limits or {})
        self._producer: _Made | None = None
        self._started = False
        self._renewing = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._producer = await self._fresh()
        self._started = True

    async def stop(self) -> None:
        """Waits for what was handed over; call after the last append."""
        self._started = False
        if self._producer is not None:
            await self._producer.client.stop()
            self._producer.closed.set()
        if self._closing:
            await asyncio.wait(self._closing, timeout=5)

    def limit(self, topic: str) -> int:
        """Bytes of one batch of this topic."""
        return self._limits.get(topic, ORDINARY_BATCH)

    async def append(self, topic: str, partition: int, records: Sequence[Record], *, generation: int) -> int:
        """All of them in one batch, in order.  Offset of the last one, or -1 where the broker did not say.

        Raises LeaseLostError, BatchTooLargeError, KafkaError.  Safe to repeat: readers keep the highest version of a
        key, and commands carry derived ids.
        """
        builder = _built(records, self.limit(topic))
        if builder is None:
            raise BatchTooLargeError(f"{len(records)} records do not fit {self.limit(topic)} bytes of {topic}")
        return await self._deliver(builder, topic, partition, generation)

    async def send(self, topic: str, records: Iterable[Record], *, generation: int) -> None:
        """Each to the partition of its key (murmur2), in order per partition; returns when all are acknowledged."""
        producer = (await self._usable()).client
        await producer.client._wait_on_metadata(topic)  # noqa: SLF001  the public way sends something first
        by_partition: dict[int, list[Record]] = {}
        for record in records:
            partition = producer._partition(topic, None, None, None, record.key, record.value)  # noqa: SLF001
            by_partition.setdefault(partition, []).append(record)
        runs = [self._send_run(topic, number, run, generation) for number, run in by_partition.items()]
        await asyncio.gather(*runs)

    async def _send_run(self, topic: str, partition: int, records: list[Record], generation: int) -> None:
        """As many batches as needed, one after the other."""
        for run in split(records, self.limit(topic)):
            await self.append(topic, partition, run, generation=generation)

    async def _deliver(self, builder: BatchBuilder, topic: str, partition: int, generation: int) -> int:
        self._lease.check(generation)
        producer = await self._usable()
        builder.generation = generation
        try:
            metadata = await _answered(producer, builder, topic, partition)
        except (OutOfOrderSequenceNumber, UnknownProducerId) as error:
            self._drop(producer)
            raise LeaseLostError(f"the broker does not know this producer's sequence: {error}") from error
        except (KafkaError, LeaseLostError):
            self._drop(producer)
            raise
        return -1 if metadata.offset < 0 else int(metadata.offset) + builder.record_count() - 1

    async def _usable(self) -> _Made:
        """The producer, made anew after a failure; LeaseLostError while no broker answers it: the work is left."""
        async with self._renewing:
            if not self._started:
                raise LeaseLostError("the writer was not started, or is stopped")
            if self._producer is None:
                try:
                    self._producer = await self._fresh()
                except KafkaConnectionError as error:
                    raise LeaseLostError(f"no broker takes a new producer: {error}") from error
            return self._producer

    def _drop(self, broken: _Made) -> None:
        """A failed batch leaves a hole in the producer's sequence: nothing after it would be taken."""
        if self._producer is not broken:
            return
        self._producer = None
        task = asyncio.ensure_future(_closed(broken))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _fresh(self) -> _Made:
        producer = self._make()
        try:
            await producer.start()
        except BaseException:
            await _close(producer)
            raise
        SendGuard(producer, self._lease).install()
        return _Made(producer, asyncio.Event())


def split(records: Sequence[Record], limit: int) -> Iterable[list[Record]]:
    """Runs that fit one batch each; a single record beyond the limit stands alone."""
    run: list[Record] = []
    size = 0
    for record in records:
        more = weight(record)
        if run and size + more > limit:
            yield run
            run, size = [], 0
        run.append(record)
        size += more
    if run:
        yield run


def weight(record: Record) -> int:
    """Bytes in the log, a little above what the format needs."""
    headers = sum(len(name) + len(value or b"") + 10 for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + 40


def _built(records: Sequence[Record], limit: int) -> BatchBuilder | None:
    if len(records) == 1 and weight(records[0]) > limit:  # the builder takes its first record whatever the size
        return _compressed(records[0], limit)
    return _filled(BatchBuilder(limit, PLAIN), records)


def _compressed(record: Record, limit: int) -> BatchBuilder | None:
    """The last resort: its sender may have got it through the same limit by compressing it."""
    if weight(record._replace(value=zlib.compress(record.value or b""))) > limit:
        return None
    return _filled(BatchBuilder(2 * weight(record), GZIP), [record])


def _filled(builder: BatchBuilder, records: Sequence[Record]) -> BatchBuilder | None:
    append = builder.append
    for key, value, headers in records:
        if append(timestamp=None, key=key, value=value, headers=[*headers]) is None:
            return None
    builder.close()
    return builder


async def _answered(made: _Made, builder: BatchBuilder, topic: str, partition: int) -> Any:  # Any: aiokafka's metadata
    """What the broker said of a batch.

    Raises KafkaError; LeaseLostError where the producer was closed before the batch had its turn: it never left.
    """
    sending, ended = (
        asyncio.ensure_future(one) for one in (_sent(made.client, builder, topic, partition), made.closed.wait())
    )
    try:
        await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            raise LeaseLostError("the producer was closed before this batch had its turn")
        return sending.result()
    finally:
        sending.cancel()
        ended.cancel()


async def _sent(
    producer: aiokafka.AIOKafkaProducer, builder: BatchBuilder, topic: str, partition: int
) -> Any:  # Any: as above
    future = await producer.send_batch(builder, topic, partition=partition)
    return await asyncio.shield(future)


async def _closed(made: _Made) -> None:
    """`closed` only where it really ended: one that does not come to its end answers what it was given."""
    if await _close(made.client):
        made.closed.set()


async def _close(producer: aiokafka.AIOKafkaProducer) -> bool:
    """Let what can still be delivered be delivered; the rest has failed already."""
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (TimeoutError, KafkaError):
        return False
    return True
