import pytest

from schemas.catalogue import STOCK_CHANGE
from schemas.codec import frame
from streams.runtime.serde import ASK_AGAIN_AFTER, MOST_UNKNOWN, Serde
from tests.fakes.still_clock import StillClock
from tests.unit.streams.flows.wire import IDS, MemoryRegistry, change_bytes

pytestmark = pytest.mark.anyio
FIRST_BAD = 1000


def bad(*numbers: int) -> list[bytes]:
    return [frame(FIRST_BAD + number, b"x") for number in numbers]


async def test_a_flood_of_different_bad_ids_is_no_flood_of_requests() -> None:
    registry, clock = MemoryRegistry(), StillClock()
    serde = Serde(registry, clock)

    for number in range(5 * MOST_UNKNOWN):
        assert await serde.decode(STOCK_CHANGE, bad(number)) == [None]

    assert len(registry.asked) == MOST_UNKNOWN


async def test_what_is_known_is_read_in_the_middle_of_a_flood() -> None:
    registry, clock = MemoryRegistry(), StillClock()
    serde = Serde(registry, clock)
    good = change_bytes(sku="A")
    await serde.decode(STOCK_CHANGE, [good])

    answers = await serde.decode(STOCK_CHANGE, [*bad(*range(2 * MOST_UNKNOWN)), good])

    assert answers[:-1] == [None] * (2 * MOST_UNKNOWN)
    assert getattr(answers[-1], "sku", None) == "A"


async def test_after_the_flood_ids_are_asked_for_again() -> None:
    registry, clock = MemoryRegistry(), StillClock()
    serde = Serde(registry, clock)
    await serde.decode(STOCK_CHANGE, bad(*range(MOST_UNKNOWN)))
    good = change_bytes(sku="A")
    assert await serde.decode(STOCK_CHANGE, [good]) == [None]

    clock.after(ASK_AGAIN_AFTER.total_seconds() + 1)

    [read] = await serde.decode(STOCK_CHANGE, [good])
    assert getattr(read, "sku", None) == "A"
    assert registry.asked[-1] == IDS[STOCK_CHANGE.topic]
