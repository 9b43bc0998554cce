"""Scarce capacity: what the target permits is used and not exceeded, nobody waits for ever, cut-offs are made."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import ConnectorError
from streams.domain.cut_off import DAY_US, Urgency
from streams.domain.governor import Limits
from streams.domain.work import Manner
from tests.unit.streams.sinks.scheduling import MICROS, Scheduler, Target, Window, limited

HOUR = 3600.0


def _flooded(target: Target, limits: Limits, *, orders: int, until: float, tasks: int = 8) -> Scheduler:
    """There is always work."""
    scheduler = Scheduler(target, limits, tasks)
    for number in range(orders):
        scheduler.comes(f"o{number}", f"c{number}")
    scheduler.run(until)
    return scheduler


def _within(times: list[float], since: float, until: float) -> int:
    return sum(since <= one < until for one in times)


# ── calls a second ───────────────────────────────────────────────────────────────────────────────

WINDOWS = pytest.mark.parametrize(
    "window",
    [Window(3, 1.0), Window(4, 1.0, says_how_long=False), Window(60, 60.0), Window(90, 60.0, says_how_long=False)],
    ids=["3/s", "4/s, says nothing", "60/min", "90/min, says nothing"],
)


@WINDOWS
def test_an_unknown_rate_is_found_and_used_and_refusals_grow_rare(window: Window) -> None:
    per_s = window.calls / window.seconds
    found = _flooded(Target(window=replace(window)), Limits(at_once=8), orders=int(2.2 * HOUR * per_s), until=2 * HOUR)

    let = _within(found.target.let, HOUR, 2 * HOUR)
    assert let >= 0.95 * per_s * HOUR
    assert _within(found.target.refused, HOUR, 2 * HOUR) <= 0.01 * let


@WINDOWS
def test_a_rate_that_is_configured_is_used_and_provokes_no_refusal(window: Window) -> None:
    per_s = window.calls / window.seconds
    limits = Limits(at_once=8, calls_per_s=per_s)
    found = _flooded(Target(window=replace(window)), limits, orders=int(HOUR * per_s) + 10, until=HOUR / 2)

    assert found.target.refused == []
    assert _within(found.target.let, 60, HOUR / 2) >= 0.95 * per_s * (HOUR / 2 - 60)


def test_a_rate_that_falls_and_rises_again_is_followed() -> None:
    slow, quick = Window(1, 1.0), Window(4, 1.0)

    class Changing(Window):
        def refuses(self, now: float) -> object:  # type: ignore[override]  # as the other two
            return (slow if HOUR / 2 <= now < HOUR else quick).refuses(now)

    found = _flooded(Target(window=Changing(0, 1.0)), Limits(at_once=8), orders=40_000, until=3 * HOUR)

    assert _within(found.target.let, 0.75 * HOUR, HOUR) >= 0.95 * 1 * 0.25 * HOUR
    assert _within(found.target.let, 2.5 * HOUR, 3 * HOUR) >= 0.95 * 4 * 0.5 * HOUR


@pytest.mark.parametrize("wait", [4.0, None], ids=["says how long", "says nothing"])
def test_a_target_that_refuses_a_handful_of_calls_and_then_no_more_is_soon_used_again(wait: float | None) -> None:
    class Hiccup(Window):
        def refuses(self, now: float) -> ConnectorError | None:  # noqa: ARG002  as the other
            self._taken += 1
            return limited("rate", wait) if self._taken <= 12 and self._taken % 3 else None

    found = _flooded(Target(window=Hiccup(0, 0.0)), Limits(at_once=8), orders=8_000, until=180)

    assert len(found.target.refused) == 8
    assert _within(found.target.let, 120, 180) >= 0.9 * 8 / 0.2 * 60


# ── calls at once ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hidden", [1, 2, 5, 8])
def test_a_bound_on_calls_at_once_is_found_exactly(hidden: int) -> None:
    found = _flooded(Target(at_once=lambda _now: hidden), Limits(at_once=8), orders=20_000, until=400)

    assert _within(found.target.let, 100, 400) >= 0.95 * hidden / 0.2 * 300
    assert len(found.target.refused) <= 8 + 12
    assert found.gate.governor.at_once.limit in {hidden, hidden + 1}


def test_a_bound_that_is_configured_provokes_no_refusal() -> None:
    found = _flooded(Target(at_once=lambda _now: 4), Limits(at_once=4), orders=9000, until=400)

    assert found.target.refused == []
    assert len(found.target.let) >= 0.95 * 4 / 0.2 * 400


def test_a_bound_that_falls_is_exceeded_for_no_longer_than_the_calls_that_had_left() -> None:
    target = Target(at_once=lambda now: 8 if now < 100 else 3)
    found = _flooded(target, Limits(at_once=8), orders=40_000, until=400)

    assert _within(found.target.refused, 100, 101) <= 8
    assert _within(found.target.refused, 101, 400) <= 5


def test_an_erp_that_suddenly_slows_down_is_asked_for_less_at_once_until_that_is_its_usual_way() -> None:
    seen: dict[float, int] = {}
    target = Target(latency=lambda now: 0.3 if now < 100 else 2.4)
    scheduler = Scheduler(target, Limits(at_once=32), tasks=32)
    for number in range(40_000):
        scheduler.comes(f"o{number}", f"c{number}")
    for second in (99, 115, 400):
        scheduler.at(second, lambda at=second: seen.update({at: scheduler.gate.governor.at_once.limit}))  # type: ignore[misc]

    scheduler.run(401)

    assert (seen[99], seen[400]) == (32, 32)
    assert seen[115] <= 16


def test_an_erp_that_works_off_three_at_a_time_does_as_much_as_it_can() -> None:
    """More of them only wait there."""
    target = Target()
    target.latency = lambda _now: 0.3 * max(1.0, target.under_way / 3)

    found = _flooded(target, Limits(at_once=32), orders=10_000, until=900, tasks=32)

    assert len(found.ended) >= 0.95 * 10 * 900


# ── outages ──────────────────────────────────────────────────────────────────────────────────────


@given(
    orders=st.integers(20, 120),
    away_from=st.floats(0, 60),
    away_s=st.floats(1, 400),
    hidden=st.integers(1, 6),
    window=st.sampled_from([None, (5, 1.0, True), (5, 1.0, False), (90, 60.0, True)]),
    loses=st.sets(st.integers(1, 200), max_size=10),
    upserts=st.booleans(),
)
def test_after_every_outage_everything_is_done_once_and_in_its_order(
    orders: int,
    away_from: float,
    away_s: float,
    hidden: int,
    window: tuple[int, float, bool] | None,
    loses: set[int],
    upserts: bool,  # noqa: FBT001  drawn
) -> None:
    target = Target(
        at_once=lambda _now: hidden,
        window=None if window is None else Window(*window),
        away=lambda now: away_from <= now < away_from + away_s,
        loses=lambda number: number in loses,
    )
    scheduler = Scheduler(target, Limits(at_once=8), manner=Manner(upserts=upserts, settle=60 * MICROS))
    for number in range(orders):
        scheduler.at(number * 0.5, partial(scheduler.comes, f"o{number}", f"make-{number}"))
        if number % 3 == 0:
            scheduler.at(number * 0.5 + 5, partial(scheduler.comes, f"o{number}", f"cancel-{number}"))

    scheduler.run(6 * HOUR)

    wanted = {f"o{n}": [f"make-{n}", f"cancel-{n}"] if n % 3 == 0 else [f"make-{n}"] for n in range(orders)}
    assert target.has == wanted
    assert len(scheduler.ended) == sum(map(len, wanted.values()))
    assert scheduler.queue.next_at() is None


# ── who goes first ───────────────────────────────────────────────────────────────────────────────


def _on_time(orders: list[tuple[float, float | None]], began: float, per_s: float) -> int:
    """How many of (came, cut-off) an ideal schedule has there in time, one after the other from `began` on.

    Of unit jobs the most that any schedule can: nearest cut-off first, leaving out what cannot be in time any more.
    """
    free, done = began, 0
    left = sorted((cut, came) for came, cut in orders if cut is not None)
    while left:
        ready = [one for one in left if one[1] <= free]
        if not ready:
            free = min(came for _cut, came in left)
            continue
        first = min(ready)
        left.remove(first)
        if free + 1 / per_s <= first[0]:
            free, done = free + 1 / per_s, done + 1
    return done


@given(
    counts=st.lists(st.integers(0, 40), min_size=4, max_size=4),
    cuts=st.lists(st.integers(300, 900), min_size=3, max_size=3),
    back_at=st.integers(0, 400),
    seed=st.randoms(use_true_random=False),
)
def test_as_many_make_their_cut_off_as_any_schedule_could_bring_there(
    counts: list[int], cuts: list[int], back_at: int, seed: object
) -> None:
    per_s = 0.2
    target = Target(away=lambda now: now < back_at, latency=lambda _now: 0.01)
    scheduler = Scheduler(target, Limits(at_once=1, calls_per_s=per_s), tasks=1)
    given_cuts = [cut for cut, count in zip([*cuts, None], counts, strict=True) for _ in range(count)]
    seed.shuffle(given_cuts)  # type: ignore[attr-defined]  # hypothesis' own Random
    orders: list[tuple[float, float | None]] = []
    for number, cut in enumerate(given_cuts):
        came = number * 1.5
        orders.append((came, cut))
        scheduler.at(came, _coming(scheduler, number, cut))

    scheduler.run(2 * HOUR)

    made = sum(cut is not None and scheduler.ended[f"c{n}"] <= cut for n, (_came, cut) in enumerate(orders))
    first = min(scheduler.ended.values(), default=0.0)
    assert len(scheduler.ended) == len(orders)
    # The first look after the outage, and the pace of calls that are under way, are the target's; each may cost a turn.
    assert made >= _on_time(orders, first, per_s) - 1


def _coming(scheduler: Scheduler, number: int, cut: float | None) -> Callable[[], None]:
    until = None if cut is None else scheduler.began + int(cut * MICROS)
    return lambda: scheduler.comes(f"o{number}", f"c{number}", lambda now: Urgency(now, until))


def test_nobody_is_passed_by_those_that_came_a_day_after_its_cut_off() -> None:
    """For a week twice as much comes as can go, all of it with a nearer cut-off than the one that waits."""
    scheduler = Scheduler(Target(), Limits(at_once=1, calls_per_s=0.01), tasks=1)
    scheduler.at(100, lambda: scheduler.comes("waits", "waits", Urgency))
    for number in range(int(3 * 86_400 * 0.02)):
        came = number / 0.02
        scheduler.at(came, _coming(scheduler, number, came + 1800))

    scheduler.run(3 * 86_400)

    there_before = 0.01 * (DAY_US / MICROS + 100)
    assert scheduler.ended["waits"] <= 100 + DAY_US / MICROS + 2 * there_before / 0.01
    passed_by = [
        n for n in range(int(3 * 86_400 * 0.02)) if scheduler.ended.get(f"c{n}", 1e9) < scheduler.ended["waits"]
    ]
    assert all(n / 0.02 <= 100 + DAY_US / MICROS for n in passed_by)


def test_what_makes_its_cut_off_goes_before_what_has_missed_it_or_has_none() -> None:
    scheduler = Scheduler(Target(latency=lambda _now: 1.0), Limits(at_once=1), tasks=1)
    scheduler.at(0, lambda: scheduler.comes("none", "none"))
    for number, cut in enumerate([5.0, 1000.0, 500.0]):
        scheduler.at(10, _coming(scheduler, number, cut))
    scheduler.at(10, lambda: scheduler.comes("later", "later"))
    scheduler.target.away = lambda now: now < 8

    scheduler.run(HOUR)

    order = sorted(scheduler.ended, key=lambda name: scheduler.ended[name])
    assert order.index("c2") < order.index("c1") < order.index("later")
    assert order.index("c1") < order.index("c0")
