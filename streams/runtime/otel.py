"""Traces to an OpenTelemetry collector, over OTLP and HTTP.  Imported only where tracing is on: it needs extra `otel`.

Spans wait in a bounded queue and are sent by a thread of their own; what does not fit, or what the collector does not
take, is dropped.  Attributes hold places of records (topic, partition, offset), counts, codes and templates of
addresses: no SKU, no order, no person.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from connectors.core.calls import CallDetails, Observe
from streams.runtime.clock import Clock
from streams.runtime.dead_letters import SourceRecord
from streams.runtime.logs import logger
from streams.runtime.traces import TRACEPARENT, Headers

SKUS_REMEMBERED, RECORDS_OF_A_SKU = 10_000, 8
"""Bounds of what waits for its call; the newest are kept."""
LINKS_OF_A_CALL = 128
SENT_EVERY_MS, EXPORT_WITHIN_S, LAST_WITHIN_S = 1_000, 5, 3
_W3C = TraceContextTextMapPropagator()
_LOG = logger("streams.traces")


class Identity(NamedTuple):
    """Who tells."""

    app_id: str
    worker_id: str
    version: str


class OtelTraces:
    """Implements `streams.runtime.traces.Traces`."""

    def __init__(self, url: str, share: float, identity: Identity, clock: Clock) -> None:
        """`share` of the records without a context begin a trace; the others' contexts say whether they are wanted."""
        names = {
            "service.name": identity.app_id,
            "service.instance.id": identity.worker_id,
            "service.version": identity.version,
        }
        sampler = ParentBased(TraceIdRatioBased(share))
        self._provider = TracerProvider(resource=Resource(names), sampler=sampler, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_WITHIN_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SENT_EVERY_MS))
        self._tracer = self._provider.get_tracer("commerce-streams", identity.version)
        self._clock, self._begins = clock, share > 0
        self._waiting: OrderedDict[str, tuple[SpanContext, ...]] = OrderedDict()

    # ── records ──────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def batch(self, records: Sequence[SourceRecord]) -> Iterator["_Batch"]:
        batch = _Batch()
        self._harmless(lambda: self._begin(batch, records))
        try:
            yield batch
        except BaseException as error:
            why = type(error).__name__
            self._harmless(lambda: batch.failed(why))
            raise
        finally:
            self._harmless(batch.end)

    def _begin(self, batch: "_Batch", records: Sequence[SourceRecord]) -> None:
        for record in records:
            parent = _parent(record.headers)
            if parent is not None or self._begins:
                span = self._record_span(record, parent)
                if span.is_recording():
                    batch.add(record, span)

    def _record_span(self, record: SourceRecord, parent: SpanContext | None) -> Span:
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent)) if parent is not None else None
        place: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
        }
        return self._tracer.start_span(f"process {record.topic}", context, SpanKind.CONSUMER, place)

    # ── calls ────────────────────────────────────────────────────────────────────────────────────

    def note(self, sku: str, headers: Sequence[tuple[str, bytes | None]]) -> None:
        self._harmless(lambda: self._note(sku, headers))

    def _note(self, sku: str, headers: Sequence[tuple[str, bytes | None]]) -> None:
        context = _parent(headers)
        if context is None or not context.trace_flags.sampled:
            return
        known = self._waiting.pop(sku, ())
        self._waiting[sku] = (*known, context)[-RECORDS_OF_A_SKU:]
        if len(self._waiting) > SKUS_REMEMBERED:
            self._waiting.popitem(last=False)

    @contextmanager
    def call(self, operation: str, skus: Sequence[str]) -> Iterator["_Call"]:
        call = _Call(self._waiting, skus)
        with ExitStack() as around:
            self._harmless(lambda: call.begin(self._tracer, operation, around))
            yield call

    def observed(self, observe: Observe) -> Observe:
        def both(details: CallDetails) -> None:
            observe(details)
            self._harmless(lambda: self._exchange(details))

        return both

    def _exchange(self, details: CallDetails) -> None:
        if not trace.get_current_span().is_recording():
            return
        now = self._clock.micros() * 1_000
        began = now - round(details.duration.total_seconds() * 1e9)
        attributes: dict[str, str | int] = {
            "peer.service": details.target,
            "http.request.method": details.method,
            "url.template": details.template,
            "http.request.resend_count": details.attempt - 1,
        }
        if details.status is not None:
            attributes["http.response.status_code"] = details.status
        name = f"{details.method} {details.template}"
        span = self._tracer.start_span(name, None, SpanKind.CLIENT, attributes, start_time=began)
        if details.error is not None:
            span.set_status(Status(StatusCode.ERROR, details.error))
            span.set_attribute("error.type", details.error)
        span.end(end_time=now)

    def close(self) -> None:
        """In a thread that nobody waits for: a collector that does not answer must not keep the worker from ending."""
        last = threading.Thread(target=lambda: self._harmless(self._provider.shutdown), daemon=True)
        last.start()
        last.join(LAST_WITHIN_S)

    @staticmethod
    def _harmless(act: Callable[[], None]) -> None:
        """Traces never stop what they tell of."""
        try:
            act()
        except Exception as error:  # noqa: BLE001  as it says
            _LOG.warning("trace-failed", error=f"{type(error).__name__}: {error}"[:200])


