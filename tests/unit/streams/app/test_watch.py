"""A worker that no longer polls, or that its group no longer answers, ends itself; one that waits does not."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest

from streams.app.watch import STANDS_STILL_AFTER, STUCK_AFTER, Watch
from streams.runtime.health import Health
from streams.runtime.metrics import (
    ACCOUNTED,
    CERTIFICATE_ENDS,
    DISK_FREE,
    DISK_SIZE,
    EVENTS_PARKED,
    EVENTS_PARKED_LEFT,
    IN_FLIGHT_RECORDS,
    LAG,
    LETTERS_OPEN,
    LOOP_LAG,
    OLDEST_LETTER,
    OLDEST_UNACKNOWLEDGED,
    ORDERS_DOUBLED,
    ORDERS_FAILING,
    ORDERS_HELD,
    ORDERS_HELD_OLDEST,
    ORDERS_WAITING,
    ORDERS_WAITING_OLDEST,
    STORE_BYTES,
    UNACCOUNTED,
)
from streams.web.accounting import Balance
from streams.web.letter_index import Depth
from streams.web.order_facts import OrderSums
from tests.fakes.still_clock import StillClock

SECOND = timedelta(seconds=1)
NOW = 2_000_000_000_000_000


@dataclass
class World:
    """A worker as the watch sees it; ages are what it says next."""

    clock: StillClock = field(default_factory=StillClock)
    polled: timedelta = SECOND
    heard: timedelta = SECOND
    reachable: bool = True
    crash: BaseException | None = None
    taken_up: int = 0
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)
    behind: dict[tuple[str, int], int] = field(default_factory=lambda: {("watched", 0): 7})
    oldest: dict[tuple[str, int], float] = field(default_factory=lambda: {("watched", 0): 2.5})
    sizes: dict[str, int] = field(default_factory=lambda: {"watched": 42})
    orders: OrderSums | None = None
    letters: dict[tuple[str, str], Depth] | None = None
    parts: dict[str, Balance] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    ended: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.health = Health(self.clock)

    def crashed(self) -> BaseException | None:
        return self.crash

    def since_poll(self) -> timedelta:
        return self.polled

    async def take_up_left(self) -> None:
        self.taken_up += 1

    def heartbeat_age(self) -> timedelta:
        return self.heard

    def broker_answers(self) -> bool:
        return self.reachable

    def lags(self) -> Mapping[tuple[str, int], int]:
        return self.behind

    def oldest_unacknowledged(self) -> Mapping[tuple[str, int], float]:
        return self.oldest

    def accounted(self) -> Mapping[tuple[str, str], int]:
        return self.outcomes

    def balances(self) -> Mapping[str, Balance]:
        return self.parts

    def letters_open(self) -> Mapping[tuple[str, str], Depth] | None:
        return self.letters

    def disk(self) -> tuple[int, int]:
        return 300, 1000

    def certificate_ends(self) -> Mapping[str, float]:
        return self.ends

    def order_sums(self) -> OrderSums | None:
        return self.orders

    def now(self) -> int:
        return NOW

    def store_sizes(self) -> Mapping[str, int]:
        return self.sizes

    def _has_looked(self, times: int) -> bool:
        return self.taken_up >= times

    def looks(self, times: int = 1, *, late_s: float = 0) -> list[BaseException]:
        """The watch runs for so many seconds; what it ended the process with."""

        async def run() -> None:
            watching = asyncio.ensure_future(Watch(self, self.clock, self.ended.append).run())
            for number in range(self.taken_up + 1, self.taken_up + times + 1):
                await _turns(lambda: len(self.clock._sleepers) == 1)
                self.clock.after(1 + late_s)
                await _turns(partial(self._has_looked, number))
            await _turns(lambda: len(self.clock._sleepers) == 1)
            watching.cancel()

        asyncio.run(run())
        self.clock._sleepers.clear()
        return self.ended


async def _turns(done: Callable[[], bool]) -> None:
    """Until it is so; the broker is asked in a thread, which takes a moment of real time."""
    async with asyncio.timeout(10):
        while not done():
            await _a_moment()


async def _a_moment() -> None:
    await asyncio.to_thread(lambda: None)


@pytest.fixture
def world() -> World:
    return World()


def test_a_worker_that_polls_and_is_answered_is_left_alone(world: World) -> None:
    assert world.looks(3) == []
    assert world.taken_up == 3
    assert world.health.troubles == ()


def test_a_worker_that_no_longer_polls_ends(world: World) -> None:
    world.polled = STANDS_STILL_AFTER
    assert world.looks() == []

    world.polled = STANDS_STILL_AFTER + SECOND
    (error,) = world.looks()

    assert "nothing was fetched for 61 s" in str(error)


def test_a_part_that_crashed_ends_the_worker_with_its_reason(world: World) -> None:
    world.crash = KeyError("recovery")

    assert world.looks() == [world.crash]


def test_a_group_that_does_not_answer_while_the_brokers_do_makes_unready_and_then_ends_the_worker(world: World) -> None:
    world.heard = STANDS_STILL_AFTER
    assert world.looks() == []
    (trouble,) = world.health.troubles
    assert trouble.blocks
    assert trouble.what == "the brokers answer, but not to this worker's group"

    world.heard = STUCK_AFTER + SECOND
    (error,) = world.looks()

    assert "not to this worker's group" in str(error)


def test_brokers_that_are_away_make_unready_and_never_end_the_worker(world: World) -> None:
    world.heard, world.reachable = STUCK_AFTER * 100, False

    assert world.looks(3) == []
    (trouble,) = world.health.troubles
    assert trouble.blocks
    assert trouble.what.startswith("no broker answers")


def test_the_trouble_is_over_once_the_group_answers(world: World) -> None:
    world.heard = STANDS_STILL_AFTER
    world.looks()
    world.heard = SECOND

    world.looks()

    assert world.health.troubles == ()


def test_what_it_sees_are_measures(world: World) -> None:
    world.outcomes = {("watched", "applied"): 5}

    world.looks(late_s=0.5)

    assert ACCOUNTED.labels("watched", "applied")._value.get() == 5
    assert LAG.labels("watched", "0")._value.get() == 7
    assert OLDEST_UNACKNOWLEDGED.labels("watched", "0")._value.get() == 2.5
    assert STORE_BYTES.labels("watched")._value.get() == 42
    assert LOOP_LAG._value.get() == pytest.approx(0.5)


def test_what_is_finished_or_went_elsewhere_no_longer_stands_in_the_measures(world: World) -> None:
    world.outcomes = {("watched", "applied"): 5}
    watch = Watch(world, world.clock, world.ended.append)
    watch._measure()

    world.outcomes, world.behind, world.oldest, world.sizes = {}, {}, {}, {}
    watch._measure()

    assert ACCOUNTED.labels("watched", "applied")._value.get() == 0
    assert LAG.labels("watched", "0")._value.get() == 0
    assert OLDEST_UNACKNOWLEDGED.labels("watched", "0")._value.get() == 0
    assert STORE_BYTES.labels("watched")._value.get() == 0


def test_this_workers_part_of_the_sums_is_measured(world: World) -> None:
    world.parts = {"watched": Balance(-3, 40)}

    world.looks()

    assert UNACCOUNTED.labels("watched")._value.get() == -3
    assert IN_FLIGHT_RECORDS.labels("watched")._value.get() == 40


def test_the_disk_and_the_certificates_are_measured(world: World) -> None:
    world.ends = {"STREAMS_KAFKA__SSL_CAFILE": 1_800_000_000.0}

    world.looks()

    assert (DISK_FREE._value.get(), DISK_SIZE._value.get()) == (300, 1000)
    assert CERTIFICATE_ENDS.labels("STREAMS_KAFKA__SSL_CAFILE")._value.get() == 1_800_000_000.0


def test_open_letters_are_measured_by_reason_and_the_oldest_of_a_topic_until_they_are_worked(world: World) -> None:
    world.letters = {
        ("watched", "bad-sku"): Depth(2, NOW - 90_000_000),
        ("watched", "wrong-key"): Depth(1, NOW - 10_000_000),
    }
    watch = Watch(world, world.clock, world.ended.append)
    watch._measure()
    assert LETTERS_OPEN.labels("watched", "bad-sku")._value.get() == 2
    assert OLDEST_LETTER.labels("watched")._value.get() == 90

    world.letters = None
    watch._measure()
    assert LETTERS_OPEN.labels("watched", "bad-sku")._value.get() == 2

    world.letters = {}
    watch._measure()
    assert LETTERS_OPEN.labels("watched", "bad-sku")._value.get() == 0
    assert OLDEST_LETTER.labels("watched")._value.get() == 0


SUMS = OrderSums(
    as_of=NOW - 1,
    held=3,
    reasons={"check-failed": 3, "credit": 1},
    oldest_by_reason={"check-failed": NOW - 90_000_000, "credit": NOW - 5_000_000},
    waiting={"erp": 7},
    oldest_waiting_at={"erp": NOW - 600_000_000},
    doubled={"erp": 1},
    failing={"erp": 4},
    parked={"SHIPPED": 2},
    oldest_parked_until={"SHIPPED": NOW + 60_000_000},
)


def test_what_waits_of_orders_is_measured_by_reason_role_and_kind_and_by_no_order(world: World) -> None:
    world.orders = SUMS
    Watch(world, world.clock, world.ended.append)._measure()

    assert ORDERS_HELD.labels("check-failed")._value.get() == 3
    assert ORDERS_HELD_OLDEST.labels("check-failed")._value.get() == 90
    assert ORDERS_WAITING.labels("erp")._value.get() == 7
    assert ORDERS_WAITING_OLDEST.labels("erp")._value.get() == 600
    assert ORDERS_DOUBLED.labels("erp")._value.get() == 1
    assert ORDERS_FAILING.labels("erp")._value.get() == 4
    assert (EVENTS_PARKED.labels("SHIPPED")._value.get(), EVENTS_PARKED_LEFT.labels("SHIPPED")._value.get()) == (2, 60)


def test_what_no_longer_waits_of_orders_is_measured_as_none(world: World) -> None:
    world.orders = SUMS
    watch = Watch(world, world.clock, world.ended.append)
    watch._measure()
    world.orders = OrderSums(as_of=NOW)
    watch._measure()

    gauges = (
        ORDERS_HELD.labels("credit"),
        ORDERS_FAILING.labels("erp"),
        ORDERS_WAITING_OLDEST.labels("erp"),
        EVENTS_PARKED.labels("SHIPPED"),
    )
    assert {gauge._value.get() for gauge in gauges} == {0}


def test_before_the_first_look_orders_are_not_measured_as_none(world: World) -> None:
    ORDERS_HELD.labels("not-looked-yet").set(5)
    world.orders = OrderSums()
    Watch(world, world.clock, world.ended.append)._measure()

    assert ORDERS_HELD.labels("not-looked-yet")._value.get() == 5
