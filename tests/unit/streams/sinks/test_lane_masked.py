"""A failure without a reason: is it the row, or the shop?  And whatever was thought of a row, it gets another try."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from connectors.core.errors import MaskedFailureError, RejectedPayloadError, TargetUnavailableError, UnknownOutcomeError
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.breaker import BreakerState
from streams.domain.governor import Limits
from streams.domain.lane_rows import RowState
from streams.sinks.lane_calls import Item
from streams.sinks.lane_probe import LaneProbe
from tests.fakes.stock_target import Failure
from tests.unit.streams.sinks.lane import Lane, desired, lane, turns

pytestmark = pytest.mark.anyio
MASKED = MaskedFailureError("answered 500: Internal Error", status=500)
TEN_MINUTES = 600


class Flaky:
    """Answers a share of all writes with a masked failure, or every write of some SKUs."""

    def __init__(self, one: Lane, share: float = 0, *, seed: int = 1) -> None:
        self.share, self._random, self._take = share, Random(seed), one.shop._write
        one.shop._write = self._write  # type: ignore[method-assign]  # it calls what it stands for

    def _write(self, items: Sequence[SourceItem]) -> None:
        if self._random.random() < self.share:
            raise MASKED
        self._take(items)


async def soon(one: Lane, condition: Callable[[], object], seconds: int = 5) -> None:
    """It comes true in so many seconds of the lane's time."""
    for _ in range(seconds * 10):
        one.after(0.1)
        await turns()
    assert condition()


async def park(one: Lane, sku: str = "A") -> None:
    """The shop shows another row, and refuses this one alone."""
    await one.fold(desired("B", 1, north=1))
    await one.at_rest()
    one.shop.masked_skus = {sku}
    await one.fold(desired(sku, 1, north=5))
    await one.until(lambda: one.row(sku).state is RowState.PARKED, passing=0.1)


# ── the row, or the shop ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
async def test_after_an_outage_in_which_few_calls_passed_every_row_is_shown(tmp_path: Path, share: float) -> None:
    async with lane(tmp_path) as one:
        flaky = Flaky(one, share)
        skus = [f"SKU{number}" for number in range(40)]
        for round_ in range(1, 4):
            await one.fold(*(desired(sku, round_, north=round_) for sku in skus))
            for _ in range(100):
                one.after(0.5)
                await turns(8)
        flaky.share = 0

        await one.until(lambda: all(one.row(sku).state is RowState.CLEAN for sku in skus), passing=5)

        assert {one.shown(sku) for sku in skus} == {3}
        assert sum(one.counts.values()) == 3 * len(skus)
        assert set(one.counts) <= {"applied", "superseded"}


