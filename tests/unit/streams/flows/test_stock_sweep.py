"""What time alone makes wrong is told, and undone by a record that the flow reads like any other."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.domain.stock_overdue import FORGOTTEN_AFTER
from streams.flows import stock_keys
from streams.topics import ALERT, HOLD, RECOUNT
from tests.unit.streams.domain.ledger import T0, UNIT, hold_record
from tests.unit.streams.flows.test_stock import full, record, working
from tests.unit.streams.flows.wire import hold_bytes
from tests.unit.streams.flows.worker import GENERATION, PARTITION, Worker

pytestmark = pytest.mark.anyio
DAY = 24 * 3600
EVERY_S = 600


async def sweep(one: Worker) -> None:
    await one.sweep.sweep(PARTITION, GENERATION)


def kept_holds(one: Worker) -> int:
    return len(list(one.table.store(PARTITION).scan(stock_keys.HOLD)))


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time


# ── sources that nobody counts ───────────────────────────────────────────────────────────────────


async def test_a_source_that_waits_too_long_for_a_count_is_told_of_and_a_count_asked_for(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(record(1, 5), record(2, 5), first=0)
        one.clock.after(DAY)
        await sweep(one)
        assert (one.alerts, one.recounts) == ([], [])

        one.clock.after(1)
        await sweep(one)

        [alert], [request] = one.alerts, one.recounts
        assert (alert.kind, alert.sku, alert.source_code) == ("NO_BASE", "A", "W1")
        assert alert.detail.startswith("2 changes at W1")
        assert (request.reason, request.sku, request.location_code) == ("NO_BASE", "A", None)


async def test_it_is_told_once_by_a_process_and_with_the_same_ids_by_the_next(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(record(1, 5), first=0)
        one.clock.after(DAY + 1)
        await sweep(one)
        await sweep(one)
        assert len(one.alerts) == 1

        await one.killed()
        await sweep(one)

        assert len(one.alerts) == len(one.recounts) == 2
        assert len({alert.alert_id for alert in one.alerts}) == 1
        assert len({request.request_id for request in one.recounts}) == 1


async def test_a_source_that_was_counted_is_not_told_of(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(record(1, 5), full(2, 50), first=0)
        one.clock.after(9 * DAY)

        await sweep(one)

        assert one.alerts == []


# ── shipments that nobody posts ──────────────────────────────────────────────────────────────────


async def test_a_shipment_that_is_not_posted_in_time_is_lifted_by_a_record(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), first=0)
        await one.take(hold_bytes(hold_record(3)), first=0, topic=HOLD.name)
        one.clock.after(DAY + 1)

        await sweep(one)

        [lifted], [alert] = one.holds, one.alerts
        assert (lifted.revision, lifted.quantity, lifted.effective_at) == (2, 0, T0 + (DAY + 1) * UNIT)
        assert (alert.kind, alert.source_code) == ("HOLD_EXPIRED", "W1")
        assert [topic for topic, _ in one.broker.batches][-2:] == [ALERT.name, HOLD.name], "the alert comes first"
        await one.take(hold_bytes(lifted), first=1, topic=HOLD.name)
        assert [snapshot.sources[0].quantity / UNIT for snapshot in one.snapshots] == [10, 13, 10]
        await sweep(one)
        assert len(one.holds) == 1


async def test_a_hold_that_is_swept_twice_before_it_is_read_is_lifted_once(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), first=0)
        await one.take(hold_bytes(hold_record(3)), first=0, topic=HOLD.name)
        one.clock.after(DAY + 1)
        await sweep(one)
        await sweep(one)

        await one.take(*map(hold_bytes, one.holds), first=1, topic=HOLD.name)

        assert one.snapshots[-1].sources[0].quantity == 10 * UNIT
        assert one.counts[f"{HOLD.name}/ignored"] == 1
        assert len({alert.alert_id for alert in one.alerts}) == 1


async def test_a_lifted_hold_is_forgotten_after_a_week(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), first=0)
        await one.take(hold_bytes(hold_record(3)), hold_bytes(hold_record(0, revision=2)), first=0, topic=HOLD.name)
        await one.take(hold_bytes(hold_record(3, hold_id="open", kind="ALLOCATION")), first=2, topic=HOLD.name)
        one.clock.after(FORGOTTEN_AFTER / UNIT)
        await sweep(one)
        assert kept_holds(one) == 2

        one.clock.after(1)
        await sweep(one)

        assert kept_holds(one) == 1
        assert one.holds == []


# ── time after time ──────────────────────────────────────────────────────────────────────────────


async def _running(one: Worker, story: Callable[[], object]) -> None:
    task = asyncio.ensure_future(one.sweep.run(GENERATION))
    await turns()
    try:
        for _ in range(2):
            story()
            one.clock.after(EVERY_S)
            await turns()
        assert not task.done()
    finally:
        task.cancel()


async def test_it_looks_again_and_again(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(record(1, 5), first=0)
        one.clock.after(DAY - EVERY_S)

        await _running(one, lambda: None)

        assert len(one.alerts) == 1


@pytest.mark.parametrize("trouble", ["lease", "broker"])
async def test_what_cannot_be_told_now_is_told_the_next_time(tmp_path: Path, trouble: str) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), first=0)
        await one.take(hold_bytes(hold_record(3)), first=0, topic=HOLD.name)
        one.clock.after(DAY)
        tries = iter([False, True])

        def story() -> None:
            one.broker.has_lease = next(tries) or trouble != "lease"
            if trouble == "broker" and not one.broker.fails_at:
                one.broker.fails_at = one.broker.writes + 1

        await _running(one, story)

        assert {hold.quantity for hold in one.holds} == {0}  # again, where another topic alone had not taken it


async def test_an_alert_of_a_source_that_could_not_be_sent_is_sent_the_next_time(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(record(1, 5), first=0)
        one.clock.after(DAY)
        tries = iter([False, True])

        def story() -> None:
            one.broker.has_lease = next(tries)

        await _running(one, story)

        assert [topic for topic, _ in one.broker.batches][-2:] == [ALERT.name, RECOUNT.name]
