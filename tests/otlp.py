"""A small OpenTelemetry collector for tests: takes OTLP over HTTP and keeps the spans; it can also say nothing."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent


@dataclass(frozen=True)
class Span:
    """As it came in; ids are hex."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    links: tuple[tuple[str, str], ...]
    attributes: Mapping[str, str | int]
    failed: bool
    resource: Mapping[str, str]


class Collector:
    """`silent` takes requests and never answers them until it is set free."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.free = threading.Event()
        self.free.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1/traces"

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def take(self, body: bytes) -> None:
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = {one.key: one.value.string_value for one in of_resource.resource.attributes}
            for scope in of_resource.scope_spans:
                self.spans += [_span(sent, resource) for sent in scope.spans]

    @contextmanager
    def running(self) -> Iterator["Collector"]:
        serving = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield self
        finally:
            self.free.set()
            self._server.shutdown()
            self._server.server_close()


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.free.wait()
            collector.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's
            """Tests print nothing."""

    return Handler


def _span(sent: Sent, resource: Mapping[str, str]) -> Span:
    attributes: dict[str, str | int] = {
        one.key: one.value.string_value if one.value.HasField("string_value") else one.value.int_value
        for one in sent.attributes
    }
    return Span(
        trace_id=sent.trace_id.hex(),
        span_id=sent.span_id.hex(),
        parent_id=sent.parent_span_id.hex(),
        name=sent.name,
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in sent.links),
        attributes=attributes,
        failed=sent.status.code == 2,
        resource=resource,
    )
