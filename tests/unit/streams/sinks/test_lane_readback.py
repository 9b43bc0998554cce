"""After an unknown outcome nobody writes the row until the first call is over and the shop was looked at."""

from pathlib import Path

import pytest

from connectors.core.errors import NotFoundError, TargetUnavailableError, UnknownOutcomeError
from streams.domain.lane_rows import RowState
from tests.fakes.stock_target import Failure
from tests.unit.streams.sinks.lane import SETTLE_S, Lane, desired, lane, turns

pytestmark = pytest.mark.anyio
LOST = UnknownOutcomeError("no answer came")


async def lost_call(one: Lane, *, after_effect: bool) -> None:
    """A call of two rows ends without an answer."""
    one.shop.failures.append(Failure(LOST, after_effect=after_effect))
    await one.fold(desired("A", 1, north=1), desired("B", 1, north=1))
    await one.until(lambda: one.readback_open)


async def passed(one: Lane, seconds: int) -> None:
    for _ in range(seconds):
        one.after(1)
        await turns()


async def test_rows_are_frozen_until_the_first_call_can_no_longer_be_running(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=False)
        await one.fold(desired("A", 2, north=2), desired("C", 1, north=1))
        await passed(one, round(SETTLE_S) - 1)
        assert one.sent == [[("A", 1), ("B", 1)], [("C", 1)]], "other rows go on"

        await passed(one, 2)
        await one.at_rest()

        assert one.sent[2:] == [[("A", 2), ("B", 1)]]
        assert one.counts == {"applied": 3, "superseded": 1}


async def test_what_the_shop_shows_is_not_written_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        await one.at_rest(passing=5)

        assert len(one.sent) == 1
        assert (one.row("A").state, one.row("B").state) == (RowState.CLEAN, RowState.CLEAN)
        assert one.counts == {"applied": 2}
        assert one.rows.open_intents() == []


async def test_of_a_call_that_was_carried_out_in_part_only_the_rest_is_written_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        del one.shop.rows[one.shop.calls[0][0].pair]
        await one.at_rest(passing=5)

        assert one.sent[1:] == [[("A", 1)]]
        assert one.counts == {"applied": 2}


async def test_a_row_that_changed_meanwhile_is_acknowledged_for_what_landed_and_goes_out_anew(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        await one.fold(desired("A", 2, north=2))
        await one.at_rest(passing=5)

        assert one.sent[1:] == [[("A", 2)]]
        assert one.counts == {"applied": 3}


async def test_a_shop_that_is_down_is_asked_until_it_answers(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        one.shop.read_failures.extend([TargetUnavailableError("refused")] * 4)
        await one.at_rest(passing=5)

        assert (len(one.sent), one.counts) == (1, {"applied": 2})
        assert not one.shop.read_failures


async def test_where_the_shop_does_not_let_us_look_the_rows_are_written_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        one.shop.read_failures.append(NotFoundError("no such route", status=404))
        await one.at_rest(passing=5)

        assert len(one.sent) == 2
        assert one.counts == {"applied": 2}


async def test_who_has_no_lease_any_more_leaves_the_look_to_the_next_owner(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        one.broker.has_lease = False
        await passed(one, round(SETTLE_S) + 2)
        assert (one.counts, one.faults) == ({}, [])
        assert len(one.rows.open_intents()) == 1

        one.broker.has_lease = True
        await one.killed()
        await one.at_rest(passing=5)

        assert (len(one.sent), one.counts) == (1, {"applied": 2})


async def test_a_lease_that_comes_back_for_the_same_generation_looks_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        one.broker.has_lease = False
        await passed(one, round(SETTLE_S) + 2)

        one.broker.has_lease = True
        await one.at_rest(passing=1)

        assert (len(one.sent), one.counts) == (1, {"applied": 2})
        assert one.rows.open_intents() == []


async def test_a_fault_while_looking_ends_the_process(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await lost_call(one, after_effect=True)
        one.broker.fails_at = one.broker.writes + 1
        await one.until(lambda: one.faults, passing=5)

        assert len(one.rows.open_intents()) == 1
