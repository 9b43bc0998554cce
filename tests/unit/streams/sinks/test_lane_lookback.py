"""What was found, what surely is gone, and what cannot be said are three things."""

import asyncio
from collections.abc import Sequence
from typing import cast

import aiokafka
import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams.runtime.dead_letters import SourceRecord
from streams.runtime.lookback import Lookback, Place, UnreadableError
from tests.fakes.broker import MemoryConsumer
from tests.unit.streams.flows.partition import Raw

pytestmark = pytest.mark.anyio
TOPIC = "wms.stock-change.v1"


def place(offset: int) -> Place:
    return Place(TOPIC, 0, offset)


class Log(MemoryConsumer):
    """Offsets 10, 20, 30 … are there; `fails` at one, hangs at another, takes `pace_s` for each; counts its stops."""

    def __init__(self, offsets: Sequence[int] = (10, 20, 30), pace_s: float = 0) -> None:
        super().__init__({place(offset): Raw(TOPIC, offset, b"A", b"value") for offset in offsets})
        self.fails: dict[int, KafkaError] = {}
        self.hangs: set[int] = set()
        self.pace_s, self.stopped = pace_s, 0

    async def stop(self) -> None:
        self.stopped += 1

    async def getone(self, partition: aiokafka.TopicPartition) -> SourceRecord:
        if self._sought in self.fails:
            raise self.fails[self._sought]
        await asyncio.sleep(3600 if self._sought in self.hangs else self.pace_s)  # noqa: TID251  a broker's time
        return await super().getone(partition)


def looking(log: Log, within_s: float = 0.2) -> Lookback:
    return Lookback(lambda: cast("aiokafka.AIOKafkaConsumer", log), within_s)


async def test_records_are_recalled_and_those_that_left_the_log_are_named_as_gone() -> None:
    log = Log()

    recalled = await looking(log).recall([place(10), place(20), place(5), place(15), place(31), place(20)])

    assert {one.offset: record and record.value for one, record in recalled.items()} == {
        5: None,
        10: b"value",
        15: None,
        20: b"value",
        31: None,
    }
    assert log.stopped == 1


async def test_many_records_are_recalled_however_long_all_of_them_take() -> None:
    offsets = range(100)
    log = Log(offsets, pace_s=0.005)

    recalled = await looking(log).recall(map(place, offsets))

    assert all(recalled.values())
    assert len(recalled) == 100


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
async def test_a_record_that_cannot_be_read_is_not_called_gone(trouble: str) -> None:
    log = Log()
    if trouble == "fails":
        log.fails[20] = KafkaConnectionError("no broker")
    else:
        log.hangs.add(20)

    with pytest.raises(UnreadableError):
        await looking(log, 0.05).recall([place(10), place(20)])
    assert log.stopped == 1


async def test_a_consumer_that_does_not_start_is_stopped_all_the_same() -> None:
    class Away(Log):
        async def start(self) -> None:
            raise KafkaConnectionError("no broker")

    log = Away()

    with pytest.raises(UnreadableError, match="no broker"):
        await looking(log).recall([place(10)])
    assert (await looking(log).read([place(10)]), log.stopped) == ({}, 2)


async def test_a_broker_that_does_not_answer_at_all_is_waited_for_only_so_long() -> None:
    class Silent(Log):
        async def start(self) -> None:
            await asyncio.Event().wait()

    async with asyncio.timeout(10):
        with pytest.raises(UnreadableError):
            await looking(Silent(), 0.05).recall([place(10)])


async def test_a_page_shows_what_can_be_read_in_time() -> None:
    log = Log()
    log.hangs.add(20)

    found = await looking(log, 0.05).read([place(5), place(10), place(20)])

    assert list(found) == [place(10)]
