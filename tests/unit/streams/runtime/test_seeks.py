"""The driver while partitions are sought: nothing that lies behind what was left gets in."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError
from faust.types import TP

from streams.runtime.clock import SystemClock
from streams.runtime.driver.consumer import StrictConsumer
from tests.unit.streams.runtime.pool_bench import turns

PART = TP("orders", 0)


class Hooks:
    """Starts where the group has committed."""

    clock = SystemClock()

    def __init__(self) -> None:
        self.skipped: list[tuple[int, int | None]] = []

    async def starts(self, committed: Mapping[TP, int], earliest: Mapping[TP, int]) -> Mapping[TP, int]:
        return committed

    def polled(self) -> None: ...

    def delivering(self, tp: TP, first: int, expected: int | None) -> None:
        self.skipped.append((first, expected))


class Driven(StrictConsumer):
    """The driver over a log of one partition; `fails` and `held` say what happens to the next seeks."""

    def __init__(self, committed: int, hole: int = 0) -> None:
        self.hooks = cast("Any", Hooks())
        self._init_driver()
        self.committed, self.hole, self.position = committed, hole, committed
        self.fails, self.held = 0, asyncio.Event()
        self.held.set()
        self.seeks = 0
        self.given: list[int] = []
        self.log = cast("Any", SimpleNamespace(warning=lambda *_: None))
        self.app = cast("Any", _app())
        self._read_offset = cast("Any", {PART: None})
        self._acked, self._acked_index, self._committed_offset = (cast("Any", defaultdict(list)) for _ in range(3))
        self._thread = cast("Any", SimpleNamespace(call_thread=self._called))
        self.flow_active = True

    should_stop = False

    async def sleep(self, n: Any, **_: Any) -> None:
        await turns()

    def highwater(self, tp: TP) -> int:
        return 99

    def _is_changelog_tp(self, tp: TP) -> bool:
        return False

    async def earliest_offsets(self, *_tps: TP) -> Mapping[TP, int]:
        return {PART: 0}

    async def seek_to_committed(self) -> Mapping[TP, int]:
        await self.held.wait()
        if self.fails:
            self.fails -= 1
            raise KafkaConnectionError("the group moves")
        return {PART: self.committed}

    async def _called(self, _seek: Callable[..., Any], starts: Mapping[TP, int]) -> None:
        await turns()
        self.seeks += 1
        self.position = max(starts[PART], self.hole)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109  Faust's signature
        await turns()
        record = SimpleNamespace(offset=self.position, topic=PART.topic)
        self.position += 1
        return {PART: [record]}, None

    def _to_message(self, tp: TP, record: Any) -> Any:
        return SimpleNamespace(offset=record.offset, topic=tp.topic, value=b"", acked=False)

    batch_topics = frozenset()

    async def _hand_over(self, tp: TP, message: Any) -> None:
        self.given.append(message.offset)


def _app() -> SimpleNamespace:
    topics = SimpleNamespace(acks_enabled_for=lambda _topic: True)
    monitor = SimpleNamespace(track_tp_end_offset=lambda *_: None)
    return SimpleNamespace(consumer_generation_id=1, topics=topics, monitor=monitor)


def played(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(cast("Any", scene()))


def test_after_a_seek_that_failed_nothing_behind_what_was_left_is_delivered() -> None:
    async def scene() -> None:
        driver = Driven(committed=10)
        driver.position, driver.fails = 50, 3
        with pytest.raises(KafkaConnectionError):
            await driver.perform_seek()

        for _ in range(3):
            await driver._fetch_once()

        assert (driver.given, driver._new_offset(PART)) == ([], None)
        for _ in range(2):
            await driver._fetch_once()
        assert driver.given == [10, 11]
        assert driver._new_offset(PART) == 10

    played(scene)


def test_while_a_seek_is_under_way_a_fetch_waits_for_it() -> None:
    async def scene() -> None:
        driver = Driven(committed=10)
        driver.position = 50
        driver.held.clear()
        seeking = asyncio.ensure_future(driver.perform_seek())
        await turns()
        fetching = asyncio.ensure_future(driver._fetch_once())
        await turns()
        assert (driver.given, fetching.done()) == ([], False)

        driver.held.set()
        await asyncio.gather(seeking, fetching)
        await driver._fetch_once()

        assert driver.given == [10]

    played(scene)


def test_a_first_record_behind_the_place_that_was_sought_is_believed_the_second_time() -> None:
    async def scene() -> None:
        driver = Driven(committed=10)
        await driver.perform_seek()
        driver.position = 40  # a fetch of before that came late

        for _ in range(3):
            await driver._fetch_once()
        assert (driver.given, driver.seeks) == ([10], 2)

        hollow = Driven(committed=10, hole=20)  # a compacted log
        await hollow.perform_seek()
        for _ in range(3):
            await hollow._fetch_once()
        assert (hollow.given, hollow.seeks) == ([20], 2)

    played(scene)
