"""What keeps a shipment from being posted is told for people, and asking for it sets nothing in motion."""

from pathlib import Path

import pytest

from schemas.models.command import Command
from streams.sinks.lane_shipments import Short, Standing
from streams.sinks.shipment_post import ShipmentPost
from tests.unit.streams.sinks.lane import UNIT, desired
from tests.unit.streams.sinks.posting import Posting, passed, posting

pytestmark = pytest.mark.anyio


async def told(one: Posting, command: Command) -> Standing | None:
    beside = one.sink_at.beside
    assert isinstance(beside, ShipmentPost)
    return await beside.standing(command)


async def stocked(one: Posting, units: int) -> None:
    await one.fold(desired("A", 1, north=units))
    await one.at_rest()


async def test_a_row_that_is_too_low_is_named_with_both_quantities_while_the_lane_is_paused(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one, 2)
        one.mode = "paused"
        command = one.ordered("A", 3)
        await one.ship(command)
        await passed(one, 5)

        assert await told(one, command) == Standing((Short("A", 2 * UNIT, 3 * UNIT),))
        assert one.orders.writes == []
        one.mode = "run"


async def test_a_write_of_its_row_that_is_not_answered_is_named(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one, 10)
        one.shop.free.clear()
        await one.fold(desired("A", 2, north=8))
        await one.until(lambda: len(one.sent) > 1)
        command = one.ordered("A", 3)
        await one.ship(command)
        await passed(one, 2)

        assert await told(one, command) == Standing((), ("A",))
        one.shop.free.set()
        await one.posted(command)


async def test_while_it_is_being_posted_its_own_goods_do_not_make_its_row_too_low(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one, 3)
        one.orders.let_through.clear()
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.until(lambda: one.frozen)

        assert await told(one, command) == Standing()


async def test_to_ask_changes_no_row(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one, 2)
        one.mode = "paused"
        before = one.row("A")

        assert await told(one, one.ordered("A", 3)) == Standing()
        assert one.row("A") == before


async def test_a_lane_that_is_not_here_says_that_it_does_not_know(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        command = one.ordered("A", 3)
        one.lane.shipments.is_compared = False

        assert await told(one, command) is None
