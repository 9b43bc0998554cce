"""The clock of the tests keeps time as the real one would."""

import asyncio
from datetime import UTC, timedelta

from connectors.core.clock import Clock
from tests.fakes.clock import FakeClock


def test_time_stands_still_until_it_is_moved() -> None:
    clock: Clock = (fake := FakeClock())
    now, monotonic = clock.now(), clock.monotonic()

    fake.advance(timedelta(seconds=1.5))

    assert clock.now() - now == timedelta(seconds=1.5)
    assert clock.monotonic() - monotonic == 1.5
    assert clock.now().tzinfo is UTC


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    async def story() -> list[str]:
        clock, woken = FakeClock(), list[str]()

        async def sleeper(name: str, seconds: int) -> None:
            await clock.sleep(timedelta(seconds=seconds))
            woken.append(name)

        tasks = [
            asyncio.create_task(sleeper(name, seconds)) for name, seconds in (("late", 9), ("soon", 1), ("mid", 5))
        ]
        await asyncio.wait(tasks, timeout=0.01)
        assert woken == []
        clock.advance(timedelta(seconds=5))
        await asyncio.wait(tasks[1:])
        assert woken == ["soon", "mid"]
        clock.advance(timedelta(seconds=4))
        await asyncio.gather(*tasks)
        return woken

    assert asyncio.run(story()) == ["soon", "mid", "late"]


def test_a_clock_that_runs_freely_never_waits_and_remembers() -> None:
    clock = FakeClock(runs_freely=True)
    before = clock.now()

    asyncio.run(clock.sleep(timedelta(hours=1)))

    assert clock.now() - before == timedelta(hours=1)
    assert clock.slept == [timedelta(hours=1)]


def test_no_sleep_lets_others_run_and_returns() -> None:
    async def story() -> None:
        async with asyncio.timeout(5):
            await FakeClock().sleep(timedelta())

    asyncio.run(story())


def test_a_jump_of_the_wall_clock_leaves_the_monotonic_one() -> None:
    clock = FakeClock()
    now, monotonic = clock.now(), clock.monotonic()

    clock.jump(timedelta(hours=-1))

    assert clock.now() - now == timedelta(hours=-1)
    assert clock.monotonic() == monotonic


def test_nonces_differ_and_have_32_hexadecimal_characters() -> None:
    clock = FakeClock()

    nonces = {clock.nonce() for _ in range(10)}

    assert len(nonces) == 10
    assert all(len(nonce) == 32 and int(nonce, 16) for nonce in nonces)
