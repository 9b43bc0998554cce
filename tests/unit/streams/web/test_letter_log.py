"""The dead-letter topic as the pages read it: the newest letters, only what stands in headers, followed for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from schemas import projection
from schemas.catalogue import AUDIT
from schemas.codec import frame
from schemas.models.cause import Cause
from schemas.models.operations import Audit
from streams.runtime.serde import Serde
from streams.topics import DEAD_LETTER
from streams.web import letter_log
from streams.web.letter_index import LetterIndex
from streams.web.letter_log import LetterLog, letter_of
from tests.unit.streams.flows.wire import IDS, MemoryRegistry
from tests.unit.streams.web.worlds import NOW, STOCK, WebClock

pytestmark = pytest.mark.anyio


@dataclass
class Stored:
    """A record as aiokafka gives it."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None = b"PUMP-200"
    value: bytes | None = b"\x00" * 148
    headers: Sequence[tuple[str, bytes]] = ()


def _letter(partition: int, offset: int, *, reason: str = "wrong-key", at: int = NOW // 1000, **more: Any) -> Stored:
    told = {
        "dl_reason": reason, "dl_detail": "key b'X' is not the SKU", "dl_topic": STOCK,
        "dl_partition": "3", "dl_offset": str(100 * partition + offset), "dl_attempts": "1", "ce_id": "4711",
    }  # fmt: skip
    headers = tuple((name, text.encode()) for name, text in told.items())
    return Stored(partition, offset, at, headers=headers, **more)


@dataclass
class FakeConsumer:
    """A log of two partitions; what is appended later is fetched later."""

    log: dict[int, list[Stored]]
    audits: list[Stored] = field(default_factory=list)
    first: dict[int, int] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    fails: bool = False
    stopped: bool = False
    fetched: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        if self.fails:
            raise KafkaConnectionError("no broker")

    async def stop(self) -> None:
        self.stopped = True

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.positions = dict.fromkeys(partitions, 0)

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self._first(one) for one in partitions}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self._first(one) + len(self._records(one)) for one in partitions}

    def _records(self, one: TopicPartition) -> list[Stored]:
        return self.audits if one.topic == AUDIT.topic else self.log.get(one.partition, [])

    def _first(self, one: TopicPartition) -> int:
        return 0 if one.topic == AUDIT.topic else self.first.get(one.partition, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Stored]]:
        await asyncio.sleep(0)  # noqa: TID251  lets the others run, as a fetch does
        found = {}
        for one in partitions:
            at = self.positions[one] - self._first(one)
            records = self._records(one)[at : at + 2]
            self.positions[one] += len(records)
            if records:
                found[one] = records
        if not found:
            self.fetched.set()
            await asyncio.sleep(0.001)  # noqa: TID251  the fake's own time-out
        return found


def _serde(clock: WebClock) -> Serde:
    return Serde(MemoryRegistry(), clock)


