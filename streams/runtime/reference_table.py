"""Reference tables: small compacted topics that a worker reads whole, by a consumer of its own, and looks into.

A table is read again from the beginning after every failure, into a new one that takes the old one's place once it has
caught up: until then the old one answers.  A record that cannot be read takes away what was known under its key, as
compaction would, and is counted, logged and shown as a trouble.  It is no dead letter: every worker reads it, at every
start, and each would write one.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import aiokafka
import msgspec
from aiokafka.errors import KafkaError

from schemas.catalogue import Contract
from schemas.errors import DecodeError
from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.logs import logger
from streams.runtime.metrics import REFERENCE_LAG, REFERENCE_NEWEST, REFERENCE_ROWS, REFERENCE_UNREADABLE
from streams.runtime.serde import FIRST_WAIT, Serde

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
ModelT_contra = TypeVar("ModelT_contra", bound=msgspec.Struct, contravariant=True)
RowsT = TypeVar("RowsT", bound="Rows[Any]")  # Any: each table's own model
MOST_ROWS = 1_000_000
LOGGED_AT_MOST = 20
"""Unreadable records of one reading that are logged one by one."""
WAIT_MS = 500
PIECE = 1_000
"""Records between two breaths of the streams: a large table is read while they work."""
_LOG = logger("streams.reference")


class Rows(Protocol[ModelT_contra]):
    """What a table keeps of its records, in a form that can be looked into."""

    def put(self, key: str, model: ModelT_contra) -> None:
        """The newest of its key."""
        ...

    def drop(self, key: str) -> None:
        """Nothing is known of the key any more."""
        ...

    def __contains__(self, key: object) -> bool: ...

    def __len__(self) -> int: ...


class Figures(NamedTuple):
    """How a table stands; `newest_at` is the broker's time of its newest record, µs, 0 where there is none."""

    topic: str
    rows: int
    lag: int
    unreadable: int
    newest_at: int
    is_caught_up: bool


class _Reading(Generic[RowsT]):
    """One reading from the beginning: what it holds so far."""

    def __init__(self, rows: RowsT) -> None:
        self.rows = rows
        self.unreadable: set[bytes] = set()
        """Keys whose newest record says nothing."""
        self.logged = 0
        self.left_out = 0
        """Rows for which there is no room."""
        self.newest_at = 0
        self.lag = 0


