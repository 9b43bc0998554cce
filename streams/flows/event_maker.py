"""Records of other topics become events of the orders they are about: the shape that such flows share.

Input topics → table with counts only → `orders.event.v1`.  An event is a pure function of its record, so after a kill
it is made again with the same id, and the orders flow knows the repeat.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from schemas.catalogue import Contract
from schemas.models.order_event import OrderEvent
from streams.domain.stock_door import Refused
from streams.domain.unknown_words import UnknownWord, WordsHeard
from streams.flows.record_reader import Bad, RecordReader
from streams.runtime.dead_letters import DeadLetters, SourceRecord
from streams.runtime.logs import logger
from streams.runtime.metrics import CONSUMED, IGNORED, UNKNOWN_WORDS
from streams.runtime.table import BulkTable, Group
from streams.runtime.writer import Record, Writer
from streams.topics import ORDER_EVENT

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
Encode = Callable[[str, msgspec.Struct], bytes]
SAYS_NOTHING = "says-nothing"
UNKNOWN = "UNKNOWN"
_LOG = logger("streams.flows")


class Said(NamedTuple):
    """One record, read; `event` None where it says nothing to us, `word` where it says what nobody knows.

    `at` is when the broker took it (µs).
    """

    offset: int
    event: OrderEvent | None
    word: UnknownWord | None = None
    at: int = 0


Read = Callable[[RecordReader, Sequence[SourceRecord]], Awaitable[tuple[list[Said], list[Bad]]]]


def reads(
    contract: Contract[ModelT],
    made: Callable[[SourceRecord, ModelT], OrderEvent | Refused | None],
    word: Callable[[ModelT], UnknownWord | None] = lambda _: None,
) -> Read:
    """How the records of one topic become events, and which word was meant where the event is unknown."""

    def said(record: SourceRecord, value: ModelT) -> Said | Refused:
        event = made(record, value)
        if isinstance(event, Refused):
            return event
        is_known = event is None or event.kind != UNKNOWN
        return Said(record.offset, event, None if is_known else word(value), record.timestamp * 1000)

    return partial(_read, contract, said)


async def _read(
    contract: Contract[ModelT],
    said: Callable[[SourceRecord, ModelT], Said | Refused],
    reader: RecordReader,
    records: Sequence[SourceRecord],
) -> tuple[list[Said], list[Bad]]:
    return await reader.read(contract, records, said)


class EventMaker:
    """The caller gives one batch of one partition at a time; `inputs` by topic."""

    def __init__(
        self,
        table: BulkTable,
        writer: Writer,
        letters: DeadLetters,
        *,
        reader: RecordReader,
        encode: Encode,
        inputs: Mapping[str, Read],
    ) -> None:
        self._table, self._writer, self._letters = table, writer, letters
        self._reader, self._encode, self._inputs = reader, encode, inputs
        self.unknown: dict[str, WordsHeard] = {topic: WordsHeard({}) for topic in inputs}
        """By topic, since this process began: what makes a word known is a setting, or another release."""

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Everything of the batch is durable when this returns.  Raises LeaseLostError, KafkaError, StoreError."""
        CONSUMED.labels(topic).inc(len(records))
        async with self._table.lock(partition):
            fresh_from = self._table.tally(partition).upto.get(topic, 0)
            said, bad = await self._inputs[topic](self._reader, records)
            dead = [one.letter for one in bad if one.record.offset >= fresh_from]
            await self._letters.send(dead, generation=generation)
            events = [one.event for one in said if one.event is not None]
            made = [Record(event.order_id.encode(), self._encode(ORDER_EVENT.name, event)) for event in events]
            await self._writer.send(ORDER_EVENT.name, made, generation=generation)
            fresh = [one for one in said if one.offset >= fresh_from]
            group = Group([], self._counts(topic, fresh, len(dead)))
            await self._table.commit(partition, [group], generation=generation, upto={topic: records[-1].offset + 1})
            self._tell(topic, fresh)

    def forget(self, partitions: frozenset[int]) -> None:
        """Nothing of them is kept in memory."""

    @staticmethod
    def _counts(topic: str, fresh: Sequence[Said], dead: int) -> dict[str, int]:
        silent = sum(one.event is None for one in fresh)
        counts = {f"{topic}/applied": len(fresh) - silent, f"{topic}/ignored": silent, f"{topic}/dead": dead}
        return {name: number for name, number in counts.items() if number}

    def _tell(self, topic: str, fresh: Sequence[Said]) -> None:
        """A word that nobody knows is told once, with the system that uses it."""
        for one in fresh:
            if one.event is None:
                IGNORED.labels(topic, SAYS_NOTHING).inc()
            elif one.word is not None:
                self._note(topic, one.word, one.at)

    def _note(self, topic: str, word: UnknownWord, at: int) -> None:
        before = self.unknown[topic]
        self.unknown[topic] = after = before.with_word(word, at)
        if len(after.words) > len(before.words):
            UNKNOWN_WORDS.labels(topic).set(len(after.words))
            _LOG.warning("unknown-word", topic=topic, system=word.system, word=word.word, cure=word.cure)
