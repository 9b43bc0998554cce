"""A schema registry on a free port, and simulators on librdkafka's mock cluster."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from simulators.wms.traffic import WorldSettings


class FakeRegistry:
    """The routes that a producer uses, in memory; `requests` lists what was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.schemas: list[dict[str, Any]] = []
        self.subjects: dict[str, list[int]] = {}
        self.requests: list[str] = []

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(f"{method} {path}")
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match (method, parts):
            case "GET", ["schemas", "ids", number] if 0 < int(number) <= len(self.schemas):
                return 200, {"schema": json.dumps(self.schemas[int(number) - 1])}
            case "GET", ["subjects", subject, "versions", "latest"] if subject in self.subjects:
                newest = self.subjects[subject][-1]
                return 200, {"id": newest, "schema": json.dumps(self.schemas[newest - 1])}
            case "POST", ["subjects", subject, "versions"]:
                return 200, {"id": self.add(subject, json.loads(body["schema"]))}
            case "POST", ["subjects", subject]:
                for registered in self.subjects.get(subject, []):
                    if self.schemas[registered - 1] == json.loads(body["schema"]):
                        return 200, {"id": registered}
        return 404, {"error_code": 40401, "message": "not found"}

    def add(self, subject: str, schema: dict[str, Any]) -> int:
        if schema not in self.schemas:
            self.schemas.append(schema)
        number = self.schemas.index(schema) + 1
        if number not in self.subjects.setdefault(subject, []):
            self.subjects[subject].append(number)
        return number


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            status, answer = fake.answer(self.command, self.path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _serve  # noqa: N815 - http.server finds them by these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeRegistry(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


class SteppingClock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> int:
        return 1_763_700_000_000_000 + int(self.seconds * 1_000_000)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


MOCK = {"test.mock.num.brokers": 1, "log_level": 0}

PATIENCE_S = 30.0


def wait_for(condition: Callable[[], object]) -> None:
    """Polls until the condition holds; fails after the deadline."""
    deadline = time.perf_counter() + PATIENCE_S
    while not condition():
        assert time.perf_counter() < deadline, "the deadline passed"
        time.sleep(0.02)


def brokers_of(simulator: WmsSimulator) -> str:
    """Where the mock cluster listens."""
    brokers = simulator.producer.kafka.list_topics(timeout=10).brokers.values()
    return ",".join(f"{broker.host}:{broker.port}" for broker in brokers)


def read_topic(bootstrap: str, topic: str, count: int) -> list[Message]:
    """The first `count` records of the topic, in the order of each partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    try:
        messages = consumer.consume(count, timeout=PATIENCE_S)
    finally:
        consumer.close()
    assert len(messages) == count
    return sorted(messages, key=lambda message: (message.partition() or 0, message.offset() or 0))


Start = Callable[..., WmsSimulator]


@pytest.fixture
def simulate(registry: FakeRegistry) -> Iterator[Start]:
    """Starts a simulator with a mock cluster of its own; keyword arguments are those of its settings."""
    started: list[WmsSimulator] = []

    def start(*, items: int = 10, **chosen: Any) -> WmsSimulator:  # noqa: ANN401 - any setting
        world = chosen.pop("world", WorldSettings(items=items))
        clock = chosen.pop("clock", None)
        properties = {**MOCK, **chosen.pop("properties", {})}
        settings = SimulatorSettings(
            "127.0.0.1:1", registry.url, world=world, register=True, properties=properties, **chosen
        )
        started.append(WmsSimulator(settings, clock=clock))
        return started[-1]

    yield start
    for simulator in started:
        simulator.close()
