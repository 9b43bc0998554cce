"""One call of the lane can be many requests: the last of them may run for the whole settle time after it was lost."""

from pathlib import Path

import pytest

from connectors.core.errors import UnknownOutcomeError
from schemas.models.source_item import SourceItem
from streams.domain.lane_rows import RowState
from tests.unit.streams.sinks.lane import SETTLE_S, Lane, desired, lane, turns

pytestmark = pytest.mark.anyio
EARLIER_S, TIMEOUT_S = 90, 30


async def lost_after_others(one: Lane) -> SourceItem:
    """The row whose request was lost: others of its call had taken a while before it left."""
    lost: list[SourceItem] = []
    take = one.shop._write

    def row_by_row(items: list[SourceItem]) -> None:
        if lost:
            take(items)
            return
        take(items[:-1])
        one.clock.after(EARLIER_S)
        lost.append(items[-1])
        one.clock.after(TIMEOUT_S)
        raise UnknownOutcomeError("no complete answer after 30 s")

    one.shop._write = row_by_row  # type: ignore[assignment,method-assign]  # the same form, and it calls it
    await one.fold(desired("A", 1, north=5), desired("B", 1, north=9))
    await one.until(lambda: one.readback_open)
    return lost[0]


async def test_a_request_that_lands_late_is_over_before_the_row_is_written_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        late = await lost_after_others(one)
        await one.fold(desired(late.sku, 2, north=0))
        for _ in range(round(SETTLE_S - TIMEOUT_S)):
            one.after(1)
            await turns()
        assert len(one.sent) == 1
        one.shop.rows[late.pair] = late  # the target had it for as long as it may

        await one.at_rest(passing=5)

        assert (one.shown(late.sku), one.row(late.sku).state) == (0, RowState.CLEAN)
        assert one.counts == {"applied": 3}
