"""An event is appended once as long as it is remembered; an append that failed is not remembered."""

import asyncio

import pytest

from streams.runtime.lookback import Place
from streams.sources.recent import OtherContentError, Recent
from tests.fakes.still_clock import StillClock

pytestmark = pytest.mark.anyio


class Log:
    """Counts appends; `fails` makes the next ones fail."""

    def __init__(self) -> None:
        self.appends, self.fails, self.gate = 0, False, asyncio.Event()
        self.gate.set()

    async def append(self) -> Place:
        await self.gate.wait()
        if self.fails:
            raise OSError("away")
        self.appends += 1
        return Place("t", 0, self.appends - 1)


def recent(clock: StillClock | None = None, *, at_most: int = 1000) -> Recent[Place]:
    return Recent(clock or StillClock(), for_s=60, at_most=at_most)


async def test_a_repeat_is_told_where_the_first_one_lies() -> None:
    log, known = Log(), recent()

    first = await known.once(("web", "a"), b"1", log.append)
    again = await known.once(("web", "a"), b"1", log.append)

    assert (first.again, again.again) == (False, True)
    assert first.place == again.place == Place("t", 0, 0)
    assert log.appends == 1


async def test_an_id_belongs_to_its_channel() -> None:
    log, known = Log(), recent()

    await known.once(("web", "a"), b"1", log.append)
    await known.once(("dealer", "a"), b"1", log.append)

    assert log.appends == 2


async def test_an_id_that_comes_with_other_content_is_no_repeat() -> None:
    log, known = Log(), recent()
    await known.once(("web", "a"), b"1", log.append)

    with pytest.raises(OtherContentError):
        await known.once(("web", "a"), b"2", log.append)

    assert log.appends == 1


async def test_a_repeat_waits_for_the_append_that_is_under_way() -> None:
    log, known = Log(), recent()
    log.gate.clear()
    both = [asyncio.create_task(known.once(("web", "a"), b"1", log.append)) for _ in range(2)]
    await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
    assert not any(one.done() for one in both)

    log.gate.set()

    assert [one.again for one in await asyncio.gather(*both)] == [False, True]
    assert log.appends == 1


async def test_a_failure_is_everybodys_and_is_forgotten() -> None:
    log, known = Log(), recent()
    log.fails = True
    log.gate.clear()
    both = [asyncio.create_task(known.once(("web", "a"), b"1", log.append)) for _ in range(2)]
    await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
    log.gate.set()
    ended = await asyncio.gather(*both, return_exceptions=True)
    log.fails = False

    again = await known.once(("web", "a"), b"2", log.append)

    assert [type(one) for one in ended] == [OSError, OSError]
    assert (again.again, log.appends) == (False, 1)


async def test_an_append_goes_on_where_its_sender_is_gone() -> None:
    log, known = Log(), recent()
    log.gate.clear()
    first = asyncio.create_task(known.once(("web", "a"), b"1", log.append))
    await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    log.gate.set()

    assert (await known.once(("web", "a"), b"1", log.append)).again
    assert log.appends == 1


async def test_ids_are_forgotten_after_their_time() -> None:
    clock, log = StillClock(), Log()
    known = recent(clock)
    await known.once(("web", "a"), b"1", log.append)
    clock.after(59)
    assert (await known.once(("web", "a"), b"1", log.append)).again

    clock.after(1)

    assert not (await known.once(("web", "a"), b"1", log.append)).again
    assert (len(known), log.appends) == (1, 2)


async def test_of_too_many_ids_the_oldest_are_forgotten() -> None:
    log, known = Log(), recent(at_most=3)

    for name in "abcd":
        await known.once(("web", name), b"1", log.append)

    assert len(known) == 3
    assert (await known.once(("web", "d"), b"1", log.append)).again
    assert not (await known.once(("web", "a"), b"1", log.append)).again
