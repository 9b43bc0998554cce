"""The comparison of the shop with what it acknowledged: all that differs, and nothing else."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from connectors.core.errors import RateLimitedError, TargetUnavailableError, UnauthorizedError
from schemas.models.source_item import StockPair
from streams.domain.drift import Verdict
from streams.domain.governor import Limits
from streams.domain.reconciliation import ReconcileRules, RunState, Scope
from streams.runtime.metrics import DRIFT_ITEMS, RECONCILED
from tests.unit.streams.sinks.lane import desired, lane
from tests.unit.streams.sinks.reconciling import SKUS, compare, edit, ended, find, remove, settled, start, told

pytestmark = pytest.mark.anyio
REPAIRABLE = (Verdict.MISSING, Verdict.STALE, Verdict.FOREIGN_EDIT)


async def test_a_shop_that_shows_what_it_acknowledged_has_no_drift(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)

        run = await compare(at)

        assert (run.state, run.found, run.compared, run.listed) == (RunState.DONE, 0, 120, 120)
        assert run.looks[Verdict.AGREES] == run.expected == 120


async def test_drift_of_every_kind_is_found_and_named(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at, units=10)
        await settled(at, units=10)
        at.shop.page_size = 7
        planted = {
            (Verdict.MISSING, remove(at, SKUS[3])),
            (Verdict.MISSING, remove(at, SKUS[-1], "south")),
            (Verdict.FOREIGN_EDIT, edit(at, SKUS[0], 11)),
            (Verdict.FOREIGN_EDIT, edit(at, SKUS[20], 10, in_stock=False)),
            (Verdict.FOREIGN_EDIT, edit(at, SKUS[21], -3)),
            (Verdict.ORPHAN, edit(at, "STRANGER", 1, "south")),
        }

        run = await compare(at)

        assert told(run) == planted
        assert run.looks[Verdict.AGREES] == 120 - 5
        assert not any(one.is_repaired for one in run.drift)
        assert DRIFT_ITEMS.labels("full", "missing")._value.get() == 2


async def test_a_lost_write_is_stale_and_not_somebody_elses(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at, "A", units=10)
        await at.fold(desired("A", 2, north=7, south=10))
        await at.at_rest()
        pair = edit(at, "A", 10)

        run = await compare(at)

        assert told(run) == {(Verdict.STALE, pair)}


async def test_sources_that_are_not_ours_are_not_looked_at(tmp_path: Path) -> None:
    async with lane(tmp_path, stocks={"north": (1,), "south": (1,), "dropship": (2,)}) as at:
        await settled(at)
        edit(at, "THEIRS", 5, "dropship")

        assert (await compare(at)).found == 0


async def test_what_is_found_is_repaired_by_the_lanes_own_calls_and_audited(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        wrong, gone, stranger = edit(at, SKUS[1], 99), remove(at, SKUS[2]), edit(at, "STRANGER", 1)
        before = len(at.shop.calls)

        run = await compare(at, repair=REPAIRABLE)
        await at.at_rest()

        assert {one.pair for one in run.drift if one.is_repaired} == {wrong, gone}
        assert run.repaired == {Verdict.FOREIGN_EDIT: 1, Verdict.MISSING: 1, Verdict.ORPHAN: 0}
        assert (at.shown(SKUS[1]), at.shown(SKUS[2]), at.shown("STRANGER")) == (10, 10, 1)
        assert {item.pair for call in at.shop.calls[before:] for item in call} == {wrong, gone}
        assert {(one.entity, one.before, one.after, one.actor) for one in at.audits} == {
            (SKUS[1], "north: 99 in stock", "north: 10 in stock", "ann"),
            (SKUS[2], "north: not there", "north: 10 in stock", "ann"),
        }
        again = await compare(at, run="again")
        assert told(again) == {(Verdict.ORPHAN, stranger)}
        assert at.counts == {"applied": 60 * 2}


async def test_the_settings_say_what_is_repaired_where_nobody_says_otherwise(tmp_path: Path) -> None:
    rules = ReconcileRules(repair=frozenset({Verdict.MISSING}))
    async with lane(tmp_path, reconcile=rules) as at:
        await settled(at)
        edit(at, SKUS[1], 99)
        gone = remove(at, SKUS[2])

        run = await compare(at)

        assert [one.pair for one in run.drift if one.is_repaired] == [gone]
        assert run.found == 2


async def test_a_row_that_changes_while_the_shop_is_read_is_no_drift(tmp_path: Path) -> None:
    """Every read sees the shop before the lane's newest write, as a page that was on its way does."""
    async with lane(tmp_path) as at:
        await settled(at)
        at.shop.free.clear()  # a call is under way from now on
        await at.fold(*(desired(sku, 2, north=4, south=10) for sku in SKUS[:20]))
        await at.until(lambda: at.shop.in_flight)
        start(at)
        await at.until(lambda: (run := find(at)) and run.listed == 120, passing=1)
        found = find(at)
        assert found is not None
        assert found.state is RunState.RUNNING
        assert not found.drift

        at.shop.free.set()

        run = await ended(at)
        assert (run.found, run.looks[Verdict.AGREES]) == (0, 120)


