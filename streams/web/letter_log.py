"""Reads `dead-letter.v1` for the pages: an index of what stands there, and one letter's bytes on demand.

Only headers, key and size are kept.  The newest letters are read at the start, the topic is followed afterwards, and
nothing is committed: every worker has the whole index.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import aiokafka
import msgspec
from aiokafka.errors import KafkaError

from streams.runtime.clock import Clock
from streams.runtime.dead_letters import PREFIX
from streams.runtime.logs import logger
from streams.runtime.lookback import Lookback, Place
from streams.topics import DEAD_LETTER
from streams.web.letter_groups import Letter, group_id
from streams.web.letter_index import CAP, IndexState, LetterIndex, position

AT_ONCE = 500
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
    """`follow` runs as a task and fills the index."""

    def __init__(self, make_reader: Callable[[], Consumer], partitions: int, clock: Clock) -> None:
        self._make, self._clock = make_reader, clock
        self._partitions = [aiokafka.TopicPartition(DEAD_LETTER.name, number) for number in range(partitions)]
        self._lookback = Lookback(make_reader)
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
        consumer.assign(self._partitions)
        starts = await consumer.beginning_offsets(self._partitions)
        self._ends = await consumer.end_offsets(self._partitions)
        each = -(-CAP // len(self._partitions))
        left_out = 0
        for partition in self._partitions:
            first = max(starts[partition], self._ends[partition] - each)
            left_out += first - starts[partition]
            consumer.seek(partition, first)
        index.state = IndexState(known=True, building=True, left_out=left_out, why="")

    async def _fetch(self, consumer: Consumer, index: LetterIndex) -> None:
        fetched = await consumer.getmany(*self._partitions, timeout_ms=500, max_records=AT_ONCE)
        letters = [letter_of(record) for records in fetched.values() for record in records]
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


async def _add(index: LetterIndex, letters: list[Letter], clock: Clock) -> None:
    """In the order of time, which the partitions of the topic do not keep among themselves."""
    for number, letter in enumerate(sorted(letters, key=position), 1):
        index.add(letter)
        if number % AT_ONCE == 0:
            await clock.sleep(timedelta())


def letter_of(record: Any) -> Letter:  # Any: aiokafka's record
    """What the headers tell; a letter of somebody else's form is kept with what it has."""
    told = _told(record.headers)
    topic, reason, detail = told.get("topic", "unknown"), told.get("reason", "unknown"), told.get("detail", "")
    return Letter(
        partition=record.partition,
        offset=record.offset,
        origin_topic=topic,
        origin_partition=_whole(told.get("partition"), record.partition),
        origin_offset=_whole(told.get("offset"), record.offset),
        key=(record.key or b"")[:256].decode("utf-8", "backslashreplace"),
        reason=reason,
        detail=detail[:300],
        group=group_id(reason, topic, detail),
        at=record.timestamp * 1000,
        size=_whole(told.get("size"), len(record.value or b"")),
        attempts=_whole(told.get("attempts"), 1),
        file=told.get("file", ""),
    )


def _told(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): bytes(value or b"").decode("utf-8", "backslashreplace")
        for name, value in headers
        if name.startswith(PREFIX)
    }


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise
