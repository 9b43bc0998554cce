"""A reference table knows when it has caught up, survives what is bad, and answers from what it knew meanwhile."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError

from schemas import projection
from schemas.catalogue import PRODUCT
from schemas.codec import frame
from schemas.models.reference import Product
from streams.domain.order_checks import Item
from streams.flows.reference_rows import ProductRows
from streams.runtime.health import Health
from streams.runtime.reference_table import PIECE, ReferenceTable
from streams.runtime.serde import Serde
from tests.fakes.broker import FollowedTopic
from tests.fakes.still_clock import StillClock
from tests.unit.streams.flows.wire import FOREIGN_ID, IDS, MemoryRegistry

pytestmark = pytest.mark.anyio
_PRODUCT = projection.encoder(PRODUCT)
Table = ReferenceTable[Product, ProductRows]


def product(sku: str, *, discontinued: bool = False) -> bytes:
    made = Product(sku=sku, is_discontinued=discontinued, source_system="erp", changed_at=0)
    return frame(IDS[PRODUCT.topic], _PRODUCT(made))


class World:
    """A table over a topic; `settled` waits until everything that is in the topic was taken."""

    def __init__(self, most_rows: int = 1000) -> None:
        self.topic, self.clock = FollowedTopic(), StillClock(runs_freely=True)
        self.health = Health(self.clock)
        self.table: Table = ReferenceTable(
            PRODUCT,
            ProductRows,
            make_consumer=self.topic.make,
            serde=Serde(MemoryRegistry(), self.clock),
            clock=self.clock,
            health=self.health,
            without="orders are held",
            most_rows=most_rows,
        )

    def put(self, *skus: str, discontinued: bool = False) -> None:
        for sku in skus:
            self.topic.append(sku.encode(), product(sku, discontinued=discontinued))

    async def settled(self) -> None:
        async with asyncio.timeout(5):
            await self.topic.idle.wait()

    @property
    def troubles(self) -> list[tuple[bool, str]]:
        return [(one.blocks, one.what) for one in self.health.troubles]

    @property
    def known(self) -> set[str]:
        return set(self.table.rows or ())


@asynccontextmanager
async def begun(prepare: Callable[[World], None] = lambda _world: None, most_rows: int = 1000) -> AsyncIterator[World]:
    world = World(most_rows)
    prepare(world)
    world.table.start()
    try:
        yield world
    finally:
        await world.table.stop()


async def is_done(waiting: Awaitable[None]) -> bool:
    task = asyncio.ensure_future(waiting)
    done, _ = await asyncio.wait([task], timeout=0)
    task.cancel()
    return bool(done)


async def test_everything_that_stood_there_is_known_once_it_has_caught_up() -> None:
    def stood(world: World) -> None:
        world.put("A", "B")
        world.put("B", discontinued=True)
        world.topic.append(b"A", None)

    async with begun(stood) as world:
        await world.table.wait()

        assert world.table.rows == {"B": Item(is_discontinued=True)}
        assert world.troubles == []


async def test_until_it_has_caught_up_orders_wait_and_the_worker_says_so() -> None:
    def slow(world: World) -> None:
        world.put("A")
        world.topic.held_back = True

    async with begun(slow) as world:
        await world.settled()

        assert not await is_done(world.table.wait())
        assert world.table.rows is None
        assert world.troubles == [
            (True, "erp.product.v1 is being read, orders wait for it: 1 records are left"),
        ]
        world.topic.let_go()
        await world.table.wait()
        assert world.known == {"A"}
        assert world.troubles == []


async def test_a_table_of_many_pieces_is_not_caught_up_before_the_last() -> None:
    skus = [f"S{number}" for number in range(2 * PIECE + 5)]

    async with begun(lambda world: world.put(*skus), most_rows=9999) as world:
        await world.table.wait()

        assert world.known == set(skus)


async def test_what_comes_later_is_followed() -> None:
    async with begun(lambda world: world.put("A")) as world:
        await world.table.wait()
        world.put("B")
        world.topic.append(b"A", None)
        await world.settled()

        assert world.known == {"B"}


async def test_an_empty_topic_is_caught_up_at_once_and_counts_as_not_looked_up() -> None:
    async with begun() as world:
        await world.table.wait()
        await world.settled()

        assert world.table.rows is None
        assert world.troubles == [(False, "erp.product.v1 is empty: orders are held")]
        world.put("A")
        await world.settled()
        assert world.known == {"A"}
        assert world.troubles == []


@pytest.mark.parametrize("value", [b"", b"junk", frame(FOREIGN_ID, b""), frame(999, b""), product("B")], ids=str)
async def test_a_record_that_cannot_be_read_takes_away_its_key_and_stops_nothing(value: bytes) -> None:
    async with begun(lambda world: world.put("A")) as world:
        await world.table.wait()
        world.topic.append(b"A", value)
        world.put("C")
        await world.settled()

        assert world.known == {"C"}
        assert world.table.figures.unreadable == 1
        [(blocks, what)] = world.troubles
        assert not blocks
        assert "1 keys whose newest record cannot be read" in what
        world.put("A")
        await world.settled()
        assert (world.known, world.table.figures.unreadable, world.troubles) == ({"A", "C"}, 0, [])


async def test_a_key_that_is_no_text_or_none_stops_nothing() -> None:
    async with begun() as world:
        world.topic.append(b"\xff", product("A"))
        world.topic.append(None, product("A"))
        world.topic.append(b"\xff", None)
        world.put("B")
        await world.table.wait()
        await world.settled()

        assert world.known == {"B"}


@pytest.mark.parametrize("error", [KafkaConnectionError("away"), OffsetOutOfRangeError({}), OSError("no route")])
async def test_after_a_failure_it_is_read_again_and_a_removed_row_is_gone(error: Exception) -> None:
    """The tombstone was compacted away while nobody could read."""
    async with begun(lambda world: world.put("A", "B")) as world:
        await world.table.wait()
        await world.settled()
        world.topic.held_back = True
        world.topic.append(b"A", None)
        world.put("C")
        world.topic.compact()
        world.topic.fail(error)
        await world.settled()

        assert world.known == {"A", "B"}  # what was known answers until the topic was read anew
        [(blocks, what)] = world.troubles
        assert not blocks
        assert "what was known is used" in what
        assert not world.table.figures.is_caught_up
        world.topic.let_go()
        await world.settled()
        assert world.known == {"B", "C"}
        assert world.troubles == []
        assert (world.topic.made, world.topic.stopped) == (2, 1)


async def test_a_topic_that_cannot_be_read_from_the_start_makes_orders_wait() -> None:
    def away(world: World) -> None:
        world.put("A")
        world.topic.held_back = True
        world.topic.fails.append(KafkaConnectionError("away"))

    async with begun(away) as world:
        await world.settled()

        assert not await is_done(world.table.wait())
        [(blocks, what)] = world.troubles
        assert blocks
        assert what.startswith("erp.product.v1 cannot be read, orders wait for it: KafkaConnectionError")


async def test_a_table_that_does_not_fit_counts_as_not_looked_up() -> None:
    async with begun(lambda world: world.put("A", "B", "C", "A"), most_rows=2) as world:
        await world.table.wait()
        await world.settled()

        assert world.table.rows is None
        assert world.troubles == [(False, "erp.product.v1 has more than 2 rows: it counts as not looked up")]


async def test_it_says_how_it_stands() -> None:
    def stood(world: World) -> None:
        world.topic.append(b"A", product("A"), 1_000)
        world.topic.append(b"B", product("B"), 3_000)

    async with begun(stood) as world:
        before = world.table.figures
        await world.table.wait()
        await world.settled()

        assert before == ("erp.product.v1", 0, 0, 0, 0, False)
        assert world.table.figures == ("erp.product.v1", 2, 0, 0, 3_000_000, True)


def test_two_hundred_thousand_products_fit_into_little_memory() -> None:
    """As much as their keys and a table of them: about 40 MiB would be 200 bytes each."""
    number = 20_000
    tracemalloc.start()
    try:
        rows = ProductRows()
        for index in range(number):
            rows.put(f"SKU-{index:08d}", Product(sku="", source_system="erp", changed_at=index))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(rows) == number
    assert held / number < 200