async def test_a_row_that_never_comes_to_rest_is_told_as_such(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.mode = "paused"
        await at.fold(desired(SKUS[0], 2, north=4, south=10))
        edit(at, SKUS[0], 77)

        run = await compare(at)

        assert (run.state, run.found, run.looks[Verdict.UNSETTLED]) == (RunState.DONE, 0, 1)


async def test_a_row_that_never_comes_to_rest_is_looked_at_while_pages_are_read(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.shop.free.clear()  # a call is under way all the time
        await at.fold(desired(SKUS[0], 2, north=4, south=10))
        await at.until(lambda: at.shop.in_flight)
        at.gate.limit(Limits(calls_per_s=1.001))
        at.shop.page_size = 5
        start(at)
        await at.until(lambda: (run := find(at)) and run.listed == 120, passing=1)
        read = at.clock.monotonic()

        run = await ended(at)

        assert (run.found, run.looks[Verdict.UNSETTLED]) == (0, 1)
        assert at.clock.monotonic() - read < 5
        at.shop.free.set()


async def test_a_row_with_a_letter_is_not_told_twice(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.remember(SKUS[0], 2)
        at.shop.refused_skus.add(SKUS[0])
        await at.fold(desired(SKUS[0], 2, north=4, south=10))
        await at.until(lambda: at.letters)
        await at.at_rest()

        run = await compare(at)

        assert (run.found, run.looks[Verdict.SET_ASIDE]) == (0, 1)


async def test_a_row_that_is_new_at_the_shop_while_pages_are_read_is_no_orphan(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.shop.free.clear()
        await at.fold(desired("NEW", 1, north=4, south=10))
        await at.until(lambda: at.shop.in_flight)
        edit(at, "NEW", 4)  # the shop has it, its answer has not come yet
        start(at)
        await at.until(lambda: (run := find(at)) and run.listed == 121, passing=1)
        at.shop.free.set()

        assert (await ended(at)).found == 0


async def test_a_window_looks_at_what_was_written_lately(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at, "OLD")
        at.after(1000)
        await settled(at, "NEW")
        edit(at, "OLD", 1)
        new = edit(at, "NEW", 1)

        run = await compare(at, Scope.WINDOW, window_s=300)

        assert told(run) == {(Verdict.FOREIGN_EDIT, new)}
        assert run.compared == 2


async def test_a_shop_without_a_list_is_asked_row_by_row(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.shop.lists_source_items = False
        planted = {(Verdict.MISSING, remove(at, SKUS[2])), (Verdict.FOREIGN_EDIT, edit(at, SKUS[9], 1, "south"))}

        run = await compare(at)

        assert told(run) == planted
        assert run.compared == 120


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────


async def test_during_an_outage_nothing_is_begun(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        for _ in range(3):
            at.gate.failed(TargetUnavailableError("maintenance"))

        start(at)

        run = find(at)
        assert run is not None
        assert (run.state, run.calls, run.looks.total()) == (RunState.REFUSED, 0, 0)
        assert "maintenance" in run.why
        assert "ask again" in run.why


async def test_in_shadow_mode_there_is_nothing_to_compare(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="shadow") as at:
        start(at)

        run = find(at)
        assert run is not None
        assert run.state is RunState.REFUSED
        assert "shadow" in run.why


async def test_one_run_at_a_time(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        start(at, run="first")
        start(at, run="second")

        second = await ended(at, "second")

        assert second.state is RunState.REFUSED
        assert (await ended(at, "first")).state is RunState.DONE


async def test_a_hiccup_of_the_shop_is_waited_out(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        pair = edit(at, SKUS[5], 1)
        at.shop.read_failures.extend([TargetUnavailableError("502"), RateLimitedError("429", retry_after=None), None])

        run = await compare(at)

        assert (run.state, told(run)) == (RunState.DONE, {(Verdict.FOREIGN_EDIT, pair)})


@pytest.mark.parametrize("error", [TargetUnavailableError("gone"), UnauthorizedError("no")])
async def test_a_shop_that_goes_away_ends_the_run_and_says_so(tmp_path: Path, error: Exception) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        edit(at, SKUS[5], 1)
        at.shop.read_failures.extend([error] * 50)  # type: ignore[list-item]

        run = await compare(at, repair=REPAIRABLE)

        assert (run.state, run.found) == (RunState.FAILED, 0)
        assert str(error) in run.why
        assert at.shown(SKUS[5]) == 1


async def test_a_run_ends_with_the_lane(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.mode = "paused"
        await at.fold(desired(SKUS[0], 2, north=4, south=10))  # never at rest: the run waits for it
        start(at)
        await at.until(lambda: (run := find(at)) and run.listed == 120, passing=1)

        await at.lane.close(timedelta(seconds=1))

        run = find(at)
        assert run is not None
        assert (run.state, run.found) == (RunState.STOPPED, 0)


# ── by itself ────────────────────────────────────────────────────────────────────────────────────


async def test_windows_and_the_daily_run_come_by_themselves(tmp_path: Path) -> None:
    rules = ReconcileRules(every=timedelta(seconds=300), full_at=time(2, 30))
    async with lane(tmp_path, reconcile=rules) as at:
        await settled(at)

        def scopes() -> list[Scope]:
            return [run.request.scope for run in at.lane.reconciliation.runs if run.state is RunState.DONE]

        await at.until(lambda: len(scopes()) == 3, passing=30)
        await at.until(lambda: Scope.FULL in scopes(), passing=300)

        full = at.lane.reconciliation.last(Scope.FULL)
        assert full is not None
        assert full.request.by == "timer"
        assert full.compared == 120
        assert RECONCILED.labels("full")._value.get() == full.ended_at / 1_000_000


async def test_a_window_that_was_refused_comes_again_soon_and_reaches_back_to_the_last_one(tmp_path: Path) -> None:
    rules = ReconcileRules(every=timedelta(seconds=300))
    async with lane(tmp_path, reconcile=rules) as at:
        await settled(at)
        at.gate.failed(UnauthorizedError("key"))
        began = at.clock.micros()
        for _ in range(12):
            at.after(30)
            await at.until(lambda: True)
        assert not at.lane.reconciliation.runs

        at.gate.succeeded()
        await at.until(lambda: at.lane.reconciliation.last(Scope.WINDOW), passing=5)

        run = at.lane.reconciliation.last(Scope.WINDOW)
        assert run is not None
        assert run.started_at - int(run.request.window_s * 1_000_000) <= began
        assert run.compared == 120


async def test_paced_calls_leave_the_turn_to_rows_that_are_due_and_still_come_to_their_end(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        at.gate.limit(Limits(calls_per_s=2))
        at.mode = "paused"
        await at.fold(desired(SKUS[0], 2, north=4, south=10))  # due all the time
        edit(at, SKUS[1], 1)
        began = at.clock.monotonic()

        run = await compare(at)

        assert told(run) == {(Verdict.FOREIGN_EDIT, StockPair("north", SKUS[1]))}
        assert at.clock.monotonic() - began > 10
