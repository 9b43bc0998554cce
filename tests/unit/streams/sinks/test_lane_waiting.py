"""Since when an effect is missing is known of every row that waits: due, under way, frozen, or put off."""

from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import MaskedFailureError, UnknownOutcomeError
from streams.runtime.metrics import OLDEST_UNAPPLIED
from streams.sinks.lane_settling import FLOW
from tests.fakes.stock_target import Failure
from tests.unit.streams.sinks.lane import Lane, desired, lane, turns

pytestmark = pytest.mark.anyio


async def changed(one: Lane, sku: str = "A", counter: int = 1) -> int:
    """A change that came right now; since when it waits."""
    since = one.clock.micros()
    await one.fold(msgspec.structs.replace(desired(sku, counter, north=counter), dirty_since=since))
    return since


async def test_a_row_under_way_is_missing_since_it_changed(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        since = await changed(one)
        await one.until(lambda: one.shop.in_flight)

        assert one.at.index.oldest_since() == since
        one.shop.free.set()
        await one.at_rest()
        assert one.at.index.oldest_since() is None


async def test_a_frozen_row_is_missing_since_it_changed_and_the_gauge_shows_it(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.append(Failure(UnknownOutcomeError("no answer")))
        since = await changed(one)
        await one.until(lambda: one.readback_open)
        one.after(45)
        await turns()

        assert one.at.index.oldest_since() == since
        one.lane.measure()
        assert OLDEST_UNAPPLIED.labels(FLOW)._value.get() == 45
        await one.at_rest(passing=5)
        assert one.at.index.oldest_since() is None


async def test_the_next_worker_knows_since_when_a_row_is_missing_that_it_finds_under_way(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        since = await changed(one)
        await one.until(lambda: one.shop.in_flight)
        one.after(20)

        await one.killed()

        assert one.at.index.oldest_since() == since


async def test_a_row_that_was_put_off_is_missing_since_it_changed(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.extend([Failure(MaskedFailureError("500", status=500))] * 3)
        since = await changed(one)
        await one.until(one.at.index.put_off, passing=0.1)

        assert one.at.index.oldest_since() == since
        await one.at_rest(passing=1)
        assert (one.shown("A"), one.at.index.oldest_since()) == (1, None)


async def test_while_there_is_no_lease_the_shop_is_not_asked_what_became_of_a_call(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.append(Failure(UnknownOutcomeError("no answer"), after_effect=True))
        await changed(one)
        await one.until(lambda: one.readback_open)
        one.broker.has_lease = False
        answers = one.gate.last_answer_at
        for _ in range(200):
            one.after(1)
            await turns()
        assert (one.gate.last_answer_at, one.readback_open) == (answers, 1)
        one.broker.has_lease = True

        await one.at_rest(passing=1)

        assert (len(one.sent), one.counts) == (1, {"applied": 1})