def _closing(offset: int, letter: Stored, *, action: str = "retry-letter", at: int = NOW // 1000 + 1) -> Stored:
    """As `commerce-streams dead-letters retry` writes it."""
    place = Cause(DEAD_LETTER.name, letter.partition, letter.offset)
    audit = Audit(
        audit_id=f"a{offset}", at=NOW, actor="ben", action=action, entity_type="letter", entity=letter_of(letter).id,
        before=None, after=None, reason="mapping added", cause=place,
    )  # fmt: skip
    value = frame(IDS[AUDIT.topic], projection.encoder(AUDIT)(audit))
    return Stored(0, offset, at, key=b"k", value=value)


async def _fetched(consumer: FakeConsumer) -> None:
    async with asyncio.timeout(10):
        await consumer.fetched.wait()


async def _followed(consumer: FakeConsumer, index: LetterIndex) -> "asyncio.Task[None]":
    clock = WebClock()
    clock._runs_freely = True
    task = asyncio.ensure_future(LetterLog(lambda: consumer, 2, 1, serde=_serde(clock), clock=clock).follow(index))
    await _fetched(consumer)
    return task


def test_a_letter_is_read_from_its_headers_and_its_bytes_are_not_kept() -> None:
    found = letter_of(_letter(1, 7))

    assert found.id == f"{STOCK}-3-107"
    assert (found.reason, found.key, found.size, found.partition, found.offset) == ("wrong-key", "PUMP-200", 148, 1, 7)
    assert not any(isinstance(getattr(found, name), bytes) for name in found.__struct_fields__)


def test_a_record_of_somebody_else_is_kept_with_what_it_has() -> None:
    found = letter_of(Stored(0, 5, NOW // 1000, key=b"\xff\x00", value=None, headers=(("dl_offset", b"x"),)))

    assert (found.reason, found.origin_topic, found.origin_offset, found.size) == ("unknown", "unknown", 5, 0)
    assert found.key == "\\xff\x00"


async def test_all_letters_are_read_in_order_of_time_and_then_followed() -> None:
    index = LetterIndex()
    minute = 60_000
    log = {0: [_letter(0, n, at=NOW // 1000 + 2 * n * minute) for n in range(5)],
           1: [_letter(1, n, at=NOW // 1000 + (2 * n + 1) * minute) for n in range(5)]}  # fmt: skip
    consumer = FakeConsumer(log)
    task = await _followed(consumer, index)
    group = index.groups()[0]
    before = (len(index), index.state.building, index.left_out, group.first.at, group.last.at)

    log[1].append(_letter(1, 5, reason="bad-sku"))
    consumer.fetched.clear()
    await _fetched(consumer)
    task.cancel()
    await asyncio.wait([task])

    assert before == (10, False, 0, NOW, NOW + 9 * minute * 1000)
    assert len(index) == 11
    assert consumer.stopped


async def test_only_the_newest_are_read_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_log, "CAP", 4)
    index = LetterIndex()
    task = await _followed(
        FakeConsumer({0: [_letter(0, n) for n in range(10)], 1: [_letter(1, n) for n in range(3)]}), index
    )
    task.cancel()
    await asyncio.wait([task])

    assert len(index) == 4
    assert index.left_out == 8 + 1


async def test_an_unreadable_topic_is_not_an_empty_one() -> None:
    index, clock = LetterIndex(), WebClock()
    task = asyncio.ensure_future(
        LetterLog(lambda: FakeConsumer({}, fails=True), 2, 1, serde=_serde(clock), clock=clock).follow(index)
    )
    while not clock.slept:  # noqa: ASYNC110  until it waits for its next try
        await asyncio.sleep(0)  # noqa: TID251
    task.cancel()
    await asyncio.wait([task])

    assert not index.state.known
    assert index.state.why == "the dead-letter topic cannot be read: KafkaConnectionError"
    assert DEAD_LETTER.name == "dead-letter.v1"


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("action", ["retry-letter", "discard-letter"])
async def test_a_letter_that_was_worked_off_is_not_counted_as_the_command_line_does_not(action: str) -> None:
    index, letters = LetterIndex(), [_letter(0, 0), _letter(0, 1), _letter(0, 2)]
    task = await _followed(FakeConsumer({0: letters}, audits=[_closing(0, letters[1], action=action)]), index)
    await _stop(task)

    assert [one.offset for one in index.letters(index.groups()[0].id)] == [2, 0]
    assert index.letter(letter_of(letters[1]).id) is None
    assert index.left_out == 0


async def test_a_letter_that_is_closed_while_the_page_is_open_goes_with_its_group() -> None:
    index, letters = LetterIndex(), [_letter(0, 0), _letter(1, 0, reason="bad-sku")]
    consumer = FakeConsumer({0: letters[:1], 1: letters[1:]})
    task = await _followed(consumer, index)
    assert len(index.groups()) == 2

    consumer.audits += [_closing(0, letters[1]), _closing(1, letters[0], action="reveal-letter")]
    consumer.fetched.clear()
    await _fetched(consumer)
    await _stop(task)

    assert [group.reason for group in index.groups()] == ["wrong-key"]


async def test_a_record_that_is_set_aside_anew_after_its_retry_is_open_again() -> None:
    index, first = LetterIndex(), _letter(0, 0)
    again = Stored(0, 5, NOW // 1000 + 2, headers=first.headers)
    consumer = FakeConsumer({0: [first]}, audits=[_closing(0, first)])
    task = await _followed(consumer, index)
    assert len(index) == 0

    consumer.log[0].append(again)
    consumer.fetched.clear()
    await _fetched(consumer)
    await _stop(task)

    assert [one.offset for one in index.letters(letter_of(first).group)] == [5]


async def test_an_audit_record_that_cannot_be_read_closes_nothing() -> None:
    index, letters = LetterIndex(), [_letter(0, 0)]
    broken = Stored(0, 0, NOW // 1000, key=b"k", value=b"no frame")
    await _stop(await _followed(FakeConsumer({0: letters}, audits=[broken]), index))

    assert len(index) == 1
