"""Shipments beside the stock lane: their rows are left alone while the shop deducts, and count them until then."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import TargetUnavailableError, UnknownOutcomeError
from schemas.models.command import Command
from schemas.models.document import LineQuantity
from schemas.models.operations import OutcomeState
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.lane_rows import RowState
from streams.domain.quantities import to_decimal
from streams.sinks.shipment_post import ShipmentPost
from tests.fakes import shop_order_target, stock_target
from tests.unit.streams.sinks.lane import SETTLE_S, UNIT, desired, turns
from tests.unit.streams.sinks.posting import Posting, passed, posting

pytestmark = pytest.mark.anyio
LOST = UnknownOutcomeError("no answer came")
AWAY = TargetUnavailableError("refused")
DAY_S, REST_S = 86_400, 60


async def stocked(one: Posting, units: int = 10) -> None:
    """The shop shows so many of A."""
    await one.fold(desired("A", 1, north=units))
    await one.at_rest()


def quantities(one: Posting, sku: str = "A") -> list[float]:
    """What was written, in order."""
    return [units for call in one.sent for name, units in call if name == sku]


# ── the usual order of things ────────────────────────────────────────────────────────────────────


async def test_a_shipment_that_the_wms_takes_off_before_it_is_posted_needs_no_write_at_all(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        command = one.ordered("A", 3)
        one.orders.let_through.clear()
        await one.ship(command)
        await one.until(lambda: one.frozen)
        await one.fold(desired("A", 2, north=7))
        one.orders.let_through.set()
        await one.posted(command)
        await one.at_rest()

        assert (one.state(command), one.made, one.shown("A")) == ("APPLIED", 1, 7)
        assert quantities(one) == [10]
        assert (one.row("A").state, one.row("A").unposted) == (RowState.CLEAN, ())
        assert one.counts == {"applied": 2}


async def test_posted_before_the_wms_said_so_nothing_is_written_while_that_is_on_its_way(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.posted(command)
        assert one.shown("A") == 7

        await passed(one, REST_S // 2)
        await one.fold(desired("A", 2, north=7))
        await passed(one, 2 * REST_S)

        assert quantities(one) == [10]
        assert one.shown("A") == 7


async def test_posted_after_the_wms_change_was_written_the_row_is_written_up_after_its_rest(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        await one.fold(desired("A", 2, north=7))
        await one.at_rest()
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.posted(command)
        assert one.shown("A") == 4

        await passed(one, REST_S + 2)
        await one.at_rest()

        assert quantities(one) == [10, 7, 7]
        assert one.shown("A") == 7


async def test_the_last_units_are_shown_once_more_so_that_the_shop_can_deduct_them(tmp_path: Path) -> None:
    """The WMS's change was written first: the shop shows 0, and would refuse to ship three."""
    async with posting(tmp_path) as one:
        await stocked(one, 3)
        await one.fold(desired("A", 2, north=0))
        await one.at_rest()
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.posted(command)
        await one.at_rest()

        assert (one.state(command), one.shown("A")) == ("APPLIED", 0)
        assert quantities(one) == [3, 0, 3]
        assert one.row("A").state is RowState.CLEAN


