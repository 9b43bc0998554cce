"""A source is called missing only when the shop says so after the row came; until then the row stays dirty."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.core.errors import RejectedPayloadError, TargetUnavailableError
from schemas.models.desired_stock import DesiredStock
from streams.domain.lane_rows import RowState
from streams.domain.reasons import DeadReason
from tests.unit.streams.sinks.lane import Lane, desired, lane, turns

pytestmark = pytest.mark.anyio


def now(one: Lane, sku: str, **units: Any) -> DesiredStock:  # noqa: ANN401  units, by the names of sources
    """A snapshot of a change that came right now."""
    return msgspec.structs.replace(desired(sku, 1, **units), dirty_since=one.clock.micros())


async def test_a_look_up_that_fails_says_nothing_of_a_source(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.after(60)
        one.shop._stocks["west"] = frozenset({1})
        one.shop.read_failures.append(TargetUnavailableError("503"))
        await one.fold(desired("A", 1, west=5))
        await one.until(one.at.index.put_off)
        assert (one.row("A", "west").state, one.letters) == (RowState.DIRTY, [])

        await one.at_rest(passing=1)

        assert (one.shown("A", "west"), one.counts) == (5, {"applied": 1})


async def test_an_answer_that_is_older_than_the_row_says_nothing_of_its_source(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop._stocks["west"] = frozenset({1})
        one.after(5)
        await one.fold(now(one, "A", west=5))
        await one.until(one.at.index.put_off)
        assert (one.row("A", "west").state, one.letters) == (RowState.DIRTY, [])

        await one.at_rest(passing=1)

        assert (one.shown("A", "west"), one.counts) == (5, {"applied": 1})


async def test_a_newer_answer_that_does_not_name_the_source_makes_the_row_dead(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.after(5)
        await one.fold(now(one, "A", nowhere=5))
        await one.at_rest(passing=1)

        assert (one.row("A", "nowhere").reason, one.counts) == (DeadReason.UNKNOWN_SOURCE, {"dead": 1})
        assert one.sent == []


async def test_the_shop_is_not_asked_for_its_sources_with_every_row(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        asked = []
        ask = one.shop.source_codes

        async def counted() -> frozenset[str]:
            asked.append(one.clock.monotonic())
            return await ask()

        one.shop.source_codes = counted  # type: ignore[method-assign]  # the same form, and it calls it
        for number in range(70):
            one.after(1)
            await one.fold(now(one, f"S{number}", nowhere=5))
            await turns(20)

        assert len(asked) == 70 // 31


async def test_other_rows_do_not_wait_for_one_whose_source_is_in_doubt(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.after(5)
        await one.fold(now(one, "A", nowhere=5, north=4))
        await one.until(lambda: one.shown("A") == 4)

        assert one.row("A", "nowhere").state is RowState.DIRTY


async def test_a_shop_that_no_longer_lets_its_sources_be_read_takes_every_code(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.after(60)
        one.shop._stocks["west"] = frozenset({1})
        one.shop.read_failures.append(RejectedPayloadError("not allowed", status=403))
        await one.fold(now(one, "A", west=5))
        await one.at_rest()

        assert (one.at.sources.known, one.shown("A", "west")) == (None, 5)
