"""Flows and sinks as the shell drives them: batches in, acknowledged in order, closed before the partition goes."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from schemas import projection
from schemas.catalogue import DESIRED_STOCK
from schemas.codec import frame
from schemas.models.desired_stock import DesiredStock
from streams.app.parts import LanePart, StockPart
from streams.flows.record_reader import RecordReader
from streams.runtime.guard import Guard
from streams.topics import DESIRED, HOLD, RECORD_BYTES, STOCK_CHANGE
from tests.unit.streams.domain.ledger import T0, UNIT, hold_record
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.test_stock import full, record, working
from tests.unit.streams.flows.wire import FOREIGN_ID, IDS, hold_bytes
from tests.unit.streams.flows.worker import GENERATION, PARTITION, Worker
from tests.unit.streams.sinks.lane import Lane, desired, lane, turns

pytestmark = pytest.mark.anyio
_DESIRED = projection.encoder(DESIRED_STOCK)
WITHIN_S = 20.0


@dataclass
class Message:
    """What is asked of a Faust message."""

    topic: str
    partition: int
    offset: int
    generation_id: int = GENERATION
    tracked: bool = True

    @property
    def tp(self) -> TP:
        return TP(self.topic, self.partition)


class Batch:
    """A Faust event: one fetched batch of one partition."""

    def __init__(self, partition: int, value: Sequence[Raw]) -> None:
        self.message, self.value = Message(value[0].topic, partition, value[-1].offset), value
        self.acked = False

    def ack(self) -> None:
        self.acked = True


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await turns()


# ── the lane ─────────────────────────────────────────────────────────────────────────────────────


def framed(snapshot: DesiredStock) -> bytes:
    return frame(IDS[DESIRED.name], _DESIRED(snapshot))


def batch(*values: bytes | None, first: int = 0, key: bytes = b"A") -> Batch:
    return Batch(0, [Raw(DESIRED.name, offset, key, value) for offset, value in enumerate(values, first)])


def lane_part(one: Lane) -> LanePart:
    reader = RecordReader(one.serde, {DESIRED.name: Guard(DESIRED.name, lambda *_: None)}, RECORD_BYTES)
    return LanePart(one.lane, one.rows, reader, one.at.letters, one.faults.append)


async def test_snapshots_that_can_be_read_are_folded_and_the_others_are_set_aside(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        part = lane_part(one)
        read, other_key = framed(desired("A", 1, north=5)), framed(desired("B", 1, north=6))
        event = batch(
            read, b"", other_key, frame(12_345, b""), frame(FOREIGN_ID, b""), framed(desired("A", 2, north=7))
        )

        await part.pool.submit(event)
        await until(lambda: event.acked)
        await one.at_rest()

        assert one.shown("A") == 7
        assert [(letter["offset"], letter["reason"]) for letter in one.letters] == [
            ("1", "not-framed"),
            ("2", "wrong-key"),
            ("3", "unknown-schema"),
            ("4", "wrong-record"),
        ]


async def test_a_batch_that_comes_again_revives_no_dead_row(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        part = lane_part(one)
        one.shop.refused_skus = {"A"}
        for _ in range(2):
            event = batch(framed(desired("A", 1, north=5)))
            await part.pool.submit(event)
            await until(lambda event=event: event.acked)  # type: ignore[misc]  # bound now, for the wait is over in time
            await one.at_rest()

        assert len(one.sent) == 1


async def test_the_lane_is_opened_with_its_partition_only(tmp_path: Path) -> None:
    one = Lane(tmp_path)
    part = lane_part(one)

    open_after = []
    await part.opened(frozenset({4}), GENERATION)
    open_after.append(one.lane.is_open)
    await part.opened(frozenset({0, 4}), GENERATION)
    open_after.append(one.lane.is_open)
    await part.quiesce(GENERATION)
    part.closed(frozenset({0}))
    open_after.append(one.lane.is_open)

    assert open_after == [False, True, False]
    await one.close()


async def test_a_stop_waits_longer_for_calls_under_way_than_a_rebalance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lane(tmp_path) as one:
        part = lane_part(one)
        waits: list[timedelta] = []
        close = one.lane.close

        async def noted(within: timedelta) -> int:
            waits.append(within)
            return await close(timedelta(0))

        monkeypatch.setattr(one.lane, "close", noted)
        await part.quiesce(1)
        part.stopping = True
        await part.quiesce(2)

        assert waits == [timedelta(seconds=5), timedelta(seconds=25)]


# ── the flow ─────────────────────────────────────────────────────────────────────────────────────


def stock_part(one: Worker, faults: list[BaseException], *, paused: Collection[str] = ()) -> StockPart:
    return StockPart(one.flow, [one.sweep], faults.append, is_paused=lambda topic: topic in paused)


async def taken(part: StockPart, *values: bytes, first: int, topic: str = STOCK_CHANGE.name) -> None:
    event = Batch(PARTITION, [Raw(topic, offset, b"A", one, T0 // 1000) for offset, one in enumerate(values, first)])
    await part.pool.submit(event)
    await until(lambda: event.acked)


async def test_batches_of_the_inputs_go_into_the_ledger(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        part = stock_part(one, [])

        await taken(part, full(1, 10), record(2, -3, at=1), first=0)
        await taken(part, hold_bytes(hold_record(2)), first=0, topic=HOLD.name)

        assert [snapshot.sources[0].quantity / UNIT for snapshot in one.snapshots] == [7, 9]


async def test_a_batch_that_was_fetched_before_its_topic_was_paused_is_left_to_come_again(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        part = stock_part(one, [], paused={STOCK_CHANGE.name})
        event = Batch(PARTITION, [Raw(STOCK_CHANGE.name, 0, b"A", full(1, 10), T0 // 1000)])

        await part.pool.submit(event)
        await until(lambda: not event.message.tracked)

        assert (event.acked, one.broker.batches, part.pool.left.events) == (False, [], 1)


async def test_the_sweep_runs_while_partitions_are_open(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        part = stock_part(one, [])
        await taken(part, record(1, 5), first=0)
        one.clock.after(24 * 3600)
        await part.opened(frozenset({PARTITION}), GENERATION)
        await part.opened(frozenset({PARTITION}), GENERATION + 1)
        await until(lambda: one.clock._sleepers)

        one.clock.after(600)
        await until(lambda: one.alerts)
        await part.quiesce(GENERATION + 1)
        part.closed(frozenset({PARTITION}))

        assert [alert.kind for alert in one.alerts] == ["NO_BASE"]
        assert part._sweeping == []


async def test_a_fault_of_the_sweep_ends_the_process(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        faults: list[BaseException] = []
        part = stock_part(one, faults)
        await taken(part, full(1, 5), first=0)
        one.sweep._limits = _Broken()  # type: ignore[assignment]  # nothing of it can be read

        await part.opened(frozenset({PARTITION}), GENERATION)
        await until(lambda: faults)

        assert isinstance(faults[0], ZeroDivisionError)
        await part.quiesce(GENERATION)


class _Broken:
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever is asked for
        raise ZeroDivisionError(name)
