"""Reservations through the flow and the sweep, with a store and bytes: decided once, ended once, forgotten in time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.models.stock_reservation import Reservation
from streams.domain.reservation import REMEMBERED
from streams.flows import stock_keys
from streams.flows.stock_records import open_reservations
from streams.topics import RESERVATION_REQUEST, STOCK_CHANGE
from tests.unit.streams.domain.ledger import UNIT
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.test_stock import full, record, reservation, working
from tests.unit.streams.flows.wire import request_bytes
from tests.unit.streams.flows.worker import GENERATION, PARTITION, Worker

pytestmark = pytest.mark.anyio
SKU = "A"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Worker]:
    """Ten are there."""
    async with working(tmp_path) as worker:
        await worker.take(full(1, 10), first=0)
        yield worker


async def ask(one: Worker, *values: bytes, first: int = 0, after_s: float = 0) -> None:
    """Requests as the broker takes them now, read at once, or so many seconds later."""
    at = one.clock.micros() // 1000
    one.clock.after(after_s)
    found = [
        Raw(RESERVATION_REQUEST.name, offset, SKU.encode(), value, at) for offset, value in enumerate(values, first)
    ]
    await one.take_records(found)


async def sweep(one: Worker, first: int) -> None:
    """And what it asks for is read."""
    before = len(one.requests)
    await one.ends.sweep(PARTITION, GENERATION)
    new = [request_bytes(request) for request in one.requests[before:]]
    if new:
        await ask(one, *new, first=first)


def told(one: Worker, name: str = "r1") -> Reservation:
    found = one.reservations[name]
    assert found is not None
    return found


async def test_what_is_decided_is_told_and_the_shop_shows_less(one: Worker) -> None:
    await ask(one, reservation("r1", units=3))

    assert (told(one).state, told(one).left) == ("HELD", 7 * UNIT)
    assert one.snapshots[-1].sources[0].quantity == 7 * UNIT
    assert one.snapshots[-1].promisable == 7 * UNIT
    assert told(one).counter == one.snapshots[-1].counter
    assert one.counts[f"{RESERVATION_REQUEST.name}/accepted"] == 1


async def test_a_redelivery_says_the_same_and_holds_nothing_twice(one: Worker) -> None:
    await ask(one, reservation("r1", units=3))
    before = one.stored()
    await ask(one, reservation("r1", units=3))
    await ask(one, reservation("r1", units=3), first=1)

    assert one.entry().source("W1").allocated == 3 * UNIT
    assert told(one).revision == 1
    assert {key for key in one.stored() if key[:1] == stock_keys.RESERVATION} == {
        key for key in before if key[:1] == stock_keys.RESERVATION
    }


async def test_one_that_is_read_too_late_holds_nothing_and_the_next_try_is_decided(one: Worker) -> None:
    await ask(one, reservation("r1", units=3), after_s=2)
    assert (told(one).state, one.entry().source("W1").allocated) == ("LATE", 0)

    await ask(one, reservation("r1", units=3), first=1)

    assert (told(one).state, told(one).revision) == ("HELD", 2)


async def test_the_sweep_ends_it_once_though_it_looks_again_and_is_killed_between(one: Worker) -> None:
    await ask(one, reservation("r1", units=3))
    one.clock.after(61)

    await one.ends.sweep(PARTITION, GENERATION)
    await one.ends.sweep(PARTITION, GENERATION)
    assert [request.action for request in one.requests] == ["EXPIRE"]
    await one.killed()
    await one.ends.sweep(PARTITION, GENERATION)
    asked = [request_bytes(request) for request in one.requests]
    await ask(one, *asked, first=1)

    assert len(asked) == 2
    assert (told(one).state, one.entry().source("W1").allocated) == ("EXPIRED", 0)
    assert one.snapshots[-1].sources[0].quantity == 10 * UNIT
    assert one.counts[f"{RESERVATION_REQUEST.name}/ignored"] == 1


async def test_one_that_was_confirmed_before_the_sweeps_word_came_stays(one: Worker) -> None:
    await ask(one, reservation("r1", units=3))
    one.clock.after(61)
    await one.ends.sweep(PARTITION, GENERATION)
    (expire,) = [request_bytes(request) for request in one.requests]

    await ask(one, reservation("r1", "CONFIRM", order_id="pos-1"), expire, first=1)

    assert (told(one).state, one.entry().source("W1").allocated) == ("CONFIRMED", 3 * UNIT)


async def test_goods_that_leave_for_its_order_are_subtracted_once(one: Worker) -> None:
    await ask(one, reservation("r1", units=3), reservation("r1", "CONFIRM", order_id="pos-1"))
    sold = {"type": "SALES_ORDER", "id": "pos-1", "line": None, "commerce_order": None}

    await one.take(record(2, 3, bucket="ALLOCATED", at=1, reference=sold), first=1)
    assert (told(one).state, one.snapshots[-1].sources[0].quantity) == ("CONFIRMED", 7 * UNIT)
    await one.take(record(3, -3, at=2, reference=sold), first=2)
    await one.take(record(4, -3, bucket="ALLOCATED", at=3, reference=sold), first=3)

    assert (told(one).state, told(one).parts) == ("FULFILLED", ())
    assert one.snapshots[-1].sources[0].quantity == 7 * UNIT
    assert one.entry().promised == 0
    assert [key for key in one.stored() if key[:1] == stock_keys.PROMISE] == []
    assert one.counts[f"{STOCK_CHANGE.name}/accepted"] == 4


async def test_what_ended_is_forgotten_a_day_later_and_its_topic_is_told_first(one: Worker) -> None:
    await ask(one, reservation("r1", units=3), reservation("r1", "RELEASE"))
    one.clock.after(REMEMBERED / 1_000_000 - 1)
    await sweep(one, 2)
    assert told(one).state == "RELEASED"

    one.clock.after(2)
    await sweep(one, 2)

    assert one.reservations["r1"] is None
    assert [key for key in one.stored() if key[:1] in (stock_keys.RESERVATION, stock_keys.DUE)] == []


async def test_a_request_of_nothing_known_and_one_that_cannot_be_are_told_apart(one: Worker) -> None:
    await ask(one, reservation("r9", "CONFIRM", order_id="x"), reservation("r8", units=-1))

    assert one.dead == [(1, "negative-absolute")]
    assert one.counts[f"{RESERVATION_REQUEST.name}/ignored"] == 1


async def test_what_holds_stock_is_listed_the_first_to_end_first(one: Worker) -> None:
    asked = [reservation("long", units=1), reservation("gone", units=1), reservation("gone", "RELEASE")]
    await ask(one, *asked, reservation("short", units=2, ttl_ms=9_000), reservation("long", "CONFIRM", order_id="o"))

    found = open_reservations(one.table.store(PARTITION), SKU)

    assert [(told.reservation_id, told.state) for told in found] == [("short", "HELD"), ("long", "CONFIRMED")]


async def test_a_record_that_names_the_order_twice_takes_its_goods_once(one: Worker) -> None:
    await ask(one, reservation("r1", units=3), reservation("r1", "CONFIRM", order_id="pos-1"))
    sold = {"type": "SALES_ORDER", "id": "pos-1", "line": None, "commerce_order": "pos-1"}

    await one.take(record(2, -1, at=1, reference=sold), first=1)

    assert (told(one).state, one.entry().source("W1").allocated) == ("CONFIRMED", 2 * UNIT)
    assert one.snapshots[-1].sources[0].quantity == 7 * UNIT
