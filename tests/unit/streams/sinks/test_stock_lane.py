"""Snapshots become rows, rows become calls: exact, newest only, accounted for, and stopped where they must be."""

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.core.errors import TargetUnavailableError
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import RowState
from streams.domain.reasons import DeadReason
from streams.runtime import outbox
from streams.runtime.metrics import OLDEST_UNAPPLIED, PENDING
from tests.fakes.stock_target import Failure
from tests.unit.streams.sinks.lane import EPOCH, GENERATION, Lane, Settings, desired, lane, turns

pytestmark = pytest.mark.anyio
DOWN = TargetUnavailableError("connection refused")


# ── from the snapshot to the shop ────────────────────────────────────────────────────────────────


async def test_a_snapshot_is_shown_exactly_and_told_of(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 3, north=190.7, south=0))
        await one.at_rest()

        assert (one.shown("A"), one.shown("A", "south")) == (190.7, 0)
        assert one.row("A").state is RowState.CLEAN
        assert one.row("A").acked_version == (EPOCH, 3)
        assert one.counts == {"applied": 2, "superseded": 4}
        told = {outcome.part: outcome for outcome in one.outcomes}
        assert (told["north"].value, told["south"].value) == ("190.7 in stock", "0 out of stock")
        assert {(outcome.entity, outcome.state, outcome.records) for outcome in one.outcomes} == {("A", "APPLIED", 3)}
        assert one.rows.open_intents() == []


async def test_rows_that_did_not_fit_into_memory_are_shown_as_well(tmp_path: Path) -> None:
    skus = "ABCDEFGH"
    async with lane(tmp_path, rows_in_memory=2) as one:
        await one.fold(*(desired(sku, 1, north=number, south=1) for number, sku in enumerate(skus, 1)))
        assert one.at.index.pending == 2 * len(skus)
        await one.until(lambda: one.at.index.pending == 0)

        assert [one.shown(sku) for sku in skus] == list(range(1, 9))
        assert {one.row(sku, "south").state for sku in skus} == {RowState.CLEAN}


async def test_a_lane_that_is_opened_again_has_one_call_at_a_time(tmp_path: Path) -> None:
    async with lane(tmp_path, size=BatchSize(1, 1)) as one:
        await one.lane.opened(GENERATION)
        one.shop.free.clear()
        await one.fold(*(desired(sku, 1, north=1) for sku in "ABCD"))
        await one.until(lambda: one.shop.in_flight > 0)
        await turns(50)
        one.shop.free.set()
        await one.at_rest()

        assert one.shop.most_in_flight == 1
        assert [one.shown(sku) for sku in "ABCD"] == [1] * 4


async def test_the_intent_is_in_the_log_before_the_call_leaves_and_gone_with_its_outcome(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.shop.calls)

        [intent] = one.rows.open_intents()
        assert intent.pairs == (("north", "A"),)
        assert one.counts == {}
        one.shop.free.set()
        await one.at_rest()
        assert one.rows.open_intents() == []


async def test_changes_that_come_while_a_call_is_under_way_share_the_next_one(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        await one.fold(desired("A", 1, north=1))
        await one.until(lambda: one.shop.calls)
        for counter in range(2, 10):
            await one.fold(desired("A", counter, north=counter))

        one.shop.free.set()
        await one.at_rest()

        assert one.sent == [[("A", 1)], [("A", 9)]]
        assert one.shop.most_in_flight == 1
        assert one.counts == {"applied": 2, "superseded": 7}


async def test_a_value_that_the_shop_shows_already_needs_no_call(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()

        await one.fold(desired("A", 2, north=5))
        await one.at_rest()

        assert len(one.sent) == 1
        assert one.row("A").acked_version == (EPOCH, 2)
        assert one.counts == {"applied": 2}


async def test_changes_wait_for_others_within_their_window(tmp_path: Path) -> None:
    async with lane(tmp_path, window_s=1) as one:
        await one.fold(desired("A", 1, north=9), desired("B", 1, north=9))
        one.after(0.9)
        await one.fold(desired("A", 2, north=8))
        await turns(20)
        assert one.sent == []

        one.after(0.1)
        await one.at_rest()

        assert one.sent == [[("A", 8), ("B", 9)]]


async def test_an_older_snapshot_never_replaces_a_newer_one(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 5, north=5))
        await one.at_rest()

        await one.fold(desired("A", 4, north=99))
        await one.fold(desired("A", 9, epoch=EPOCH - 1, north=98))
        await one.at_rest()

        assert one.shown("A") == 5
        assert one.row("A").version == (EPOCH, 5)


async def test_a_redelivered_batch_changes_nothing_and_is_not_sent_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        batch = [desired("A", 1, north=1), desired("A", 2, north=2)]
        await one.fold(*batch)
        await one.at_rest()
        counts = one.counts

        await one.fold(*batch, is_new=False)
        await one.at_rest()

        assert (one.counts, one.sent) == (counts, [[("A", 2)]])


async def test_a_snapshot_that_was_not_kept_before_a_kill_is_kept_when_it_comes_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 1, north=1), is_new=False)
        await one.at_rest()

        assert one.shown("A") == 1


