"""The queue of a sink in one line, as the overview and `status` say it."""

from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from streams.domain.forecast import Due, Queue
from streams.web import facts as f
from streams.web.queue_words import queue_line
from streams.web.role_sinks import RoleSink, role_sinks
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import READ, WITH_TOKENS, bearer, get
from tests.unit.streams.web.order_worlds import orders, waiting
from tests.unit.streams.web.worlds import NOW, served, target

MINUTE = 60_000_000
TODAY = f"{datetime.fromtimestamp(NOW / 1e6).astimezone():%Y-%m-%d}"
DOWN = target(name="netsuite", state="open", since=NOW - 37 * MINUTE)


def _sink(queue: Queue, per_s: float | None, on: f.TargetFact = DOWN) -> RoleSink:
    return RoleSink("erp", "erp", "run", queue.waiting, None, on, queue, per_s)


def test_the_queue_of_a_target_that_is_down() -> None:
    cut_off = NOW + 40 * MINUTE
    label = datetime.fromtimestamp(cut_off / 1e6).astimezone().isoformat(timespec="minutes")
    line = queue_line(_sink(Queue(4812, (Due(cut_off, label, 4831),), NOW - 40 * MINUTE), 2.0), NOW)

    time = label[11:16]
    assert line.text == (f"4,812 safe in queue, ERP down 37 min, drain 40 min at 2/s, 31 will miss the {time} cut-off")
    assert (line.waiting, line.drain_s) == (4812, 2406.0)
    assert line.will_miss is not None
    assert [one.orders for one in line.will_miss] == [31]


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    line = queue_line(_sink(Queue(12, (Due(NOW + MINUTE, "2026-03-02T14:00+01:00", 12),), NOW), None), NOW)

    assert "drain unknown" in line.text
    assert "who misses a cut-off unknown" in line.text
    assert (line.drain_s, line.per_s, line.will_miss) == (None, None, None)


def test_an_empty_queue_says_so() -> None:
    assert queue_line(_sink(Queue(), None), NOW).text == "nothing waits"


def test_the_last_forecast_stands_beside_what_then_happened() -> None:
    done = _sink(Queue(), 2.0)._replace(compared=(f.ComparedFact(NOW - MINUTE, 200, 100.0, 125.0),))

    assert queue_line(done, NOW).compared_text == "the last forecast said 1 min for 200 orders, it took 2 min (20% off)"


def test_several_workers_have_one_queue_and_one_pace_together() -> None:
    due = f.DueFact(NOW + MINUTE, "2026-03-02T14:00+01:00", 5)
    parts = [
        f.OrderSinkFact("erp", "erp", "run", 5, DOWN, f.SinkQueueFact(waiting, (due,), since, per_s))
        for waiting, since, per_s in ((5, NOW - 3, 1.5), (7, NOW - 9, 0.5))
    ]
    workers = [msgspec.structs.replace(scenes.calm().own, order_sinks=(part,)) for part in parts]

    [one] = role_sinks(workers, {})

    assert one.queue == Queue(12, (Due(due.cut_off, due.label, 10),), NOW - 9)
    assert one.per_s == 2.0
    unknown = msgspec.structs.replace(parts[0], queue=f.SinkQueueFact(5, (), NOW, None))
    [half] = role_sinks([msgspec.structs.replace(workers[0], order_sinks=(unknown,)), workers[1]], {})
    assert half.per_s is None


@pytest.mark.anyio
async def test_the_card_of_a_sink_shows_its_queue_and_its_pace() -> None:
    world = replace(scenes.calm(), orders=orders(waiting()))
    async with served(world, WITH_TOKENS) as page:
        text = (await get(f"{page.url}/", bearer(READ))).text

    assert "1 safe in queue, ERP refusing us 36 min, drain 2 s at 0.5/s" in text
