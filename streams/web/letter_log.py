"""Reads `dead-letter.v1` for the pages: an index of what stands there open, and one letter's bytes on demand.

Only headers, key and size are kept.  The newest letters are read at the start with the newest records of `audit.v1`,
which say what was done about them; both topics are followed afterwards, and nothing is committed: every worker has the
whole index.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import aiokafka
import msgspec
from aiokafka.errors import KafkaError

from schemas.catalogue import AUDIT
from schemas.models.operations import Audit
from streams.runtime.clock import Clock
from streams.runtime.kafka import CATCH_UP_MS
from streams.runtime.letter_headers import told
from streams.runtime.logs import logger
from streams.runtime.lookback import Lookback, Place
from streams.runtime.operating.letter_closings import closing_of
from streams.runtime.operating.letters import schema_named
from streams.runtime.serde import Serde
from streams.topics import DEAD_LETTER
from streams.web.letter_groups import Letter, group_id
from streams.web.letter_index import CAP, IndexState, LetterIndex, position

AT_ONCE = 500
LONG_WAIT_MS = 5_000
DECODE_S = 10.0
"""A schema registry that does not answer for so long leaves the letters unknown, rather than open for ever."""
UNKNOWN = "unknown"
AGAIN_AFTER = timedelta(seconds=5)
BREATH = timedelta(milliseconds=20)
"""Between two fetches of the first reading: the streams have the loop too."""
_LOG = logger("streams.web")
Consumer = Any  # an aiokafka consumer, which has no types


class StoredLetter(NamedTuple):
    """One letter as it lies in the log."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class LetterLog:
    """`follow` runs as a task and fills the index; `serde` reads what was done about letters."""

    def __init__(
        self,
        make_reader: Callable[[], Consumer],
        letters: int,
        audits: int,
        *,
        serde: Serde,
        clock: Clock,
        look_up: Callable[[], Consumer] | None = None,
    ) -> None:
        """`letters` and `audits` are how many partitions the two topics have; `look_up` makes readers of one letter."""
        self._make, self._serde, self._clock = make_reader, serde, clock
        self._letters = [aiokafka.TopicPartition(DEAD_LETTER.name, number) for number in range(letters)]
        self._partitions = [*self._letters, *(aiokafka.TopicPartition(AUDIT.topic, number) for number in range(audits))]
        self._lookback = Lookback(look_up or make_reader)
        self._ends: dict[Any, int] = {}  # Any: a partition
        self._waiting: list[Letter] = []

    async def follow(self, index: LetterIndex) -> None:
        """Until cancelled; from the beginning again after a failure."""
        while True:
            try:
                await self._read(index)
            except (KafkaError, OSError) as error:
                why = f"the dead-letter topic cannot be read: {type(error).__name__}"
                index.state = IndexState(why=why)
                _LOG.warning("dead-letters-unreadable", error=f"{type(error).__name__}: {error}"[:200])
            await self._clock.sleep(AGAIN_AFTER)

    async def letter(self, letter: Letter) -> StoredLetter | None:
        """Its bytes; None where they cannot be read within two seconds, or left the log."""
        place = Place(DEAD_LETTER.name, letter.partition, letter.offset)
        record = (await self._lookback.read([place])).get(place)
        if record is None:
            return None
        return StoredLetter(record.key, record.value, tuple((name, value or b"") for name, value in record.headers))

    async def _read(self, index: LetterIndex) -> None:
        consumer = self._make()
        await consumer.start()
        try:
            index.clear()
            self._waiting = []
            await self._begin(consumer, index)
            while True:
                await self._fetch(consumer, index)
        finally:
            await consumer.stop()

    async def _begin(self, consumer: Consumer, index: LetterIndex) -> None:
        """To the newest letters: as many as are kept."""
        starts = await consumer.beginning_offsets(self._partitions)
        self._ends = await consumer.end_offsets(self._partitions)
        consumer.assign(self._partitions)  # from here on other questions wait behind the long one for records
        left_out = 0
        for partition in self._partitions:
            of_topic = sum(one.topic == partition.topic for one in self._partitions)
            first = max(starts[partition], self._ends[partition] - -(-CAP // of_topic))
            left_out += first - starts[partition] if partition in self._letters else 0
            consumer.seek(partition, first)
        index.state = IndexState(known=True, building=True, left_out=left_out, why="")

    async def _fetch(self, consumer: Consumer, index: LetterIndex) -> None:
        wait_ms = CATCH_UP_MS if index.state.building else LONG_WAIT_MS
        fetched = await consumer.getmany(*self._partitions, timeout_ms=wait_ms, max_records=AT_ONCE)
        found = [(one.topic, record) for one, records in fetched.items() for record in records]
        letters = [letter_of(record) for topic, record in found if topic == DEAD_LETTER.name]
        await self._close(index, [record for topic, record in found if topic == AUDIT.topic])
        if not index.state.building:
            await _add(index, letters, self._clock)
            return
        self._waiting += letters
        left = [end - await consumer.position(partition) for partition, end in self._ends.items()]
        to_read = sum(max(0, one) for one in left)
        index.state = msgspec.structs.replace(index.state, to_read=to_read)
        if to_read:
            await self._clock.sleep(BREATH)
            return
        await _add(index, self._waiting, self._clock)
        self._waiting = []
        index.state = msgspec.structs.replace(index.state, building=False)

    async def _close(self, index: LetterIndex, records: Sequence[Any]) -> None:  # Any: aiokafka's records
        """What is unreadable closes nothing: its letter stays where a person sees it."""
        if not records:
            return
        async with asyncio.timeout(DECODE_S):
            answers = await self._serde.decode(AUDIT, [record.value or b"" for record in records])
        for record, audit in zip(records, answers, strict=True):
            closing = closing_of(record.timestamp * 1000, audit) if isinstance(audit, Audit) else None
            if isinstance(audit, Audit) and closing is not None:
                index.close(audit.entity, closing)


async def _add(index: LetterIndex, letters: list[Letter], clock: Clock) -> None:
    """In the order of time, which the partitions of the topic do not keep among themselves."""
    for number, letter in enumerate(sorted(letters, key=position), 1):
        index.add(letter)
        if number % AT_ONCE == 0:
            await clock.sleep(timedelta())


def letter_of(record: Any) -> Letter:  # Any: aiokafka's record
    """What the headers tell; a letter of somebody else's form is kept with what it has."""
    found = told(record.headers)
    topic, reason = found.topic or UNKNOWN, found.reason or UNKNOWN
    schema = schema_named(record.value)
    return Letter(
        partition=record.partition,
        offset=record.offset,
        origin_topic=topic,
        origin_partition=record.partition if found.partition is None else found.partition,
        origin_offset=record.offset if found.offset is None else found.offset,
        key=(record.key or b"")[:256].decode("utf-8", "backslashreplace"),
        reason=reason,
        detail=found.detail[:300],
        group=group_id(reason, topic, found.detail, schema),
        at=record.timestamp * 1000,
        size=len(record.value or b"") if found.size is None else found.size,
        attempts=found.attempts,
        file=found.file or "",
        schema=schema,
    )
