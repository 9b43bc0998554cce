"""What leaves for a real broker when the lease comes and goes within moments."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from simulators.local_stack import LocalStack
from streams.runtime.kafka import producer_maker
from streams.runtime.lease import Lease, LeaseLostError
from streams.runtime.writer import Record, Writer
from streams.settings.worker import KafkaSettings
from tests.fakes.still_clock import StillClock
from tests.integration.local_stack.records import create_topic

pytestmark = pytest.mark.integration

GENERATION = 1
SESSION = timedelta(seconds=6)
STOOD_STILL = timedelta(seconds=10)
ENDS_S = 60
"""Nobody waits for ever: a table whose lock is held so would never open again."""
_TOPIC = itertools.count(1)


class StandsStill(StillClock):
    """The process stands still right before the bytes of the first batch leave; then a heartbeat is answered."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks
        self.lease = Lease(self, SESSION)
        self.lease.joined(GENERATION)
        self.lease.renewed(super().monotonic())

    def monotonic(self) -> float:
        self._looks -= 1
        if self._looks == 0:
            self.advance(STOOD_STILL)
            asyncio.get_running_loop().call_soon(self.lease.renewed, super().monotonic())
        return super().monotonic()


def _settings(stack: LocalStack) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=stack.environment()["STREAMS_KAFKA__BOOTSTRAP_SERVERS"])


def _batches(count: int) -> list[list[Record]]:
    return [[Record(b"key", b"%d" % number)] for number in range(count)]


async def _append_all(writer: Writer, topic: str, number: int) -> list[int | BaseException]:
    """All at once, to one partition: they queue up behind each other in the producer."""
    runs = [writer.append(topic, 0, batch, generation=GENERATION) for batch in _batches(number)]
    async with asyncio.timeout(ENDS_S):
        return await asyncio.gather(*runs, return_exceptions=True)


@pytest.mark.parametrize("queued", [3, 40])
def test_a_batch_that_lost_its_lease_takes_the_queued_ones_along_and_the_next_producer_goes_on(
    stack: LocalStack, queued: int
) -> None:
    async def story() -> tuple[list[int | BaseException], int]:
        clock = StandsStill(looks=queued + 1)  # at the look behind those all batches are queued
        settings = _settings(stack)
        writer = Writer(producer_maker(settings, "writer"), clock.lease)
        topic = f"writer-{next(_TOPIC)}"
        create_topic({"bootstrap.servers": settings.bootstrap_servers}, topic)
        await writer.start()
        first = await _append_all(writer, topic, queued)
        again = await writer.append(topic, 0, _batches(1)[0], generation=GENERATION)
        await writer.stop()
        return first, again

    first, again = asyncio.run(story())

    assert [type(answer) for answer in first] == [LeaseLostError] * queued
    assert again == 0, "what was refused reached the log"