async def test_a_change_for_another_reason_contains_what_is_not_posted(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.orders.read_failures.extend([AWAY] * 3)
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.until(lambda: not one.orders.read_failures, passing=1)
        await one.fold(desired("A", 2, north=12))
        await one.at_rest(passing=1)
        await one.posted(command, passing=5)
        await one.at_rest(passing=1)

        assert quantities(one)[:2] in ([10, 15], [10, 12])
        assert one.shown("A") == 12


# ── frozen ───────────────────────────────────────────────────────────────────────────────────────


async def test_no_row_of_a_shipment_is_written_while_its_outcome_is_unknown(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await one.fold(desired("A", 1, north=10), desired("B", 1, north=10))
        await one.at_rest()
        one.orders.failures.append(shop_order_target.Failure(LOST, after_effect=True))
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.until(lambda: one.made)
        await one.fold(desired("A", 2, north=5), desired("B", 2, north=5))
        await passed(one, round(SETTLE_S) - 5)
        assert quantities(one) == [10], "the shop may not be done with it"
        assert quantities(one, "B") == [10, 5], "other rows go on"

        await one.posted(command)
        await one.at_rest(passing=1)

        assert quantities(one) == [10, 5]
        assert one.made == 1
        assert one.shown("A") == 5


async def test_rows_stay_frozen_while_the_shop_does_not_answer_the_look_after_a_lost_call(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.orders.failures.append(shop_order_target.Failure(LOST, after_effect=True))
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.until(lambda: one.made)
        one.orders.read_failures.extend([AWAY] * 3)
        await one.fold(desired("A", 2, north=5))
        await one.until(lambda: not one.orders.read_failures, passing=5)
        assert (one.frozen, quantities(one)) == (True, [10])

        await one.posted(command)
        await one.at_rest(passing=1)

        assert (one.made, one.shown("A"), quantities(one)) == (1, 5, [10, 5])


async def test_a_shipment_waits_until_the_call_that_writes_its_row_is_over(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.shop.free.clear()
        await one.fold(desired("A", 2, north=8))
        await one.until(lambda: len(one.sent) > 1)
        command = one.ordered("A", 3)
        await one.ship(command)
        await passed(one, 5)
        assert one.orders.writes == []

        one.shop.free.set()
        await one.posted(command)

        assert one.shown("A") == 5


async def test_a_write_of_unknown_outcome_is_looked_up_before_the_shipment_goes(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.shop.failures.append(stock_target.Failure(LOST))
        await one.fold(desired("A", 2, north=8))
        await one.until(lambda: one.readback_open)
        command = one.ordered("A", 3)
        await one.ship(command)
        await passed(one, round(SETTLE_S) - 5)
        assert one.orders.writes == []

        await one.posted(command)
        await passed(one, REST_S + 5)
        await one.at_rest(passing=1)

        assert one.shown("A") == 8


async def test_the_row_may_be_written_between_two_tries_that_had_no_effect(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.orders.failures.append(shop_order_target.Failure(AWAY))
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.until(lambda: one.orders.writes and not one.frozen)
        await one.fold(desired("A", 2, north=4))
        await one.at_rest()
        assert quantities(one) == [10, 7], "the goods count until they are posted"

        await one.posted(command)
        await one.at_rest(passing=1)

        assert (one.shown("A"), quantities(one)) == (4, [10, 7])


async def test_a_probe_writes_what_the_shop_shows_and_nothing_that_left(tmp_path: Path) -> None:
    """A clean row that contains a shipment is no reason to show it: not as a probe either."""
    async with posting(tmp_path) as one:
        await stocked(one)
        one.orders.read_failures.extend([AWAY] * 50)
        await one.ship(one.ordered("A", 3))
        await one.until(lambda: one.row("A").unposted and not one.frozen, passing=0.1)
        one.shop.masked_skus.add("B")
        await one.fold(desired("B", 1, north=1))
        await one.until(lambda: one.row("B").state is RowState.PARKED, passing=1)

        assert set(quantities(one)) == {10}
        assert len(quantities(one)) > 1, "A was the probe"
        one.orders.read_failures.clear()


# ── taken over ───────────────────────────────────────────────────────────────────────────────────


async def test_an_open_call_found_on_take_over_keeps_its_rows_frozen_until_it_is_looked_up(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.orders.let_through.clear()
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.until(lambda: one.work_of(command).intent is not None)
        await one.fold(desired("A", 2, north=5))
        await one.killed()
        await passed(one, round(SETTLE_S) - 5)
        assert one.frozen
        assert quantities(one) == [10]

        one.orders.let_through.set()
        await one.posted(command)
        await one.at_rest(passing=1)

        assert (one.made, one.shown("A")) == (1, 5)


async def test_what_ended_while_the_lane_did_not_hear_of_it_is_taken_off_when_it_opens(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        command = one.ordered("A", 3)
        one.sink_at.beside = Deaf(one.lane, one.work, one.serde)
        await one.ship(command)
        await one.posted(command)
        assert one.row("A").unposted, "the worker was killed in between"
        await one.fold(desired("A", 2, north=7))

        await one.killed()
        await one.until(lambda: not one.row("A").unposted, passing=1)
        await one.at_rest(passing=1)

        assert (one.shown("A"), one.made) == (7, 1)
        assert one.row("A").state is RowState.CLEAN


class Deaf(ShipmentPost):
    """The lane is asked, but never told: as when the process ends between the two writes."""

    async def ended(self, command: Command, state: OutcomeState, *, is_sure: bool) -> None:
        return None


async def test_a_shipment_that_came_while_the_lane_was_not_open_counts_once_it_is(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        await one.lane.close(timedelta(seconds=1))
        command = one.ordered("A", 3)
        await one.ship(command)
        await passed(one, 5)
        assert one.orders.writes == [], "without the lane nothing is posted"

        await one.killed()
        await one.posted(command)

        assert one.shown("A") == 7


async def test_a_shipment_that_was_posted_by_hand_has_its_row_written_anew(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        await one.fold(desired("A", 2, north=7))
        await one.at_rest()
        command = one.ordered("A", 3)
        [entity_id] = one.orders.orders
        goods = [LineQuantity("1", 3 * UNIT)]
        await one.orders.ship(entity_id, reference="", lines=goods, source_code="north", tracks=(), notify=False)
        by_hand = one.orders.orders[entity_id].shipments
        by_hand[0] = msgspec.structs.replace(by_hand[0], reference=None)
        await one.ship(command)
        await one.posted(command)
        await one.at_rest(passing=1)

        assert (one.made, one.shown("A"), quantities(one)) == (1, 7, [10, 7, 7])


# ── no end in sight ──────────────────────────────────────────────────────────────────────────────


async def test_a_refused_shipment_counts_no_longer(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        command = one.ordered("A", 3)
        one.orders.orders.clear()
        await one.ship(command)
        await one.fold(desired("A", 2, north=7))
        await one.posted(command)
        await one.at_rest(passing=1)

        assert (one.state(command), one.shown("A"), one.row("A").unposted) == ("DEAD", 7, ())


async def test_a_shipment_that_is_not_posted_for_a_day_counts_no_longer_and_is_told(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        await stocked(one)
        one.orders.read_failures.extend([AWAY] * 5000)
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.fold(desired("A", 2, north=7))
        await one.at_rest(passing=1)
        assert one.shown("A") == 10

        one.after(DAY_S)
        await one.until(lambda: one.shown("A") == 7, passing=1)

        [alert] = one.alerts
        assert (alert.kind, alert.sku, alert.source_code, alert.quantity) == ("HOLD_EXPIRED", "A", "north", 3 * UNIT)
        one.orders.read_failures.clear()
        await one.posted(command, passing=30)
        await passed(one, REST_S + 5)
        await one.at_rest(passing=1)
        assert (one.made, one.shown("A")) == (1, 7)


async def test_goods_of_a_source_that_the_lane_does_not_have_are_posted_all_the_same(tmp_path: Path) -> None:
    async with posting(tmp_path) as one:
        one.shop.rows[StockPair("north", "A")] = SourceItem("A", "north", to_decimal(5 * UNIT), in_stock=True)
        command = one.ordered("A", 3)
        await one.ship(command)
        await one.posted(command)

        assert (one.state(command), one.made) == ("APPLIED", 1)
        await turns()
