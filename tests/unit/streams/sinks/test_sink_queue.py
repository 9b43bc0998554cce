"""Which order a sink does first, what it says of its queue, and what it then finds."""

from datetime import UTC, datetime, time
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest
from structlog.testing import capture_logs

from connectors.core.errors import RateLimitedError, TargetUnavailableError
from schemas.models.command import Command
from streams.domain.cut_off import CutOffs
from streams.domain.governor import Limits
from streams.runtime.metrics import REGISTRY
from tests.fakes.order_target import Failure
from tests.unit.streams.sinks.commands import Sink, create, sink

pytestmark = pytest.mark.anyio
MICROS = 1_000_000
EARLY, LATE = time(10), time(14)
TABLE = MappingProxyType({"edi": CutOffs((EARLY,), UTC), "web": CutOffs((LATE,), UTC)})


def _coming(one: Sink, name: str, channel: str) -> Command:
    made = create(name)
    assert made.order is not None
    return msgspec.structs.replace(
        made, at=one.clock.micros(), order=msgspec.structs.replace(made.order, channel=channel)
    )


def _at_night(one: Sink) -> None:
    """Before both cut-offs of a day."""
    now = datetime.fromtimestamp(one.clock.micros() / MICROS, UTC)
    one.clock.after(86_400 - (now.hour * 3600 + now.minute * 60 + now.second) + 3600)


async def test_what_waits_through_an_outage_goes_by_its_cut_off_also_after_a_kill(tmp_path: Path) -> None:
    async with sink(tmp_path, cut_offs=TABLE) as one:
        _at_night(one)
        one.gate.limit(Limits(at_once=1))
        one.mode = "paused"
        names = ["none", "web-1", "edi-1", "web-2", "edi-2"]
        for name in names:
            await one.fold(_coming(one, name, name.partition("-")[0]))
            one.clock.after(1)

        await one.killed()
        one.gate.limit(Limits(at_once=1))
        queue = one.sink.waiting()
        one.mode = "run"
        await one.at_rest()

        assert [due.orders for due in queue.due] == [2, 2]
        assert queue.waiting == 5
        assert list(dict.fromkeys(one.erp.creates)) == ["edi-1", "edi-2", "web-1", "web-2", "none"]


async def test_an_order_that_is_late_is_counted_and_logged(tmp_path: Path) -> None:
    async with sink(tmp_path, cut_offs=TABLE) as one:
        _at_night(one)
        one.mode = "paused"
        await one.fold(_coming(one, "edi-1", "edi"), _coming(one, "web-1", "web"))
        one.clock.after(10 * 3600)
        one.mode = "run"
        before = _cut_offs()
        with capture_logs() as logs:
            await one.at_rest()

        assert [now - was for now, was in zip(_cut_offs(), before, strict=True)] == [1, 1]
        [late] = [entry for entry in logs if entry["event"] == "cut-off-missed"]
        assert (late["order"], late["late_s"] >= 3600) == ("edi-1", True)


def _cut_offs() -> list[float]:
    name = "streams_order_cut_offs_total"
    values = [REGISTRY.get_sample_value(name, {"role": "erp", "outcome": one}) for one in ("met", "missed")]
    return [value or 0.0 for value in values]


async def test_how_fast_it_is_is_unknown_until_something_was_done(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        assert one.sink.meter.per_s is None
        await one.fold(*(create(f"web-{number}") for number in range(20)))
        await one.at_rest(passing=0.5)

        assert one.sink.meter.throughput.ended == 20


async def test_a_forecast_at_the_return_is_compared_with_what_then_happens(tmp_path: Path) -> None:
    async with sink(tmp_path, upserts=True) as one:
        await one.fold(*(create(f"web-{number}") for number in range(20)))
        await one.at_rest(passing=0.5)
        one.gate.limit(Limits(calls_per_s=2))
        one.sink.meter.worked(10.0, 20)
        one.erp.failures.extend(Failure(TargetUnavailableError("down")) for _ in range(4))
        await one.fold(*(create(f"new-{number}") for number in range(40)))
        with capture_logs() as logs:
            await one.at_rest(passing=0.25)
            one.clock.after(2)
            assert one.sink.waiting().waiting == 0

        events = [entry["event"] for entry in logs if entry["event"].startswith("forecast")]
        assert events[:2] == ["forecast-made", "forecast-compared"]
        [found, *_] = one.sink.meter.compared
        assert found.waiting >= 30
        assert found.said_s > 0
        assert found.took_s > 0


async def test_an_unexpected_rate_limit_is_survived_and_nothing_is_in_limbo(tmp_path: Path) -> None:
    async with sink(tmp_path, upserts=True) as one:
        for what in ("rate", "at-once", "day", "rate"):
            refusal = RateLimitedError("slow down", retry_after=None, what=what)
            one.erp.failures.extend([Failure(refusal), None])
        await one.fold(*(create(f"web-{number}") for number in range(30)))
        await one.at_rest(passing=5)

        assert len(one.erp.documents) == 30
        assert one.counts == {"taken": 30, "applied": 30}
