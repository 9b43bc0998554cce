"""A worker reads the tables that its checks need, and no others."""

import asyncio

import pytest

from schemas import projection
from schemas.catalogue import PRODUCT
from schemas.codec import frame
from schemas.models.reference import Product
from streams.app.order_reference import TOPICS, ReferenceTables
from streams.domain.order_checks import ACCOUNTS, NEEDS, PRICES, PRODUCTS, Item
from streams.domain.order_lookup import Reference
from streams.runtime.health import Health
from streams.runtime.serde import Serde
from streams.topics import REFERENCE
from tests.fakes.broker import FollowedTopic
from tests.fakes.still_clock import StillClock
from tests.unit.streams.flows.wire import IDS, MemoryRegistry

pytestmark = pytest.mark.anyio
SOLD = projection.encoder(PRODUCT)(Product(sku="A", source_system="erp", changed_at=0))


def tables(topic: FollowedTopic, *needed: str) -> ReferenceTables:
    clock = StillClock(runs_freely=True)
    serde = Serde(MemoryRegistry(), clock)
    return ReferenceTables(frozenset(needed), topic.make, serde=serde, clock=clock, health=Health(clock))


async def test_what_no_check_needs_is_neither_read_nor_waited_for() -> None:
    topic = FollowedTopic()
    made = tables(topic)
    made.start()
    await made.wait()

    assert (made.now(), made.figures, topic.made) == (Reference(), (), 0)
    await made.stop()


async def test_a_table_that_is_needed_is_known_after_the_wait_and_the_others_are_not_looked_up() -> None:
    topic = FollowedTopic()
    topic.append(b"A", frame(IDS[PRODUCT.topic], SOLD))
    made = tables(topic, PRODUCTS)
    made.start()
    async with asyncio.timeout(5):
        await made.wait()

    assert made.now() == Reference(products={"A": Item()})
    assert [one.topic for one in made.figures] == [PRODUCT.topic]
    await made.stop()


async def test_topics_that_nobody_feeds_are_caught_up_and_not_looked_up() -> None:
    made = tables(FollowedTopic(), PRODUCTS, PRICES, ACCOUNTS)
    made.start()
    async with asyncio.timeout(5):
        await made.wait()

    assert made.now() == Reference()
    assert [one.rows for one in made.figures] == [0, 0, 0]
    await made.stop()


def test_every_table_that_a_check_may_need_has_its_topic() -> None:
    assert set(NEEDS.values()) == TOPICS.keys()
    assert set(TOPICS.values()) == {topic.name for topic in REFERENCE}
