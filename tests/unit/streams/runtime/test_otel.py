"""One trace leads from a record to the call that shows it; a collector that is away, slow or rude changes nothing."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.core.calls import CallDetails
from connectors.core.errors import TargetUnavailableError
from schemas.models.desired_stock import DesiredStock
from schemas.models.operations import WRITE_STOCK
from streams.app.tracing import open_traces
from streams.runtime.otel import RECORDS_OF_A_SKU, SKUS_REMEMBERED, Identity, OtelTraces
from streams.runtime.traces import NO_TRACES
from streams.settings import SettingsError, read_settings
from streams.sinks.stock_lane import Snapshot
from streams.topics import DESIRED, STOCK_CHANGE
from tests.fakes.still_clock import StillClock
from tests.fakes.stock_target import Failure
from tests.otlp import Collector, Span
from tests.processes import free_port
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import change_bytes, model_of
from tests.unit.streams.flows.worker import Worker
from tests.unit.streams.sinks.lane import Lane, lane

pytestmark = pytest.mark.anyio

PROCESS = f"process {STOCK_CHANGE.name}"
IDENTITY = Identity("tests", "a", "1")
STOCK_S = 10
REQUIRED = {
    "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "STREAMS_SCHEMA_REGISTRY__URL": "http://127.0.0.1:1",
}


def _context(number: int, flags: str = "01") -> tuple[str, str, bytes]:
    """Trace id, span id, and the header of an upstream span."""
    trace_id, span_id = f"{number:032x}", f"{number:016x}"
    return trace_id, span_id, f"00-{trace_id}-{span_id}-{flags}".encode()


def _record(offset: int, sku: str, header: bytes | None, **fields: object) -> Raw:
    value = change_bytes(
        event_id=f"e{offset}", source_sequence=offset, sku=sku, kind="ABSOLUTE", location_code="north", **fields
    )
    headers = () if header is None else (("traceparent", header),)
    return Raw(STOCK_CHANGE.name, offset, sku.encode(), value, T0 // 1000, 3, headers)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector().running() as running:
        yield running


def _traces(url: str, share: float = 0) -> OtelTraces:
    return OtelTraces(url, share, IDENTITY, StillClock())


@asynccontextmanager
async def _site(folder: Path, traces: OtelTraces) -> AsyncIterator[tuple[Worker, Lane]]:
    """A ledger and a lane, traced."""
    (folder / "ledger").mkdir()
    worker = Worker(folder / "ledger")
    worker.flow._traces = traces
    await worker.open()
    async with lane(folder) as one:
        one.at.traces = traces
        yield worker, one
    worker.close()


async def _folded(worker: Worker, one: Lane) -> None:
    """Every snapshot of the ledger, as the topic would carry it."""
    records = worker.broker.log[DESIRED.name]
    models = [model_of(DESIRED.name, record.value, DesiredStock) for record in records]
    read = [Snapshot(model, is_new=True, headers=record.headers) for model, record in zip(models, records, strict=True)]
    await one.lane.fold(read, upto={DESIRED.name: len(records)})


async def _to_the_shop(worker: Worker, one: Lane) -> None:
    await _folded(worker, one)
    await one.until(lambda: one.at.index.pending == 0)


async def test_one_trace_leads_from_the_record_through_the_snapshot_to_the_call(
    tmp_path: Path, collector: Collector
) -> None:
    traces = _traces(collector.url)
    trace_id, upstream, header = _context(1)
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records([_record(1, "A", header)])
        await _to_the_shop(worker, one)
    traces.close()

    (process,), (call,) = collector.named(PROCESS), collector.named(WRITE_STOCK)
    assert (process.trace_id, process.parent_id) == (trace_id, upstream)
    assert (call.trace_id, call.parent_id) == (trace_id, process.span_id)
    assert process.attributes["messaging.kafka.offset"] == 1
    assert (call.attributes["streams.records"], call.links, call.failed) == (1, (), False)
    assert call.resource == {"service.name": "tests", "service.instance.id": "a", "service.version": "1"}


async def test_a_call_with_rows_of_many_records_is_linked_to_each(tmp_path: Path, collector: Collector) -> None:
    traces = _traces(collector.url)
    headers = [_context(number)[2] for number in (1, 2, 3)]
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records(
            [_record(1, "A", headers[0]), _record(2, "B", headers[1]), _record(3, "B", headers[2])]
        )
        await _to_the_shop(worker, one)
    traces.close()

    a, b, newer_b = sorted(collector.named(PROCESS), key=lambda span: span.trace_id)
    (call,) = collector.named(WRITE_STOCK)
    assert {call.parent_id, *(span for _, span in call.links)} == {a.span_id, newer_b.span_id}
    assert newer_b.links == ((b.trace_id, b.span_id),)


async def test_a_call_that_failed_is_told_and_the_next_one_belongs_to_the_same_trace(
    tmp_path: Path, collector: Collector
) -> None:
    traces = _traces(collector.url)
    trace_id, _, header = _context(7)
    async with _site(tmp_path, traces) as (worker, one):
        one.shop.failures.append(Failure(TargetUnavailableError("away", status=503)))
        await worker.take_records([_record(1, "A", header)])
        await _folded(worker, one)
        await one.until(lambda: one.gate.breaker.failures > 0)
        one.after(60)
        await one.until(lambda: one.at.index.pending == 0)
    traces.close()

    calls = collector.named(WRITE_STOCK)
    assert [(call.trace_id, call.failed) for call in calls] == [(trace_id, True), (trace_id, False)]


async def test_a_record_that_is_set_aside_says_why(tmp_path: Path, collector: Collector) -> None:
    traces = _traces(collector.url)
    async with _site(tmp_path, traces) as (worker, _one):
        await worker.take_records([Raw(STOCK_CHANGE.name, 1, b"A", b"?", 0, 3, (("traceparent", _context(1)[2]),))])
    traces.close()

    assert [span.attributes["streams.dead_letter.reason"] for span in collector.named(PROCESS)] == ["not-framed"]


async def test_only_what_is_wanted_is_traced(tmp_path: Path, collector: Collector) -> None:
    traces = _traces(collector.url)
    unwanted, unreadable = _context(1, flags="00")[2], b"\xff00-nonsense"
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records([_record(1, "A", unwanted), _record(2, "B", unreadable), _record(3, "C", None)])
        await _to_the_shop(worker, one)
        headers = {record.headers for record in worker.broker.log[DESIRED.name]}
    traces.close()

    assert collector.spans == []
    assert headers == {()}


async def test_a_share_of_records_without_context_begins_traces(tmp_path: Path, collector: Collector) -> None:
    traces = _traces(collector.url, share=1)
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records([_record(1, "A", None)])
        await _to_the_shop(worker, one)
    traces.close()

    (process,), (call,) = collector.named(PROCESS), collector.named(WRITE_STOCK)
    assert (process.parent_id, call.trace_id) == ("", process.trace_id)


async def test_an_exchange_is_told_within_its_call_and_outside_of_one_not_at_all(collector: Collector) -> None:
    traces = _traces(collector.url)
    seen: list[CallDetails] = []
    observe = traces.observed(seen.append)
    details = _details(status=503, error="TargetUnavailableError")

    observe(details)
    traces.note("A", (("traceparent", _context(5)[2]),))
    with traces.call(WRITE_STOCK, ["A"]) as call:
        observe(details)
        call.ended(None)
    traces.close()

    (exchange,), (around,) = collector.named("POST V1/inventory/source-items"), collector.named(WRITE_STOCK)
    assert seen == [details, details]
    assert (exchange.trace_id, exchange.parent_id) == (around.trace_id, around.span_id)
    assert (exchange.attributes["http.response.status_code"], exchange.failed) == (503, True)
    assert exchange.attributes["peer.service"] == "adobe_commerce"


def _details(status: int | None, error: str | None) -> CallDetails:
    return CallDetails(
        target="adobe_commerce",
        operation=WRITE_STOCK,
        method="POST",
        template="V1/inventory/source-items",
        status=status,
        started=0.0,
        duration=timedelta(seconds=1),
        attempt=1,
        error=error,
        bytes_sent=10,
        bytes_received=2,
    )


async def test_no_sku_leaves_in_a_span(tmp_path: Path, collector: Collector) -> None:
    traces = _traces(collector.url)
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records([_record(1, "A", _context(1)[2]), _record(2, "canary-sku", _context(2)[2])])
        await _to_the_shop(worker, one)
    traces.close()

    assert len(collector.spans) == 3
    assert "canary-sku" not in repr(collector.spans)


async def test_what_waits_for_its_call_is_bounded(collector: Collector) -> None:
    traces = _traces(collector.url)
    for number in range(1, SKUS_REMEMBERED + 3):
        traces.note(f"S{number}", (("traceparent", _context(number)[2]),))
    for number in range(1, RECORDS_OF_A_SKU + 3):
        traces.note("last", (("traceparent", _context(number)[2]),))

    assert len(traces._waiting) == SKUS_REMEMBERED
    assert len(traces._waiting["last"]) == RECORDS_OF_A_SKU
    traces.close()


@pytest.mark.parametrize("kind", ["away", "silent"])
async def test_a_collector_that_takes_nothing_holds_nothing_up(tmp_path: Path, collector: Collector, kind: str) -> None:
    collector.free.clear()
    url = collector.url if kind == "silent" else f"http://127.0.0.1:{free_port()}/v1/traces"
    traces = _traces(url)
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records([_record(number, "A", _context(number)[2]) for number in range(1, 50)])
        await _to_the_shop(worker, one)
        assert one.row("A").open_changes == 0
    before = time.monotonic()  # noqa: TID251  a thread of another library takes real time

    traces.close()

    assert time.monotonic() - before < STOCK_S  # noqa: TID251  as above
    assert collector.spans == []


async def test_a_fault_of_the_tracing_is_no_fault_of_the_stream(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = _traces(collector.url)

    def broken(*_: object, **__: object) -> Span:
        raise RuntimeError("tracing is broken")

    monkeypatch.setattr(traces._tracer, "start_span", broken)
    async with _site(tmp_path, traces) as (worker, one):
        await worker.take_records([_record(1, "A", _context(1)[2])])
        await _to_the_shop(worker, one)
        assert one.shop.rows
    traces.close()


async def test_a_fault_of_the_stream_is_told_and_goes_on_its_way(collector: Collector) -> None:
    traces = _traces(collector.url)

    with pytest.raises(KeyError), traces.batch([_record(1, "A", _context(1)[2])]):
        raise KeyError("the broker")
    traces.close()

    assert [span.failed for span in collector.named(PROCESS)] == [True]


# ── off ──────────────────────────────────────────────────────────────────────────────────────────


def test_where_it_is_off_nothing_of_opentelemetry_is_imported() -> None:
    program = (
        "import sys\n"
        "import streams.worker\n"
        "from streams.app.tracing import open_traces\n"
        "from streams.runtime.clock import SystemClock\n"
        "from streams.settings import read_settings\n"
        f"print(type(open_traces(read_settings({REQUIRED!r}), 'a', SystemClock())).__name__)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout.splitlines() == ["NoTraces", "[]"], done.stderr


def test_where_it_is_off_the_observer_is_the_one_that_was_given() -> None:
    def observe(_: CallDetails) -> None:
        raise AssertionError

    assert NO_TRACES.observed(observe) is observe


def test_an_address_without_the_packages_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "streams.runtime.otel", None)
    settings = read_settings({**REQUIRED, "STREAMS_TRACES__URL": "http://127.0.0.1:4318/v1/traces"})

    with pytest.raises(SettingsError, match=r"STREAMS_TRACES__URL.*pip install 'commerce-streams\[otel\]'"):
        open_traces(settings, "a", StillClock())


def test_an_address_with_the_packages_opens_a_way_there(collector: Collector) -> None:
    settings = read_settings({**REQUIRED, "STREAMS_TRACES__URL": collector.url})

    traces = open_traces(settings, "a", StillClock())

    assert isinstance(traces, OtelTraces)
    traces.close()
