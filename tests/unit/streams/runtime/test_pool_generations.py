"""The end of a generation of the pool: what has started is waited for, nothing else gets in, and nothing is lost."""

import asyncio
from datetime import timedelta

import pytest

from connectors.core.errors import LeaseLostError
from streams.runtime.pool import LeftError
from tests.unit.streams.runtime.pool_bench import TURNS, Bench, Event, played, turns


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