async def test_a_row_that_passes_right_after_another_one_is_not_parked(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        one.shop.failures.extend([Failure(MASKED)] * 3)
        await one.fold(desired("A", 1, north=5))
        await one.at_rest(passing=0.1)

        assert one.sent[1:] == [[("A", 5)]] * 3 + [[("B", 1)], [("A", 5)]]
        assert (one.row("A").state, one.counts) == (RowState.CLEAN, {"applied": 2})


async def test_a_row_that_fails_while_another_one_fails_too_stays_dirty(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        one.shop.failures.extend([Failure(MASKED)] * 4)
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: not one.shop.failures, passing=0.1)
        await turns(20)

        assert (one.row("A").state, one.gate.breaker.failures) == (RowState.DIRTY, 1)
        await one.at_rest(passing=0.5)
        assert (one.row("A").state, one.counts) == (RowState.CLEAN, {"applied": 2})


async def test_a_shop_that_is_down_is_asked_with_few_calls(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        Flaky(one, 1)
        await one.fold(*(desired(sku, 1, north=5) for sku in "ABCDEFGH"))
        await one.until(lambda: one.gate.breaker.state is BreakerState.OPEN, passing=0.1)
        calls = len(one.sent)
        for _ in range(200):
            one.after(0.5)
            await turns()

        assert len(one.sent) - calls < 35, "no row is tried three times at once"


async def test_each_row_gets_tries_of_its_own_before_it_is_called_bad(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.masked_skus = {"C"}
        await one.fold(*(desired(sku, 1, north=5) for sku in "ABCD"))
        await one.until(lambda: one.row("C").state is RowState.PARKED, passing=0.1)

        assert sum(call == [("C", 5)] for call in one.sent) == 5, "three tries, and one after each probe"
        last = [call for call in one.sent if call != [("D", 5)]][-4:]
        assert last == [[("B", 5)], [("C", 5)]] * 2


async def test_the_row_that_shows_that_the_shop_works_is_neither_counted_nor_told_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await park(one)

        assert one.counts == {"applied": 1, "parked": 1}
        assert [(outcome.entity, outcome.state) for outcome in one.outcomes] == [("B", "APPLIED"), ("A", "PARKED")]
        assert one.rows.open_intents() == []


async def test_a_row_that_changed_meanwhile_shows_its_newest_value_when_it_is_the_probe(tmp_path: Path) -> None:
    async with lane(tmp_path, window_s=60) as one:
        await one.fold(desired("B", 1, north=9))
        await one.at_rest(passing=60)
        one.shop.masked_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: len(one.sent) == 2, passing=20)
        await one.fold(desired("B", 2, north=8))

        await one.until(lambda: one.row("A").state is RowState.PARKED, passing=0.2)
        await one.at_rest()  # no time passes: the window of B stays open

        assert (one.shown("B"), one.row("B").state) == (8, RowState.CLEAN)
        assert one.counts == {"applied": 2, "parked": 1}


async def test_a_probe_without_an_answer_is_frozen_and_looked_up_as_any_row(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        one.shop.failures.extend([*[Failure(MASKED)] * 3, Failure(UnknownOutcomeError("no answer"))])
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.readback_open, passing=0.1)
        assert [intent.pairs for intent in one.rows.open_intents()] == [(("north", "B"),)]
        await one.fold(desired("B", 2, north=2))
        for _ in range(50):
            one.after(1)
            await turns()
        assert not [call for call in one.sent if ("B", 2) in call]

        await one.at_rest(passing=5)

        assert (one.shown("A"), one.shown("B")) == (5, 2)
        assert one.counts == {"applied": 3}


async def test_a_row_that_is_refused_with_a_reason_after_all_is_dead(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        refused = RejectedPayloadError("no", status=400)
        one.shop.failures.extend([*[Failure(MASKED)] * 3, None, Failure(refused)])
        await one.fold(desired("A", 1, north=5))
        await one.at_rest(passing=0.1)

        assert (one.row("A").state, one.counts, len(one.letters)) == (RowState.DEAD, {"applied": 1, "dead": 1}, 1)


async def test_a_version_that_comes_while_the_last_one_fails_is_tried_and_not_parked(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        one.shop.failures.extend([*[Failure(MASKED)] * 3, None, Failure(MASKED), None, Failure(MASKED)])
        take = one.shop._write

        def before_the_last(items: list[SourceItem]) -> None:
            take(items)
            if len(one.shop.failures) == 1:
                one.shop.free.clear()

        one.shop._write = before_the_last  # type: ignore[assignment,method-assign]  # the same form, and it calls it
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.shop.in_flight and not one.shop.free.is_set(), passing=0.1)
        assert one.sent[-1] == [("A", 5)]
        await one.fold(desired("A", 2, north=0))
        one.shop.free.set()
        await one.at_rest(passing=0.1)

        assert (one.shown("A"), one.row("A").state) == (0, RowState.CLEAN)
        assert "PARKED" not in [outcome.state for outcome in one.outcomes]


@pytest.mark.parametrize("trouble", ["frozen", "dead"])
async def test_a_row_that_may_not_be_written_now_is_not_written_to_compare(tmp_path: Path, trouble: str) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        lost, refused = UnknownOutcomeError("no answer"), RejectedPayloadError("no", status=400)
        one.shop.failures.append(Failure(lost if trouble == "frozen" else refused))
        await one.fold(desired("B", 2, north=2))
        await one.until(lambda: one.readback_open or one.row("B").state is RowState.DEAD)
        one.shop.masked_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.until(one.at.index.put_off, passing=0.1)

        assert {sku for call in one.sent[2:] for sku, _units in call} == {"A"}
        assert (one.row("A").state, one.row("A").parks) == (RowState.DIRTY, 0)


# ── one row a call ───────────────────────────────────────────────────────────────────────────────


async def test_one_bad_row_does_not_hold_up_a_shop_that_takes_single_rows(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.at.index.size = one.at.index.size.limited(1)
        one.shop.masked_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.sent)
        await one.fold(*(desired(sku, 1, north=5) for sku in "BCDEF"))
        await one.until(lambda: all(one.row(sku).state is RowState.CLEAN for sku in "BCDEF"), passing=0.5)
        await one.until(lambda: one.row("A").state is RowState.PARKED, passing=0.5)

        assert one.gate.breaker.state is BreakerState.CLOSED


async def test_without_a_row_to_compare_with_the_row_waits_and_others_go_first(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.masked_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.gate.breaker.failures, passing=0.1)
        assert one.row("A").state is RowState.DIRTY
        calls = len(one.sent)
        await one.fold(desired("B", 1, north=1))
        for _ in range(15):
            one.after(0.2)
            await turns()

        assert one.sent[calls:] == [[("B", 1)]]


async def test_a_bad_row_is_found_also_where_calls_are_paced(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.gate.limit(Limits(calls_per_s=2))
        one.shop.masked_skus = {"C"}
        await one.fold(*(desired(sku, 1, north=5) for sku in "ABCD"))
        await one.until(lambda: one.row("C").state is RowState.PARKED, passing=0.1)

        await one.at_rest(passing=0.1)
        assert one.counts == {"applied": 3, "parked": 1}


# ── another try ──────────────────────────────────────────────────────────────────────────────────


async def test_a_parked_row_gets_another_try_after_ten_minutes_and_then_after_twenty(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await park(one)
        calls = len(one.sent)
        for _ in range(TEN_MINUTES // 5 - 1):
            one.after(5)
            await turns()
        assert len(one.sent) == calls
        await one.until(lambda: len(one.sent) > calls, passing=5)
        await one.until(lambda: one.row("A").parks == 2, passing=0.5)
        assert one.counts == {"applied": 1, "parked": 1}
        one.shop.masked_skus = set()
        one.after(TEN_MINUTES)
        await turns(20)
        assert one.row("A").state is RowState.PARKED

        await one.until(lambda: one.row("A").state is RowState.CLEAN, passing=60)

        assert (one.shown("A"), one.counts) == (5, {"applied": 2})


async def test_parked_rows_get_another_try_when_the_shop_is_back(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await park(one)
        one.shop.masked_skus = set()
        one.shop.failures.extend([Failure(TargetUnavailableError("refused"))] * 3)
        await one.fold(desired("C", 1, north=1))
        await one.until(lambda: one.gate.breaker.state is BreakerState.OPEN, passing=0.5)
        assert one.row("A").state is RowState.PARKED

        await soon(one, lambda: one.row("A").state is RowState.CLEAN, 20)


async def test_rows_that_were_put_off_go_out_when_the_shop_is_back(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        flaky = Flaky(one, 1)
        await one.fold(desired("A", 1, north=5))
        for _ in range(900):
            one.after(1)
            await turns()
        calls = len(one.sent)
        await one.until(lambda: len(one.sent) > calls, passing=1)
        assert one.at.index.put_off() == [("north", "A")]
        flaky.share = 0
        await one.fold(desired("B", 1, north=1))
        await one.until(lambda: one.shown("B"), passing=1)

        await soon(one, lambda: one.shown("A") == 5)


async def test_parked_rows_get_another_try_when_the_lane_opens(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await park(one)
        one.shop.masked_skus = set()

        await one.killed()
        await soon(one, lambda: one.row("A").state is RowState.CLEAN)

        assert (one.shown("A"), one.counts) == (5, {"applied": 2})


async def test_parked_rows_get_another_try_when_an_operator_sets_the_sink_running(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await park(one)
        one.shop.masked_skus = set()

        await one.lane.reindex()

        await soon(one, lambda: one.row("A").state is RowState.CLEAN)


async def test_a_new_version_of_a_parked_row_ends_its_waiting(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await park(one)
        one.shop.masked_skus = set()
        assert one.at.index.parked(every=True) == [("north", "A")]

        await one.fold(desired("A", 2, north=4))
        await one.at_rest()

        assert (one.shown("A"), one.at.index.parked(every=True)) == (4, [])


async def test_after_sources_were_grouped_anew_no_row_of_another_group_is_written_to_compare(tmp_path: Path) -> None:
    async with lane(tmp_path, stocks={"north": (1,), "south": (2,)}) as one:
        await one.fold(desired("B", 1, north=1))
        await one.at_rest()
        [taken], probe = one.rows.entries(["B"])["B"].rows, LaneProbe(one.at)
        probe.taken([Item("B", taken)])
        failing = StockPair("south", "A")
        groups = one.at.index.groups
        one.at.index.regroup({"north": groups["south"], "south": groups["north"]}, [])

        assert await probe.claim(failing, ()) is None
        one.at.index.regroup(dict.fromkeys(groups, groups["north"]), [])
        assert await probe.claim(failing, ()) == Item("B", taken)
