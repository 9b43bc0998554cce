"""The door to one target: what its answers mean for the calls after them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.core.calls import CallDetails
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    LockedError,
    RateLimitedError,
    TargetUnavailableError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from streams.domain.breaker import BreakerState
from streams.domain.governor import Limits
from streams.runtime.gate import Gate
from streams.runtime.metrics import REGISTRY
from tests.fakes.still_clock import StillClock
from tests.unit.streams.sinks.lane import turns

DOWN = TargetUnavailableError("connection refused")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def gate(clock: StillClock) -> Gate:
    return Gate("shop", clock)


def _limited(seconds: float | None) -> RateLimitedError:
    return RateLimitedError(
        "slow down", retry_after=None if seconds is None else timedelta(seconds=seconds), status=429
    )


def _opened(gate: Gate, clock: StillClock) -> None:
    for _ in range(3):
        gate.failed(DOWN)
        clock.after(gate.ready_in())
    assert gate.breaker.state is BreakerState.OPEN


def test_a_target_without_trouble_may_be_called_at_once(gate: Gate) -> None:
    assert gate.ready_in() == 0


def test_after_a_failure_it_waits_even_while_the_breaker_is_closed(gate: Gate, clock: StillClock) -> None:
    gate.failed(DOWN)

    assert gate.breaker.state is BreakerState.CLOSED
    assert gate.ready_in() == 1
    clock.after(1)
    assert gate.ready_in() == 0


@pytest.mark.parametrize("error", [LockedError("somebody has it"), ConflictError("it has changed")])
def test_a_record_that_somebody_else_has_is_no_failure_of_the_target(gate: Gate, error: ConnectorError) -> None:
    for _ in range(5):
        gate.failed(error)

    assert (gate.breaker.state, gate.ready_in()) == (BreakerState.CLOSED, 0)


@pytest.mark.parametrize("error", [DOWN, TransientError("x"), UnknownOutcomeError("x")])
def test_three_failures_open_it_and_one_call_goes_out_to_see(
    gate: Gate, clock: StillClock, error: ConnectorError
) -> None:
    for _ in range(3):
        gate.failed(error)
        clock.after(gate.ready_in())

    states = [gate.breaker.state]
    gate.leaving()
    states.append(gate.breaker.state)
    assert states == [BreakerState.OPEN, BreakerState.TRYING]
    assert gate.ready_in() == 30


def test_an_answer_closes_it(gate: Gate, clock: StillClock) -> None:
    _opened(gate, clock)
    gate.leaving()

    gate.succeeded()

    assert (gate.breaker.state, gate.ready_in()) == (BreakerState.CLOSED, 0)
    assert gate.last_answer_at == clock.micros()


def test_the_wait_that_the_target_asks_for_is_kept(gate: Gate) -> None:
    gate.failed(TargetUnavailableError("maintenance", retry_after=timedelta(seconds=120), status=503))

    assert gate.ready_in() == 120


@pytest.mark.parametrize("error", [UnauthorizedError("401"), ConfigurationError("403")])
def test_what_a_person_must_mend_needs_an_operator(gate: Gate, error: ConnectorError, clock: StillClock) -> None:
    gate.failed(error)

    assert gate.breaker.state is BreakerState.NEEDS_OPERATOR
    assert gate.ready_in() == 30
    assert type(error).__name__ in gate.breaker.why
    clock.after(30)
    gate.leaving()
    assert gate.ready_in() == 30
    gate.succeeded()
    assert gate.ready_in() == 0


# ── too many calls ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("asked", "waits"), [(7, 7), (None, 5), (0.5, 0.5)])
def test_a_target_that_asks_for_fewer_calls_gets_none_for_as_long_as_it_says(
    gate: Gate, asked: float | None, waits: float, clock: StillClock
) -> None:
    gate.failed(_limited(asked))

    assert gate.ready_in() == waits
    assert gate.breaker.state is BreakerState.CLOSED
    clock.after(waits)
    assert gate.ready_in() == 0


def test_asking_for_fewer_calls_is_no_failure(gate: Gate) -> None:
    for _ in range(10):
        gate.failed(_limited(1))

    assert gate.breaker.failures == 0


def test_a_success_does_not_end_a_pause(gate: Gate) -> None:
    gate.failed(_limited(60))

    gate.succeeded()

    assert gate.ready_in() == 60


def test_a_shorter_pause_does_not_end_a_longer_one(gate: Gate) -> None:
    gate.failed(_limited(60))

    gate.failed(_limited(None))

    assert gate.ready_in() == 60


def test_a_target_that_answers_a_try_with_429_is_back(gate: Gate, clock: StillClock) -> None:
    _opened(gate, clock)
    gate.leaving()

    gate.failed(_limited(2))

    assert gate.ready_in() == 2


def test_one_refusal_after_a_handful_of_calls_is_paused_for_and_changes_no_pace(gate: Gate, clock: StillClock) -> None:
    for _ in range(2):
        for _ in range(3):
            gate.leaving()
            gate.succeeded()
        gate.leaving()
        gate.failed(_limited(1))
        clock.after(200)
        gate.leaving()
        gate.succeeded()

    assert gate.governor.per_s == 0


def test_a_second_refusal_soon_after_the_first_finds_the_pace(gate: Gate, clock: StillClock) -> None:
    for _ in range(2):
        for _ in range(3):
            gate.leaving()
            gate.succeeded()
        gate.leaving()
        gate.failed(_limited(1))
        clock.after(1)

    assert gate.governor.per_s == pytest.approx(3, rel=0.1)


# ── pace ─────────────────────────────────────────────────────────────────────────────────────────


def test_calls_keep_their_distance(clock: StillClock) -> None:
    gate = Gate("shop", clock, Limits(calls_per_s=4))

    gate.leaving()
    assert gate.ready_in() == pytest.approx(0.25, rel=0.01)
    clock.after(0.1)
    assert gate.ready_in() == pytest.approx(0.15, rel=0.01)
    clock.after(5)
    assert gate.ready_in() == 0


def test_without_a_limit_calls_follow_each_other(gate: Gate) -> None:
    gate.leaving()

    assert gate.ready_in() == 0


# ── turns, places, what is used of a day ─────────────────────────────────────────────────────────


def test_no_more_are_under_way_than_may_be_and_who_waits_is_woken(clock: StillClock) -> None:
    gate, woken = Gate("shop", clock, Limits(at_once=2)), list[int]()
    gate.when_free(lambda: woken.append(1))

    with gate.turn(), gate.turn():
        assert gate.ready_in() > 0
    assert (gate.ready_in(), len(woken)) == (0, 2)


def test_a_place_is_free_for_another_while_what_came_of_a_call_is_written(clock: StillClock) -> None:
    gate = Gate("erp", clock, Limits(at_once=1))
    woken: list[str] = []
    gate.when_free(lambda: woken.append("free"))
    with gate.turn():
        gate.leaving()
        waits = gate.ready_in()
        gate.done()
        after = gate.ready_in()

    assert (waits > 0, after, woken) == (True, 0, ["free"])
    with gate.turn():
        assert gate.ready_in() > 0, "it was given back once"


@pytest.mark.anyio
async def test_work_that_was_got_ready_gets_the_free_places_in_the_order_of_asking(clock: StillClock) -> None:
    gate, entered, ends = Gate("erp", clock, Limits(at_once=1)), list[str](), asyncio.Event()

    async def work(name: str) -> None:
        with gate.ahead():
            assert await gate.enter()
            entered.append(name)
            await ends.wait()

    with gate.turn():
        first = asyncio.ensure_future(work("first"))
        await turns()
        assert (gate.ahead_in() > 0, gate.ready_in() > 0) == (True, True), "one is got ready, for one place"
        last = asyncio.ensure_future(work("last"))
        await turns()
        assert entered == []
    await turns()
    assert entered == ["first"]
    ends.set()
    await asyncio.gather(first, last)
    assert (entered, gate.ready_in(), gate.ahead_in()) == (["first", "last"], 0, 0)


@pytest.mark.anyio
async def test_work_that_was_got_ready_is_let_go_where_the_target_is_left_alone(clock: StillClock) -> None:
    gate = Gate("erp", clock, Limits(at_once=1))
    with gate.turn(), gate.ahead():
        gate.failed(DOWN)

        assert not await gate.enter()
    clock.after(gate.ready_in())
    assert (gate.ready_in(), gate.ahead_in()) == (0, 0)


@pytest.mark.anyio
async def test_work_that_was_got_ready_waits_for_the_call_that_sees_whether_the_target_is_back(
    clock: StillClock,
) -> None:
    gate = Gate("erp", clock, Limits(at_once=2))
    _opened(gate, clock)

    async def ready() -> bool:
        with gate.ahead():
            return await gate.enter()

    with gate.turn():
        second = asyncio.ensure_future(ready())
        gate.leaving()
        await turns()
        assert not second.done()
        gate.succeeded()
    assert await second


def test_a_turn_is_taken_at_once_and_given_back_where_it_is_not_used(clock: StillClock) -> None:
    gate = Gate("shop", clock, Limits(calls_per_s=4))

    with gate.turn():
        assert gate.ready_in() == pytest.approx(0.25, rel=0.01)
    assert gate.ready_in() == 0
    with gate.turn():
        gate.leaving()
    assert gate.ready_in() == pytest.approx(0.25, rel=0.01)


def test_every_call_that_one_command_makes_counts(clock: StillClock) -> None:
    gate = Gate("shop", clock, Limits(calls_per_s=4))

    with gate.turn():
        gate.leaving()
        for _ in range(3):
            gate.observe(_exchange(200, None))
    assert gate.ready_in() == pytest.approx(0.75, rel=0.01)


def test_a_refusal_that_speaks_of_calls_at_once_takes_one_less_and_no_pause(clock: StillClock) -> None:
    gate = Gate("erp", clock, Limits(at_once=8))

    with gate.turn(), gate.turn(), gate.turn(), gate.turn():
        gate.leaving()
        gate.failed(RateLimitedError("too many", retry_after=None, what="at-once"))
    assert (gate.governor.at_once.limit, gate.ready_in()) == (3, 0)


def test_several_workers_share_what_is_configured(clock: StillClock) -> None:
    gate = Gate("erp", clock, Limits(at_once=5, calls_per_s=10))

    gate.share(0.5)
    assert (gate.governor.at_once.limit, gate.governor.per_s) == (2, 5)
    gate.share(0.1)
    assert gate.governor.at_once.limit == 1
    gate.share(1.0)
    assert (gate.governor.at_once.limit, gate.governor.per_s) == (5, 10)


def _using(gate: Gate, used: int, of: int) -> None:
    gate.observe(replace(_exchange(200, None), used_of_day=(used, of)))


def test_what_is_kept_for_orders_others_do_not_use(clock: StillClock) -> None:
    limits = Limits(calls_per_day=0, reserve=0.2)
    orders, readings = Gate("crm", clock, limits), Gate("crm", clock, limits, spends_reserve=False)
    for gate in (orders, readings):
        _using(gate, 799, 1000)
    assert (orders.ready_in(), readings.ready_in()) == (0, 0)

    for gate in (orders, readings):
        _using(gate, 800, 1000)

    assert orders.ready_in() == 0
    assert readings.ready_in() == 300
    assert (orders.governor.left_of_day, readings.governor.left_of_day) == (200, 0)


def test_a_day_that_is_used_up_is_looked_at_again_every_five_minutes(clock: StillClock) -> None:
    gate = Gate("crm", clock, Limits(calls_per_day=500))
    _using(gate, 500, 1000)
    assert gate.ready_in() == 300

    clock.after(300)
    assert gate.ready_in() == 0
    _using(gate, 400, 1000)
    assert (gate.ready_in(), gate.governor.left_of_day) == (0, 100)
    gate.failed(RateLimitedError("used up", retry_after=None, what="day"))
    assert gate.ready_in() == 300


# ── measures ─────────────────────────────────────────────────────────────────────────────────────


def _measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_the_state_is_a_measure(clock: StillClock) -> None:
    gate = Gate("measured-shop", clock)

    gate.failed(UnauthorizedError("401"))
    needs = _measured("streams_breaker_state", target="measured-shop")
    gate.succeeded()

    assert (needs, _measured("streams_breaker_state", target="measured-shop")) == (3, 0)


def test_every_exchange_is_counted_by_its_answer(gate: Gate) -> None:
    def counted() -> list[float]:
        codes = ("200", "TimeoutError", "none")
        return [
            _measured("streams_target_requests_total", target="shop", operation="write", code=code) for code in codes
        ]

    before = counted()
    gate.observe(_exchange(200, None))
    gate.observe(_exchange(None, "TimeoutError"))
    gate.observe(_exchange(None, None))

    assert [new - old for new, old in zip(counted(), before, strict=True)] == [1, 1, 1]


def _exchange(status: int | None, error: str | None) -> CallDetails:
    return CallDetails(
        target="shop",
        operation="write",
        method="POST",
        template="/V1/inventory/source-items",
        status=status,
        started=0.0,
        duration=timedelta(seconds=0.2),
        attempt=1,
        error=error,
        bytes_sent=1,
        bytes_received=1,
    )
