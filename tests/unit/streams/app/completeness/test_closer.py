"""When a flow is closed: once a day, when a person asks, one run at a time; and how a run ends that cannot be ended."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from structlog.typing import EventDict

from schemas.models.operations import OperatorControl
from streams.app.completeness.closer import KEY, TOO_OLD
from streams.app.completeness.facts import close_run_whole, completeness_fact
from streams.app.completeness.page_topic import PageTopic
from streams.domain.close_request import CloseRequest
from streams.domain.reconciliation import RunState
from streams.runtime.metrics import (
    COMPLETENESS_CLOSED,
    COMPLETENESS_ENTITIES,
    COMPLETENESS_FOUND,
    COMPLETENESS_INTERVAL,
)
from streams.topics import COMPLETENESS, ORDER_EVENT
from tests.fakes.broker import MemoryBroker
from tests.unit.streams.app.completeness.day import HOUR, SECOND, Closing
from tests.unit.streams.app.completeness.orders_day import OrdersDay, orders_day
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.sinks.lane import turns

pytestmark = pytest.mark.anyio
MEASURES = (COMPLETENESS_CLOSED, COMPLETENESS_FOUND, COMPLETENESS_ENTITIES, COMPLETENESS_INTERVAL)
MIDNIGHT = T0 // (24 * HOUR) * 24 * HOUR + 24 * HOUR
"""The next one."""


@pytest.fixture(autouse=True)
def measures() -> Iterator[None]:
    """They belong to the process."""
    yield
    for one in MEASURES:
        one.clear()


@pytest.fixture
async def closing(monkeypatch: pytest.MonkeyPatch) -> Closing:
    made = Closing(MemoryBroker(), monkeypatch)
    await made.begin()
    return made


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrdersDay]:
    async with orders_day(tmp_path, monkeypatch) as made:
        yield made


def _measured(measure: object, *labels: str) -> float:
    return float(measure.labels(*labels)._value.get())  # type: ignore[attr-defined]  # a gauge


# ── when a person asks ───────────────────────────────────────────────────────────────────────────


async def test_a_person_has_every_flow_closed_and_the_pages_are_kept(closing: Closing) -> None:
    run = await closing.run()

    assert run.state is RunState.DONE
    assert [page.flow for page in run.pages] == ["orders", "stock"]
    assert (run.done, run.expected) == (8, 8)
    kept = await PageTopic(closing.around).newest()
    assert kept == {page.flow: page for page in run.pages}


async def test_who_asked_and_why_is_taken_from_the_audited_order_and_not_from_its_body(closing: Closing) -> None:
    closing.ask(CloseRequest(run="r", by="the boss", reason="none"), by="me", reason="month end")
    async with closing.going():
        run = await closing.ended("r")

    assert (run.request.by, run.request.reason) == ("me", "month end")
    assert {page.by for page in run.pages} == {"me"}


async def test_a_run_right_after_another_has_nothing_left_to_close(closing: Closing) -> None:
    closing.logs.at = T0
    first = await closing.run(until=T0 + HOUR // 2)
    again = await closing.run(until=T0 + HOUR // 2)

    assert (len(first.pages), again.pages, again.state) == (2, [], RunState.DONE)
    assert closing.kept == 2


async def test_the_same_standing_order_is_carried_out_once(closing: Closing) -> None:
    for _ in range(2):
        closing.ask(CloseRequest(run="r"))
    async with closing.going():
        await closing.ended("r")
        closing.ask(CloseRequest(run="r"))
        await turns(50)

    assert [run.request.run for run in closing.closer.runs] == ["r"]


async def test_while_a_run_goes_on_another_is_refused_with_the_name_of_who_asked(closing: Closing) -> None:
    seen: list[str] = []

    async def newest(of: object = closing.closer.topic.newest) -> object:
        seen.append(closing.closer.refusal())
        closing.ask(CloseRequest(run="second"), by="you")
        return await of()  # type: ignore[operator]  # the real one

    closing.closer.topic.newest = newest  # type: ignore[method-assign, assignment]  # the moment in the midst of a run
    first = await closing.run()

    refused = next(run for run in closing.closer.runs if run.request.run == "second")
    assert first.state is RunState.DONE
    assert (refused.state, refused.why) == (RunState.REFUSED, "a run of me is under way; wait for its end")
    assert seen[0] == refused.why
    assert closing.closer.refusal() == ""


async def test_an_order_that_cannot_be_read_is_logged_and_nothing_begins(
    closing: Closing, logged: list[EventDict]
) -> None:
    order = OperatorControl(key=KEY, state="wanted", value="{}", actor="me", at=closing.clock.micros())
    closing.closer.ordered(order, closing.clock.micros())

    assert [entry["event"] for entry in logged] == ["order-unreadable"]
    assert closing.closer.runs == []


@pytest.mark.parametrize("change", [{"key": "reconcile/stock"}, {"at": T0 + HOUR - TOO_OLD - SECOND}])
async def test_orders_of_others_and_old_ones_are_left_alone(closing: Closing, change: dict[str, object]) -> None:
    value = msgspec.json.encode(CloseRequest(run="r")).decode()
    order = OperatorControl(key=KEY, state="wanted", value=value, actor="me", at=T0 + HOUR)
    closing.closer.ordered(msgspec.structs.replace(order, **change), T0 + HOUR)
    async with closing.going():
        await turns(50)

    assert closing.closer.runs == []


async def test_a_worker_without_the_lane_begins_nothing(closing: Closing) -> None:
    closing.around.lane_state.is_open = False
    closing.ask(CloseRequest(run="r"))
    async with closing.going():
        await turns(50)

    assert closing.closer.runs == []


# ── by itself ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def daily(monkeypatch: pytest.MonkeyPatch) -> Closing:
    """Ten seconds before the time of the day."""
    named = {"STREAMS_COMPLETENESS__AT": "03:30", "STREAMS_COMPLETENESS__ORDERS_AT": "04:30"}
    made = Closing(MemoryBroker(), monkeypatch, **named)
    await made.begin()
    made.pass_time(seconds=(MIDNIGHT + 3.5 * HOUR) / SECOND - made.clock.micros() / SECOND - 10)
    return made


async def test_once_a_day_the_day_before_is_closed(daily: Closing) -> None:
    async with daily.going():
        run = await daily.ended("daily-")
        await turns(200)

    assert (run.state, run.request.by) == (RunState.DONE, "timer")
    assert {(page.flow, page.closed_at) for page in run.pages} == {("orders", MIDNIGHT), ("stock", MIDNIGHT)}
    assert [one.request.run for one in daily.closer.runs] == [run.request.run]
    assert _measured(COMPLETENESS_INTERVAL, "orders") == 86_400
    assert _measured(COMPLETENESS_CLOSED, "stock") == pytest.approx(run.ended_at / SECOND, abs=5)


async def test_a_worker_that_takes_over_after_the_daily_run_does_not_repeat_it(daily: Closing) -> None:
    async with daily.going():
        await daily.ended("daily-")
    pages = daily.kept
    daily.closer.runs.clear()
    daily.closer._closed_at = None  # as of a worker that has just begun

    async with daily.going():
        await turns(200)

    assert (daily.closer.runs, daily.kept) == ([], pages)


async def test_the_orders_of_the_last_week_are_compared_daily_and_no_page_is_kept(daily: Closing) -> None:
    daily.pass_time(minutes=30)
    daily.closer._compared_at = daily.clock.micros()
    daily.pass_time(minutes=30)
    async with daily.going():
        run = await daily.ended("orders-")

    [page] = run.pages
    assert (page.flow, page.closed_at - page.opened_at) == ("orders", 7 * 24 * HOUR - 60 * SECOND)
    assert all(one.flow in ("orders", "stock") for one in (await PageTopic(daily.around).newest()).values())


async def test_where_orders_are_off_only_stock_is_closed(daily: Closing) -> None:
    daily.around.has_orders = False
    async with daily.going():
        run = await daily.ended("daily-")

    assert [page.flow for page in run.pages] == ["stock"]


async def test_who_loses_the_lane_no_longer_tells_of_pages(daily: Closing) -> None:
    async with daily.going():
        await daily.ended("daily-")
        daily.around.lane_state.is_open = False
        await turns(50)

    assert [next(iter(one.collect())).samples for one in MEASURES] == [[]] * len(MEASURES)


# ── runs that cannot be ended ────────────────────────────────────────────────────────────────────


async def test_brokers_that_do_not_answer_fail_the_run_with_the_reason_and_it_is_tried_again(daily: Closing) -> None:
    async with daily.going():
        await daily.until(lambda: daily.closer._closed_at is not None)
        daily.logs.away = True
        run = await daily.ended("daily-")
        daily.logs.away = False
        daily.closer.runs.remove(run)
        again = await daily.ended("daily-")

    assert run.state is RunState.FAILED
    assert "ALL_BROKERS_DOWN" in run.why
    assert again.state is RunState.DONE
    assert again.started_at - run.ended_at >= 300 * SECOND


async def test_pages_that_cannot_be_read_are_logged_and_read_later(closing: Closing, logged: list[EventDict]) -> None:
    closing.logs.away = True
    async with closing.going():
        await closing.until(lambda: "pages-unreadable" in [entry["event"] for entry in logged])
        closing.logs.away = False
        await closing.until(lambda: closing.closer._closed_at is not None)

    assert _measured(COMPLETENESS_FOUND, "orders") == 0


async def test_a_topic_that_does_not_exist_is_named(closing: Closing) -> None:
    closing.logs.absent.add(ORDER_EVENT.name)

    run = await closing.run("orders")

    assert run.state is RunState.FAILED
    assert ORDER_EVENT.name in run.why
    assert "topics apply" in run.why


async def test_who_loses_its_place_in_the_group_keeps_no_page(closing: Closing) -> None:
    closing.broker.has_lease = False

    run = await closing.run("stock")

    assert (run.state, run.why) == (RunState.STOPPED, "this worker lost its place in the group")
    assert closing.kept == 0


async def test_a_page_of_another_release_is_left_out(closing: Closing) -> None:
    run = await closing.run("stock")
    [record] = closing.broker.log[COMPLETENESS.name]
    closing.broker.log[COMPLETENESS.name].append(record._replace(value=b"\x00\x00\x00\x03\x84junk"))

    assert await PageTopic(closing.around).newest() == {"stock": run.pages[0]}


async def test_pages_of_a_time_are_found_again(closing: Closing) -> None:
    run = await closing.run()
    topic, end = PageTopic(closing.around), run.pages[0].closed_at

    assert await topic.of(end - HOUR, end) == run.pages
    assert await topic.of(end, end + HOUR) == []


# ── what is told of it ───────────────────────────────────────────────────────────────────────────


async def test_the_pages_are_told_of_runs_in_facts(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.erp.lost.add("web-000000001")
    run = await day.closing.run("orders", requeue=("*",))

    fact = completeness_fact(day.closing.closer, day.around.settings.completeness)
    whole = close_run_whole(run)

    assert (fact.refusal, [one.run for one in fact.runs]) == ("", [run.request.run])
    assert (whole.run.found, whole.run.requeued, whole.run.state) == (1, 1, "done")
    assert whole.pages == tuple(run.pages)
    assert _measured(COMPLETENESS_FOUND, "orders") == 1
    assert _measured(COMPLETENESS_ENTITIES, "orders", "missing") == 1


async def test_only_the_last_runs_are_remembered(closing: Closing) -> None:
    for _ in range(12):
        await closing.run("stock", since=T0)

    assert [run.request.run for run in closing.closer.runs] == [f"run-{number}" for number in range(12, 2, -1)]
