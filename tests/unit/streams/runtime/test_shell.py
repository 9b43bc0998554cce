"""Where partitions start, and when: what a table says counts once it is recovered, and a gap is never skipped."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from connectors.core.errors import LeaseLostError
from schemas.models.operations import OperatorControl
from streams.runtime.health import Health
from streams.runtime.lease import Lease
from streams.runtime.shell import ChangelogGapError, Shell
from streams.runtime.writer import Record
from tests.fakes.still_clock import StillClock
from tests.unit.streams.tables import open_table

STOCK, TABLE = "stock", "ledger"
ZERO, ONE = TP(STOCK, 0), TP(STOCK, 1)
BOTH = frozenset({0, 1})
GENERATION = 3


@dataclass
class Broker:
    """Stands for the broker behind the writer; refuses as often as it is told."""

    refusals: int = 0
    appended: int = 0

    async def append(self, topic: str, partition: int, records: Sequence[Record], *, generation: int) -> int:
        if self.refusals:
            self.refusals -= 1
            raise LeaseLostError("no heartbeat was answered")
        self.appended += 1
        return self.appended

    async def send(self, topic: str, records: Iterable[Record], *, generation: int) -> None: ...


@dataclass
class Part:
    """A flow that notes when it may begin."""

    table: str = TABLE
    opened_for: list[int] = field(default_factory=list)

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        self.opened_for.append(generation)

    async def quiesce(self, generation: int) -> None: ...

    def closed(self, partitions: frozenset[int]) -> None: ...


@dataclass
class Orders:
    """What operators ordered."""

    orders: dict[str, OperatorControl] = field(default_factory=dict)

    def accept(self, topic: str, partition: int, upto: int) -> None:
        key = f"gap/{topic}/{partition}"
        self.orders[key] = OperatorControl(key=key, state="accepted", value=str(upto), actor="me", at=0)


class Cluster:
    """Every topic exists, and has its first id."""

    def topic_ids(self, names: Iterable[str]) -> Mapping[str, str]:
        return dict.fromkeys(names, "first")


class World:
    """A shell that was assigned two partitions of one topic; their table is not recovered yet."""

    def __init__(self, folder: Path) -> None:
        self.clock = StillClock(runs_freely=True)
        self.broker, self.orders, self.part = Broker(), Orders(), Part()
        self.lease, self.health = Lease(self.clock, timedelta(seconds=10)), Health(self.clock)
        writer: Any = self.broker  # Any: doubles of real parts, here and below
        parts: dict[str, Any] = {"writer": writer, "cluster": Cluster(), "orders": self.orders}
        self.table = open_table(folder, writer, name=TABLE, partitions=sorted(BOTH))
        self.shell = Shell(clock=self.clock, lease=self.lease, health=self.health, **parts)
        self.shell.tables, self.shell.inputs, self.shell.parts = {TABLE: self.table}, {STOCK: TABLE}, [self.part]
        self.paused: frozenset[TP] = frozenset()
        self.shell.pause = lambda tps: setattr(self, "paused", tps)
        asyncio.run(self.shell.assigned(frozenset({ZERO, ONE}), GENERATION))

    def recover(self, upto: Mapping[int, int]) -> None:
        """The tables say up to where the topic is accounted for."""
        asyncio.run(self.shell.opened(TABLE, BOTH))
        for partition, offset in upto.items():
            asyncio.run(self.table.commit(partition, (), generation=GENERATION, upto={STOCK: offset}))

    def starts(self, committed: Mapping[TP, int | None], earliest: int = 0) -> Mapping[TP, int]:
        return asyncio.run(self.shell.starts(committed, dict.fromkeys(committed, earliest)))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_before_a_table_is_recovered_it_says_nothing_and_the_worker_is_not_ready(world: World) -> None:
    found = world.starts({ZERO: 50, ONE: 60}, earliest=40)

    assert found == {}
    assert world.shell.gaps == {}
    assert not world.health.is_working


def test_once_recovered_the_table_is_believed_more_than_the_commit(world: World) -> None:
    world.recover({0: 50, 1: 40})

    assert world.starts({ZERO: 50, ONE: 60}) == {ZERO: 50, ONE: 40}
    assert world.health.is_working


def test_a_new_assignment_makes_the_table_silent_again(world: World) -> None:
    world.recover({0: 50, 1: 60})
    assert world.starts({ZERO: 50})

    asyncio.run(world.shell.assigned(frozenset({ZERO, ONE}), GENERATION + 1))

    assert world.starts({ZERO: 50}) == {}


def test_it_says_what_is_open_here_and_how_far_it_is_accounted_for(world: World) -> None:
    assert not world.shell.is_open(STOCK, 0)

    world.recover({0: 50})

    assert world.shell.is_open(STOCK, 0)
    assert not world.shell.is_open(STOCK, 7)
    assert not world.shell.is_open("orders.event.v1", 0)
    assert world.shell.accounted(STOCK, 0) == 50
    assert world.shell.generation() == GENERATION


def test_a_gap_pauses_its_partition_alone_until_a_person_accepts_it(world: World) -> None:
    world.recover({0: 50, 1: 70})

    found = world.starts({ZERO: 50, ONE: 70}, earliest=60)

    assert found == {ONE: 70}
    assert world.paused == {ZERO}
    assert not world.health.is_ready
    (trouble,) = world.health.troubles
    assert "stock[0]: offsets 50 to 59 left the log before they were read" in trouble.what
    assert "go on with `commerce-streams gaps accept stock 0`" in trouble.what
    world.orders.accept(STOCK, 0, 60)
    assert world.starts({ZERO: 50, ONE: 70}, earliest=60) == {ZERO: 60, ONE: 70}
    assert world.paused == frozenset()
    assert world.health.is_ready


def test_opening_goes_on_when_the_lease_comes_back_within_its_generation(world: World) -> None:
    world.broker.refusals = 2

    world.recover({})

    assert world.part.opened_for == [GENERATION]
    assert world.broker.appended == len(BOTH)


def test_opening_is_left_to_the_next_assignment_when_the_generation_is_over(world: World) -> None:
    world.broker.refusals = 10**6
    sleep = world.clock.sleep

    async def rebalance(delay: timedelta) -> None:
        await sleep(delay)
        world.lease.lost()

    world.clock.sleep = rebalance  # type: ignore[method-assign]  # while it waits, a rebalance begins
    world.recover({})

    assert world.part.opened_for == []


def test_a_changelog_gap_is_refused_until_a_person_accepts_it(world: World) -> None:
    log = TP(world.table.changelog, 1)

    with pytest.raises(ChangelogGapError, match=f"commerce-streams gaps accept {world.table.changelog} 1"):
        world.shell.changelog_gap(log, 5, 9)
    world.orders.accept(log.topic, 1, 8)
    with pytest.raises(ChangelogGapError):
        world.shell.changelog_gap(log, 5, 9)

    world.orders.accept(log.topic, 1, 9)
    world.shell.changelog_gap(log, 5, 9)


def test_what_is_left_behind_can_be_read_afterwards(world: World) -> None:
    world.shell.stopped({ZERO: (41, 2.5)})

    assert world.shell.left == {ZERO: (41, 2.5)}


def test_the_time_since_the_last_poll_is_measured(world: World) -> None:
    world.shell.polled()
    world.clock.after(7)

    assert world.shell.since_poll == timedelta(seconds=7)
