"""The bridge: a request on the topic becomes statements on the topic."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from simulators.wms.record import RecountRequest
from simulators.wms.recount import RecountBridge, consumer_config
from simulators.wms.simulator import WmsSimulator
from simulators.wms.wire import RECOUNT_TOPIC, RecordCodec, frame, schema_of, subject_of
from tests.fakes.registry import FakeRegistry
from tests.unit.simulators.wms.conftest import Start, brokers_of, wait_for


@contextmanager
def bridge(simulator: WmsSimulator) -> Iterator[None]:
    config = consumer_config(brokers_of(simulator), "bridge", {"log_level": 0})
    working = RecountBridge(config, simulator.registry, simulator.answer_and_flush, journal=simulator.journal)
    working.start()
    try:
        yield
    finally:
        working.stop()


def ask(simulator: WmsSimulator, value: bytes) -> None:
    simulator.producer.kafka.produce(RECOUNT_TOPIC, value, b"SKU-00001")
    simulator.producer.flush()


def request(**asked: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    return {
        "request_id": "ask-1",
        "sku": "SKU-00001",
        "source_system": "",
        "owner_code": None,
        "location_code": None,
        "bucket": None,
        "reason": "SUSPECT",
        "detail": "",
        "at": 1_763_700_000_000_000,
        "cause": None,
        **asked,
    }


def journaled(simulator: WmsSimulator, what: str) -> list[dict[str, Any]]:
    return [entry for entry in simulator.journal.since(0, 10_000)[0] if entry["what"] == what]


@pytest.fixture
def schema_id(registry: FakeRegistry) -> int:
    return registry.add(subject_of(RECOUNT_TOPIC), schema_of(RECOUNT_TOPIC))


def test_a_request_is_answered_with_statements_of_the_item(simulate: Start, schema_id: int) -> None:
    simulator = simulate()
    simulator.opening()
    codec = RecordCodec(schema_of(RECOUNT_TOPIC))
    ask(simulator, frame(schema_id, codec.encode(request())))

    with bridge(simulator):
        wait_for(lambda: journaled(simulator, "recount-request"))

    answers = journaled(simulator, "recount")
    assert answers
    assert {answer["key"] for answer in answers} == {"SKU-00001"}
    assert set(simulator.truth().verdicts) == {"counted"}


def test_a_request_of_a_newer_schema_is_read_by_ours(simulate: Start, registry: FakeRegistry) -> None:
    newer = schema_of(RECOUNT_TOPIC)
    newer["fields"].insert(0, {"name": "urgency", "type": "int", "default": 0})
    simulator = simulate()
    simulator.opening()
    number = registry.add(subject_of(RECOUNT_TOPIC), newer)
    ask(simulator, frame(number, RecordCodec(newer).encode({**request(), "urgency": 3})))

    with bridge(simulator):
        wait_for(lambda: journaled(simulator, "recount-request"))

    assert journaled(simulator, "recount")


def test_what_is_no_request_is_passed_over_and_the_next_one_is_answered(simulate: Start, schema_id: int) -> None:
    simulator = simulate()
    simulator.opening()
    for broken in (b"", b"\0\0\0\0\x63unknown id", b"\0\0\0\0\x02\x08another schema", frame(schema_id, b"\x08ab")):
        ask(simulator, broken)
    ask(simulator, frame(schema_id, RecordCodec(schema_of(RECOUNT_TOPIC)).encode(request())))

    with bridge(simulator):
        wait_for(lambda: journaled(simulator, "recount-request"))

    assert len(journaled(simulator, "recount-unreadable")) == 4


def test_the_request_type_names_what_the_bridge_hands_on() -> None:
    assert set(RecountRequest.__annotations__) <= set(request())
