"""One list of what is wrong, that probes, pages and logs share."""

import pytest

from streams.runtime.health import Health
from tests.fakes.still_clock import StillClock


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def health(clock: StillClock) -> Health:
    return Health(clock)


def test_a_worker_is_ready_once_it_works(health: Health) -> None:
    assert not health.is_ready
    health.is_working = True
    assert health.is_ready


def test_only_troubles_that_block_make_it_unready(health: Health) -> None:
    def ready() -> bool:
        return health.is_ready

    health.is_working = True

    health.trouble("slow", "the shop answers slowly")
    assert ready()
    health.trouble("gap/t/0", "records are gone", blocks=True)
    assert not ready()
    health.over("gap/t/0")
    assert ready()


def test_a_trouble_keeps_its_beginning_and_takes_the_newest_words(health: Health, clock: StillClock) -> None:
    began = clock.micros()
    health.trouble("slow", "2 s")
    clock.after(60)

    health.trouble("slow", "9 s", blocks=True)

    assert [(one.what, one.since, one.blocks) for one in health.troubles] == [("9 s", began, True)]


def test_a_trouble_that_comes_back_begins_anew(health: Health, clock: StillClock) -> None:
    health.trouble("slow", "2 s")
    health.over("slow")
    clock.after(60)

    health.trouble("slow", "2 s")

    assert health.troubles[0].since == clock.micros()


def test_what_blocks_comes_first_and_then_the_oldest(health: Health, clock: StillClock) -> None:
    for name, blocks in (("a", False), ("b", True), ("c", False), ("d", True)):
        health.trouble(name, "x", blocks=blocks)
        clock.after(1)

    assert [one.name for one in health.troubles] == ["b", "d", "a", "c"]


def test_all_troubles_of_one_kind_can_end_at_once(health: Health) -> None:
    for name in ("gap/a/0", "gap/b/1", "intake/a"):
        health.trouble(name, "x")

    health.over_all("gap")
    health.over("never-was")

    assert [one.name for one in health.troubles] == ["intake/a"]
