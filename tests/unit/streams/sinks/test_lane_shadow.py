"""Shadow mode says what would be written, and writes nothing."""

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.core.errors import TargetUnavailableError
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.lane_rows import RowState
from streams.sinks.lane_shadow import KEPT
from tests.unit.streams.sinks.lane import desired, lane, turns

pytestmark = pytest.mark.anyio


async def test_nothing_is_written_and_every_difference_is_shown(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="shadow") as one:
        same = SourceItem("A", "north", Decimal(5), in_stock=True)
        theirs = SourceItem("B", "north", Decimal(9), in_stock=True)
        one.shop.rows = {same.pair: same, theirs.pair: theirs}
        await one.fold(desired("A", 1, north=5), desired("B", 1, north=4), desired("C", 1, north=3))
        await one.until(lambda: one.lane.shadow.compared == 3)

        assert one.sent == []
        found = {difference.ours.sku: difference.theirs for difference in one.lane.shadow.differences}
        assert found == {"B": theirs, "C": None}
        assert one.lane.shadow.differing == 2
        assert {one.row(sku).state for sku in "ABC"} == {RowState.DIRTY}
        assert (one.counts, one.rows.open_intents()) == ({}, [])


async def test_what_was_compared_goes_out_when_the_sink_runs(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="shadow") as one:
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.lane.shadow.compared == 1)

        one.mode = "run"
        await one.lane.reindex()
        await one.at_rest()

        assert one.sent == [[("A", 5)]]


async def test_a_row_is_compared_once_and_again_when_it_changes(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="shadow") as one:
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.lane.shadow.compared == 1)
        for _ in range(20):
            one.after(1)
            await turns()
        assert one.lane.shadow.compared == 1

        await one.fold(desired("A", 2, north=6))
        await one.until(lambda: one.lane.shadow.compared == 2)

        assert [difference.ours.quantity for difference in one.lane.shadow.differences] == [5, 6]


async def test_while_the_shop_is_down_rows_wait_to_be_compared(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="shadow") as one:
        one.shop.read_failures.extend([TargetUnavailableError("refused")] * 2)
        await one.fold(desired("A", 1, north=5))
        await turns(20)
        assert (one.lane.shadow.compared, one.gate.breaker.failures) == (0, 1)

        await one.until(lambda: one.lane.shadow.compared == 1, passing=0.5)

        assert one.gate.breaker.failures == 0


async def test_only_the_last_differences_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="shadow") as one:
        for number in range(KEPT + 5):
            await one.fold(desired(f"S{number}", 1, north=1))
        await one.until(lambda: one.lane.shadow.compared == KEPT + 5)

        assert (len(one.lane.shadow.differences), one.lane.shadow.differing) == (KEPT, KEPT + 5)


async def test_a_row_that_is_no_longer_dirty_is_not_compared(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()
        one.at.index.hold([StockPair("north", "A")])

        await one.lane.shadow.compare([StockPair("north", "A"), StockPair("north", "never seen")])

        assert (one.lane.shadow.compared, one.at.index.pending) == (0, 0)
