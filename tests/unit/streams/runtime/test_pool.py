"""The keyed pool: one in flight per key, acknowledged in offset order, and nothing lost when a generation ends."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import LeaseLostError
from streams.runtime.pool import LeftError
from tests.unit.streams.runtime.pool_bench import Bench, played, turns

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
        assert (bench.pool.in_flight, bench.pool.left.events, bench.failures) == (0, 2, [])

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