class ReferenceTable(Generic[ModelT, RowsT]):
    """`rows` is None until the table has caught up once, and while it is not fed or not whole."""

    def __init__(
        self,
        contract: Contract[ModelT],
        make_rows: Callable[[], RowsT],
        *,
        make_consumer: Callable[[], aiokafka.AIOKafkaConsumer],
        serde: Serde,
        clock: Clock,
        health: Health,
        without: str,
        waits: str = "orders",
        most_rows: int = MOST_ROWS,
    ) -> None:
        """`without` says what happens while the topic is empty, "" where that is well; `waits` who waits."""
        self._contract, self._make_rows, self._make_consumer = contract, make_rows, make_consumer
        self._serde, self._clock, self._health, self._most = serde, clock, health, most_rows
        self.topic, self._without, self._waits = contract.topic, without, waits
        self._name = f"reference/{contract.topic}"
        self._current: _Reading[RowsT] | None = None
        self._begun: _Reading[RowsT] | None = None
        self._caught_up = asyncio.Event()
        self._why = ""
        """Why the topic cannot be read now."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Reading goes on until `stop`; `wait` says when everything that stood at the start is known."""
        self._say()
        self._task = asyncio.ensure_future(self._follow())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=2)

    async def wait(self) -> None:
        """Until the table has caught up once; afterwards at once."""
        await self._caught_up.wait()

    @property
    def rows(self) -> RowsT | None:
        held = self._current
        return None if held is None or not len(held.rows) or held.left_out else held.rows

    @property
    def figures(self) -> Figures:
        held = self._current or self._begun
        if held is None:
            return Figures(self.topic, 0, 0, 0, 0, is_caught_up=False)
        caught_up = self._current is not None and not self._why
        return Figures(self.topic, len(held.rows), held.lag, len(held.unreadable), held.newest_at, caught_up)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                self._why = f"{type(error).__name__}: {error}"[:200]
                _LOG.warning("reference-topic-unreadable", topic=self.topic, error=self._why)
                self._say()
            await self._clock.sleep(FIRST_WAIT)

    async def _read(self) -> None:
        reading = self._begun = _Reading(self._make_rows())
        consumer = self._make_consumer()
        await consumer.start()
        try:
            partition = aiokafka.TopicPartition(self.topic, 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            end = (await consumer.end_offsets([partition]))[partition]
            while True:
                position = await consumer.position(partition)
                reading.lag = max(0, max(end, consumer.highwater(partition) or 0) - position)
                if position >= end:
                    self._take_place(reading)
                self._say()
                fetched = await consumer.getmany(partition, timeout_ms=WAIT_MS, max_records=PIECE)
                for records in fetched.values():
                    await self._take(reading, records)
                await self._clock.sleep(timedelta(0))
        finally:
            await consumer.stop()

    def _take_place(self, reading: _Reading[RowsT]) -> None:
        if self._current is not reading:
            _LOG.info("reference-table-read", topic=self.topic, rows=len(reading.rows))
        self._current, self._begun, self._why = reading, None, ""
        self._caught_up.set()

    async def _take(self, reading: _Reading[RowsT], records: Sequence[Any]) -> None:  # Any: aiokafka's records
        stated = [record for record in records if record.value is not None]
        answers = iter(await self._serde.decode(self._contract, [record.value for record in stated]))
        for record in records:
            reading.newest_at = max(reading.newest_at, record.timestamp * 1000)
            self._put(reading, record, None if record.value is None else self._read_as(record, next(answers)))

    def _read_as(self, record: Any, answer: ModelT | DecodeError | None) -> ModelT | str:  # Any: as above
        """The record's model, or why there is none."""
        if answer is None:
            return "unknown-schema"
        if isinstance(answer, DecodeError):
            return answer.reason
        key: str = getattr(answer, self._contract.key_field)
        return answer if record.key == key.encode() else "wrong-key"

    def _put(self, reading: _Reading[RowsT], record: Any, found: ModelT | str | None) -> None:  # Any: as above
        key = record.key or b""
        reading.unreadable.discard(key)
        if isinstance(found, str):
            self._refused(reading, record, found)
        name = key.decode(errors="replace")
        if found is None or isinstance(found, str):
            reading.rows.drop(name)
        elif len(reading.rows) < self._most or name in reading.rows:
            reading.rows.put(name, found)
        else:
            reading.left_out += 1

    def _refused(self, reading: _Reading[RowsT], record: Any, why: str) -> None:  # Any: as above
        if len(reading.unreadable) < self._most:
            reading.unreadable.add(record.key or b"")
        if reading.logged < LOGGED_AT_MOST:
            reading.logged += 1
            _LOG.warning("reference-record-unreadable", topic=self.topic, offset=record.offset, why=why)

    # ── how it stands ────────────────────────────────────────────────────────────────────────────

    def _say(self) -> None:
        figures = self.figures
        REFERENCE_ROWS.labels(self.topic).set(figures.rows)
        REFERENCE_LAG.labels(self.topic).set(figures.lag)
        REFERENCE_UNREADABLE.labels(self.topic).set(figures.unreadable)
        REFERENCE_NEWEST.labels(self.topic).set(figures.newest_at / 1_000_000)
        what = self._trouble(figures)
        if what:
            self._health.trouble(self._name, f"{self.topic} {what}", blocks=self._current is None)
        else:
            self._health.over(self._name)

    def _trouble(self, figures: Figures) -> str:
        """What is wrong, the worst alone; "" where all is well."""
        if self._current is None:
            return self._reading(figures)
        if self._why:
            return f"cannot be read, what was known is used: {self._why}"
        if self._current.left_out:
            return f"has more than {self._most} rows: it counts as not looked up"
        if not figures.rows and self._without:
            return f"is empty: {self._without}"
        if figures.unreadable:
            return f"has {figures.unreadable} keys whose newest record cannot be read: nothing is known of them"
        return ""

    def _reading(self, figures: Figures) -> str:
        if self._why:
            return f"cannot be read, {self._waits} wait for it: {self._why}"
        return f"is being read, {self._waits} wait for it: {figures.lag} records are left"