class _Batch:
    def __init__(self) -> None:
        self._by_key: dict[bytes | None, list[Span]] = {}
        self._by_offset: dict[int, Span] = {}

    def add(self, record: SourceRecord, span: Span) -> None:
        self._by_key.setdefault(record.key, []).append(span)
        self._by_offset[record.offset] = span

    def headers(self, key: bytes) -> Headers:
        """The newest record's context; what came before it in this batch is linked from there."""
        spans = self._by_key.get(key)
        if not spans:
            return ()
        for earlier in spans[:-1][-LINKS_OF_A_CALL:]:
            spans[-1].add_link(earlier.get_span_context())
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(spans[-1]))
        return ((TRACEPARENT, carrier[TRACEPARENT].encode()),)

    def set_aside(self, offset: int, reason: str) -> None:
        span = self._by_offset.get(offset)
        if span is not None:
            span.set_attribute("streams.dead_letter.reason", reason)

    def failed(self, why: str) -> None:
        for span in self._by_offset.values():
            span.set_status(Status(StatusCode.ERROR, why))

    def end(self) -> None:
        for span in self._by_offset.values():
            span.end()


class _Call:
    """Child of the first record's span, with links to all others; nothing where none of its records is traced."""

    def __init__(self, waiting: OrderedDict[str, tuple[SpanContext, ...]], skus: Sequence[str]) -> None:
        self._waiting = waiting
        self._used = {sku: waiting[sku] for sku in skus if sku in waiting}
        self._span: Span | None = None

    def begin(self, tracer: trace.Tracer, operation: str, around: ExitStack) -> None:
        contexts = [context for of_sku in self._used.values() for context in of_sku]
        if not contexts:
            return
        parent, *others = contexts
        span = tracer.start_span(
            operation,
            trace.set_span_in_context(trace.NonRecordingSpan(parent)),
            attributes={"streams.records": len(contexts), "streams.skus": len(self._used)},
            links=[Link(one) for one in others[:LINKS_OF_A_CALL]],
        )
        self._span = span
        around.enter_context(trace.use_span(span, end_on_exit=True, record_exception=False))

    def ended(self, error: str | None) -> None:
        """What was not taken is told again by the next call."""
        if error is not None:
            if self._span is not None:
                self._span.set_status(Status(StatusCode.ERROR, error))
            return
        for sku, used in self._used.items():
            left = tuple(one for one in self._waiting.pop(sku, ()) if one not in used)
            if left:
                self._waiting[sku] = left


def _parent(headers: Sequence[tuple[str, bytes | None]]) -> SpanContext | None:
    """The context that a record carries; None where it has none, or one that cannot be read."""
    told = next((value for name, value in headers if name == TRACEPARENT and value), None)
    if told is None:
        return None
    carrier = {TRACEPARENT: told[:128].decode("ascii", "replace")}
    context = trace.get_current_span(_W3C.extract(carrier)).get_span_context()
    return context if context.is_valid else None