async def test_a_dead_row_is_not_revived_by_a_redelivery_but_by_a_retry(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"A"}
        await one.fold(desired("A", 1, north=1))
        await one.at_rest()
        one.shop.refused_skus = set()

        await one.fold(desired("A", 1, north=1), is_new=False)
        await one.at_rest()
        assert (one.row("A").state, one.shown("A")) == (RowState.DEAD, None)
        await one.fold(desired("A", 1, north=1))
        await one.at_rest()

        assert (one.row("A").state, one.shown("A")) == (RowState.CLEAN, 1)
        assert one.counts == {"applied": 1}


async def test_what_is_gone_goes_first(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 1, north=9), desired("B", 1, north=9))
        await one.at_rest()
        one.mode = "paused"
        one.at.index.size = one.at.index.size.limited(1)
        await one.fold(desired("A", 2, north=8), desired("B", 2, north=0))

        one.mode = "run"
        await one.at_rest(passing=1)

        assert one.sent[1:] == [[("B", 0)], [("A", 8)]]


# ── groups of sources ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stocks", "side_by_side"),
    [({"north": (1,), "south": (1, 2)}, 1), ({"north": (1,), "south": (2,)}, 2)],
    ids=["one stock", "two stocks"],
)
async def test_only_sources_that_share_no_stock_are_written_side_by_side(
    tmp_path: Path, stocks: dict[str, tuple[int, ...]], side_by_side: int
) -> None:
    async with lane(tmp_path, stocks=stocks) as one:
        one.shop.free.clear()
        one.at.index.size = one.at.index.size.limited(1)
        await one.fold(desired("A", 1, north=1, south=1))
        await one.until(lambda: one.shop.in_flight == side_by_side)
        await turns(50)

        one.shop.free.set()
        await one.at_rest()

        assert one.shop.most_in_flight == side_by_side
        assert (one.shown("A"), one.shown("A", "south")) == (1, 1)


# ── paused ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_paused_sink_keeps_rows_until_it_runs(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="paused") as one:
        await one.fold(desired("A", 1, north=1), desired("A", 2, north=2))
        for _ in range(10):
            one.after(60)
            await turns()
        assert (one.sent, one.at.index.pending) == ([], 1)

        one.mode = "run"
        await one.lane.reindex()
        await one.at_rest()

        assert one.sent == [[("A", 2)]]


async def test_a_lane_that_is_not_open_is_not_indexed(tmp_path: Path) -> None:
    closed = Lane(tmp_path, Settings())

    await closed.lane.reindex()

    assert (closed.lane.is_open, closed.at.index.grouping) == (False, 0)
    await closed.close()


# ── an outage ────────────────────────────────────────────────────────────────────────────────────


