"""A schema registry on a free port, and simulators on librdkafka's mock cluster."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from simulators.wms.traffic import WorldSettings
from tests.fakes.registry import FakeRegistry, served


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with served() as fake:
        yield fake


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
