"""The keyed pool: one in flight per key, acknowledged in offset order, and nothing lost when a generation ends."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import LeaseLostError
from streams.runtime.pool import KeyedPool, LeftError

TURNS = 30
"""So many turns of the loop are enough for everything that can go on to go on."""


class Partition(NamedTuple):
    topic: str
    partition: int


@dataclass(eq=False)
class Message:
    """What the pool needs of a Faust message."""

    tp: Partition
    offset: int
    generation_id: int
    tracked: bool = True


@dataclass(eq=False)
class Event:
    """What the pool needs of a Faust event."""

    message: Message
    key: str
    acked: list["Event"]

    def ack(self) -> None:
        self.acked.append(self)


@dataclass
class Bench:
    """A pool whose work ends when the test says so."""

    limit: int = 100
    quiesce_within: timedelta = timedelta(seconds=5)
    started: list[Event] = field(default_factory=list)
    acked: list[Event] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    gates: dict[Event, asyncio.Future[None]] = field(default_factory=dict)
    offsets: dict[Partition, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.pool: KeyedPool[str] = KeyedPool(
            self._work,
            key=lambda event: str(event.key),
            max_in_flight=self.limit,
            failed=self.failures.append,
            quiesce_within=self.quiesce_within,
        )

    async def _work(self, event: Event) -> None:
        self.started.append(event)
        self.gates[event] = asyncio.get_running_loop().create_future()
        await self.gates[event]

    def event(self, key: str, *, partition: int = 0, generation: int = 1) -> Event:
        tp = Partition("t", partition)
        offset = self.offsets[tp]
        self.offsets[tp] += 1
        return Event(Message(tp, offset, generation), key, self.acked)

    async def submit(self, *keys: str, generation: int = 1) -> list[Event]:
        events = [self.event(key, generation=generation) for key in keys]
        for event in events:
            await self.pool.submit(event)
        await turns()
        return events

    async def end(self, event: Event, error: BaseException | None = None) -> None:
        """The work on it is done, or fails."""
        if error is None:
            self.gates[event].set_result(None)
        else:
            self.gates[event].set_exception(error)
        await turns()

    @property
    def running(self) -> list[Event]:
        return [event for event in self.started if not self.gates[event].done()]


async def turns(number: int = TURNS) -> None:
    for _ in range(number):
        await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time


def played(scene: Callable[[Bench], Awaitable[None]], **options: Any) -> None:  # noqa: ANN401  of a bench
    """A scene with a bench of its own; what is left of it ends with its loop."""

    async def play() -> None:
        async with asyncio.timeout(20):
            await scene(Bench(**options))

    asyncio.run(play())


# ── order ────────────────────────────────────────────────────────────────────────────────────────


def test_keys_run_side_by_side_and_one_key_one_after_the_other() -> None:
    async def scene(bench: Bench) -> None:
        a1, b1, a2 = await bench.submit("a", "b", "a")
        assert bench.started == [a1, b1]

        await bench.end(a1)
        assert bench.started == [a1, b1, a2]

    played(scene)


def test_what_is_done_is_acknowledged_in_offset_order() -> None:
    async def scene(bench: Bench) -> None:
        a, b, c = await bench.submit("a", "b", "c")

        await bench.end(c)
        await bench.end(b)
        assert bench.acked == []
        await bench.end(a)
        assert bench.acked == [a, b, c]

    played(scene)


def test_partitions_do_not_wait_for_each_other() -> None:
    async def scene(bench: Bench) -> None:
        here, there = bench.event("a", partition=0), bench.event("b", partition=1)
        await bench.pool.submit(here)
        await bench.pool.submit(there)
        await turns()

        await bench.end(there)
        assert bench.acked == [there]

    played(scene)


def test_more_than_the_bound_wait_outside() -> None:
    async def scene(bench: Bench) -> None:
        first, _second = await bench.submit("a", "b")
        third = asyncio.ensure_future(bench.pool.submit(bench.event("c")))
        await turns()
        assert (third.done(), bench.pool.in_flight) == (False, 2)

        await bench.end(first)
        assert (third.done(), bench.pool.in_flight) == (True, 2)

    played(scene, limit=2)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
    st.integers(1, 6),
)
def test_every_event_is_worked_on_once_in_order_of_its_key_and_acknowledged_in_order_of_its_partition(
    given_events: list[tuple[str, int]],
    random: Any,
    limit: int,  # noqa: ANN401  a Random
) -> None:
    async def scene(bench: Bench) -> None:
        events = [bench.event(key, partition=partition) for key, partition in given_events]

        async def feed() -> None:
            for event in events:
                await bench.pool.submit(event)

        feeding = asyncio.ensure_future(feed())
        while len(bench.acked) < len(events):
            await turns()
            running = bench.running
            assert len(running) == len({event.key for event in running}) <= limit
            assert bench.pool.in_flight <= limit
            await bench.end(random.choice(running))

        await feeding
        assert sorted(map(id, bench.started)) == sorted(map(id, events))
        for key in "abcd":
            assert [one for one in bench.started if one.key == key] == [one for one in events if one.key == key]
        for partition in range(3):
            offsets = [one.message.offset for one in bench.acked if one.message.tp.partition == partition]
            assert offsets == sorted(offsets)
        assert (bench.pool.in_flight, bench.failures) == (0, [])

    played(scene, limit=limit)


# ── work that cannot go on ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("error", [LeaseLostError("over"), LeftError()])
def test_what_is_left_is_not_acknowledged_and_nobody_waits_for_it(error: Exception) -> None:
    async def scene(bench: Bench) -> None:
        a1, a2, b = await bench.submit("a", "a", "b")

        await bench.end(a1, error)
        await bench.end(b)

        assert [one.message.tracked for one in (a1, a2, b)] == [False, False, True]
        assert bench.started == [a1, b]
        assert bench.acked == [b]
        assert (bench.pool.in_flight, bench.pool.left, bench.failures) == (0, 2, [])

    played(scene)


def test_what_is_left_makes_room_for_others() -> None:
    async def scene(bench: Bench) -> None:
        (first,) = await bench.submit("a")
        waiting = asyncio.ensure_future(bench.pool.submit(bench.event("b")))
        await turns()

        await bench.end(first, LeftError())

        assert waiting.done()

    played(scene, limit=1)


def test_any_other_error_is_a_fault_and_nothing_after_it_is_acknowledged() -> None:
    async def scene(bench: Bench) -> None:
        a, b = await bench.submit("a", "b")
        error = ZeroDivisionError()

        await bench.end(a, error)
        await bench.end(b)

        assert bench.failures == [error]
        assert bench.acked == []

    played(scene)


# ── the end of a generation ──────────────────────────────────────────────────────────────────────


def test_quiescing_waits_for_what_has_started_and_acknowledges_it() -> None:
    async def scene(bench: Bench) -> None:
        a, b = await bench.submit("a", "b")
        quiet = asyncio.ensure_future(bench.pool.quiesce(1))
        await turns()
        assert not quiet.done()

        await bench.end(b)
        await bench.end(a)

        assert quiet.done()
        assert bench.acked == [a, b]

    played(scene)


def test_quiescing_drops_what_has_not_started() -> None:
    async def scene(bench: Bench) -> None:
        a1, a2 = await bench.submit("a", "a")
        quiet = asyncio.ensure_future(bench.pool.quiesce(1))
        await turns()

        await bench.end(a1)

        assert quiet.done()
        assert (bench.started, bench.acked, a2.message.tracked) == ([a1], [a1], False)

    played(scene)


def test_quiescing_ends_within_its_bound_and_cancels_the_rest() -> None:
    async def scene(bench: Bench) -> None:
        a, b = await bench.submit("a", "b")
        await bench.end(b)

        await bench.pool.quiesce(1)

        assert bench.gates[a].cancelled()
        assert (bench.acked, bench.pool.in_flight) == ([], 0)
        assert [one.message.tracked for one in (a, b)] == [False, False]

    played(scene, quiesce_within=timedelta(milliseconds=1))


def test_work_that_ends_after_its_generation_acknowledges_nothing() -> None:
    async def scene(bench: Bench) -> None:
        stubborn: list[asyncio.Future[None]] = []

        async def work(_event: Event) -> None:
            stubborn.append(asyncio.get_running_loop().create_future())
            try:
                await asyncio.shield(stubborn[0])
            except asyncio.CancelledError:
                return

        bench.pool._work = work
        await bench.submit("a")
        await bench.pool.quiesce(1)
        stubborn[0].set_result(None)
        await turns()

        assert bench.acked == []

    played(scene, quiesce_within=timedelta(milliseconds=1))


def test_nothing_of_a_quiesced_generation_gets_in_and_the_next_one_does() -> None:
    async def scene(bench: Bench) -> None:
        await bench.pool.quiesce(1)

        (late,) = await bench.submit("a", generation=1)
        (fresh,) = await bench.submit("a", generation=2)

        assert bench.started == [fresh]
        assert [one.message.tracked for one in (late, fresh)] == [False, True]

    played(scene)


@pytest.mark.parametrize("waiting", [1, 7])
def test_those_who_wait_to_get_in_are_let_go_when_their_generation_ends(waiting: int) -> None:
    async def scene(bench: Bench) -> None:
        (first,) = await bench.submit("a")
        events = [bench.event(f"k{number}") for number in range(waiting)]
        submits = [asyncio.ensure_future(bench.pool.submit(event)) for event in events]
        await turns()

        quiet = asyncio.ensure_future(bench.pool.quiesce(1))
        await turns()
        await bench.end(first)
        await quiet
        await turns()

        assert all(submit.done() for submit in submits)
        assert not any(event.message.tracked for event in events)
        assert bench.started == [first]

    played(scene, limit=1)


def test_the_bound_holds_anew_after_a_generation_ended() -> None:
    async def scene(bench: Bench) -> None:
        await bench.submit("a", "b")
        await bench.pool.quiesce(1)

        await bench.submit("a", "b", generation=2)
        third = asyncio.ensure_future(bench.pool.submit(bench.event("c", generation=2)))
        await turns()

        assert (third.done(), len(bench.running)) == (False, 2)
        third.cancel()

    played(scene, limit=2, quiesce_within=timedelta(milliseconds=1))


def test_the_lease_that_is_lost_while_quiescing_ends_it() -> None:
    async def scene(bench: Bench) -> None:
        (a,) = await bench.submit("a")
        quiet = asyncio.ensure_future(bench.pool.quiesce(1))
        await turns()

        await bench.end(a, LeaseLostError("over"))

        assert quiet.done()
        assert (bench.acked, a.message.tracked) == ([], False)

    played(scene)


def test_nothing_of_a_key_overtakes_what_was_left_of_it() -> None:
    async def scene(bench: Bench) -> None:
        (left,) = await bench.submit("a")
        await bench.end(left, LeftError())

        await bench.submit("a")

        assert bench.started == [left]

    played(scene)


def test_what_was_left_comes_again_and_lets_in_what_lies_behind_it() -> None:
    async def scene(bench: Bench) -> None:
        (left,) = await bench.submit("a")
        await bench.end(left, LeftError())
        await bench.submit("a")

        bench.offsets.clear()  # sought anew: the same records are delivered again
        again, behind = await bench.submit("a", "a")
        await bench.end(again)
        await bench.end(behind)

        assert bench.started == [left, again, behind]
        assert bench.acked == [again, behind]

    played(scene)


def test_what_was_left_in_a_generation_that_is_over_holds_up_nobody() -> None:
    async def scene(bench: Bench) -> None:
        (left,) = await bench.submit("a")
        await bench.end(left, LeftError())

        (later,) = await bench.submit("a", generation=2)  # another worker did what lay between

        assert bench.started == [left, later]

    played(scene)


def test_an_event_whose_key_cannot_be_read_takes_no_place() -> None:
    async def scene(bench: Bench) -> None:
        def no_key(_event: Event) -> str:
            raise KeyError("no key")

        read, bench.pool._key = bench.pool._key, no_key
        with pytest.raises(KeyError):
            await bench.pool.submit(bench.event("a"))
        bench.pool._key = read

        submitted = asyncio.ensure_future(bench.submit("b"))
        await turns(TURNS * 3)
        assert submitted.done()

    played(scene, limit=1)


@pytest.mark.parametrize("last", [2, -1])
def test_an_older_generation_stays_out_for_good(last: int) -> None:
    async def scene(bench: Bench) -> None:
        await bench.pool.quiesce(1)
        await bench.pool.quiesce(last)

        await bench.submit("a", generation=1)

        assert bench.started == []

    played(scene)