async def test_an_outage_costs_a_few_tries_and_one_write_a_row_and_nothing_is_dead(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.extend([Failure(DOWN)] * 6)
        for counter in range(1, 31):
            await one.fold(desired("A", counter, north=counter), desired("B", counter, south=counter))
            one.after(0.5)
            await turns()
        await one.at_rest(passing=1)

        assert len(one.sent) == 7
        assert (one.shown("A"), one.shown("B", "south")) == (30, 30)
        assert one.letters == []
        assert one.counts == {"applied": 2, "superseded": 58}


async def test_before_the_shop_answers_for_the_first_time_nothing_is_written(tmp_path: Path) -> None:
    one = Lane(tmp_path, Settings())
    one.shop.read_failures.extend([DOWN, DOWN])
    await one.open()
    await one.fold(desired("A", 1, north=1))
    await turns(50)
    assert (one.sent, one.lane._learned) == ([], False)

    await one.at_rest(passing=0.5)

    assert one.sent == [[("A", 1)]]
    await one.close()


# ── closed, lost, taken over ─────────────────────────────────────────────────────────────────────


async def test_a_lane_that_closes_lets_the_call_under_way_end(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        await one.fold(desired("A", 1, north=1))
        await one.until(lambda: one.shop.in_flight)
        one.shop.free.set()

        assert await one.lane.close(timedelta(seconds=5)) == 0

        assert one.row("A").state is RowState.CLEAN
        assert one.rows.open_intents() == []
        assert not one.lane.is_open


async def test_a_lane_that_went_elsewhere_no_longer_tells_of_what_waits(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="paused") as one:
        await one.fold(desired("A", 1, north=1))
        one.clock.after(30)
        one.lane.measure()
        assert PENDING.labels("commerce")._value.get() == 1
        assert OLDEST_UNAPPLIED.labels("stock")._value.get() > 30

        await one.lane.close(timedelta(0))

        assert (PENDING.labels("commerce")._value.get(), OLDEST_UNAPPLIED.labels("stock")._value.get()) == (0, 0)


async def test_a_call_that_does_not_end_in_time_leaves_its_intent_open(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        await one.fold(desired("A", 1, north=1))
        await one.until(lambda: one.shop.in_flight)

        assert await one.lane.close(timedelta(0)) == 1

        assert [intent.pairs for intent in one.rows.open_intents()] == [(("north", "A"),)]
        assert one.faults == []


async def test_the_next_worker_looks_before_it_writes_what_may_be_under_way(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        await one.fold(desired("A", 1, north=1), desired("B", 1, south=1))
        await one.until(lambda: one.shop.in_flight)
        await one.fold(desired("A", 2, north=2))
        await one.killed()
        one.shop.free.set()
        await one.until(lambda: one.lane._learned)
        for _ in range(10):
            one.after(5)
            await turns()
        assert len(one.sent) == 1

        await one.at_rest(passing=5)

        assert one.sent[1:] == [[("A", 2), ("B", 1)]]
        assert (one.shown("A"), one.shown("B", "south")) == (2, 1)


async def test_dirty_rows_of_the_last_worker_go_out(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="paused") as one:
        await one.fold(desired("A", 1, north=1), desired("B", 1, south=2))
        one.mode = "run"

        await one.killed()
        await one.at_rest()

        assert (one.shown("A"), one.shown("B", "south")) == (1, 2)


async def test_without_the_lease_nothing_is_written_and_with_it_again_everything_goes_on(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.mode = "paused"
        await one.fold(desired("A", 1, north=1))
        one.broker.has_lease = False
        one.mode = "run"
        for _ in range(20):
            one.after(1)
            await turns()
        assert (one.sent, one.faults) == ([], [])

        one.broker.has_lease = True
        await one.at_rest(passing=1)

        assert one.sent == [[("A", 1)]]


async def test_a_lease_that_is_lost_while_the_answer_is_kept_is_looked_up_when_it_is_back(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.free.clear()
        await one.fold(desired("A", 1, north=1))
        await one.until(lambda: one.shop.in_flight)
        one.broker.has_lease = False
        one.shop.free.set()
        await one.until(lambda: one.shop.in_flight == 0)
        await turns(50)
        one.broker.has_lease = True

        await one.at_rest(passing=5)

        assert len(one.sent) == 1, "the shop shows it: it is not written again"
        assert one.counts == {"applied": 1}


async def test_a_lane_that_is_closed_while_it_waits_for_the_lease_ends(tmp_path: Path) -> None:
    async with lane(tmp_path, mode="paused") as one:
        await one.fold(desired("A", 1, north=1))
        one.broker.has_lease = False
        one.mode = "run"
        one.after(1)
        await turns(50)

        assert await one.lane.close(timedelta(0)) == 1
        assert (one.sent, one.faults) == ([], [])


async def test_a_fault_of_the_program_ends_the_process(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.broker.fails_at = one.broker.writes + 2  # the first keeps the snapshot, the second is the intent
        await one.fold(desired("A", 1, north=1))
        await one.until(lambda: one.faults)

        assert "the broker is away" in repr(one.faults[0])
        assert one.sent == []


# ── what is told ─────────────────────────────────────────────────────────────────────────────────


async def test_an_outcome_that_was_not_told_before_a_kill_is_kept_with_the_row(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.broker.fails_at = one.broker.writes + 4  # snapshot, intent, rows with their outbox, then the outcomes
        await one.fold(desired("A", 1, north=1))
        await one.until(lambda: one.faults)
        assert (one.row("A").state, one.outcomes) == (RowState.CLEAN, [])

        sent = await outbox.resend(one.rows.table, one.broker.writer, 0, generation=GENERATION)

        assert (sent, [outcome.state for outcome in one.outcomes]) == (1, ["APPLIED"])


async def test_an_outcome_that_was_told_is_forgotten_with_the_next_write(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        for counter in range(1, 5):
            await one.fold(desired("A", counter, north=counter))
            await one.at_rest()

        assert len(outbox.waiting(one.rows.table.store(0))) == len(one.at.sent) == 1
        assert len(one.outcomes) == len({outcome.command_id for outcome in one.outcomes}) == 4


async def test_an_outcome_names_the_record_that_led_to_it_and_what_was_shown_before(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()
        one.shop.refused_skus = {"A"}
        await one.fold(desired("A", 2, north=4))
        await one.at_rest()

        dead = one.outcomes[-1]
        assert (dead.state, dead.reason) == ("DEAD", DeadReason.REJECTED)
        assert (dead.previous, dead.value, dead.records) == ("5 in stock", "4 in stock", 1)
        assert dead.cause == desired("A", 2, north=4).sources[0].cause
