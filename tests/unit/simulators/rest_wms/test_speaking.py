"""Events on librdkafka's mock cluster: key, frame, headers, repeats."""

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from simulators.core.clock import SystemClock
from simulators.plain_rest.documents import read
from simulators.rest_wms import RestWmsSimulator, Settings
from simulators.rest_wms.documents import Task
from simulators.rest_wms.events import TOPIC
from simulators.rest_wms.server import main
from simulators.rest_wms.speaking import Address, Disorder, KafkaSpeaker, Scrambler, UndeliveredError
from simulators.wms.wire import RecordCodec, schema_of, unframe
from tests.fakes.registry import FakeRegistry
from tests.unit.simulators.rest_wms.support import LINE
from tests.unit.simulators.wms.conftest import MOCK, read_topic

TASK = {"order_id": "web-1", "source_code": "wh-east", "lines": [LINE]}
DISORDER = Disorder(duplicates=1.0)


def spoken(registry: FakeRegistry, journal: Path | None, disorder: Disorder, tasks: int) -> list[Any]:
    """What stands on the topic after so many tasks were shipped; read before the cluster ends with its producer."""
    address = Address(bootstrap="", registry=registry.url, register=True, properties=MOCK, journal=journal)
    speaker = KafkaSpeaker(address, Scrambler(Random(1), disorder))
    wms = RestWmsSimulator(Settings(life=True), speaker=speaker).wms
    now = SystemClock().now()
    for number in range(tasks):
        content = read(msgspec.json.encode(TASK | {"order_id": f"web-{number}"}), Task)
        wms.floor.put(f"t-{number}", content, wms.settings, now=now)
    wms.live(now + 100)
    speaker.go_on(now + 1000)
    speaker._producer.flush(20)  # noqa: SLF001 - the cluster is inside
    brokers = speaker._producer.kafka.list_topics(timeout=10).brokers.values()  # noqa: SLF001 - same
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    try:
        return read_topic(bootstrap, TOPIC, len(speaker.delivered()))
    finally:
        speaker.close()


def test_records_are_framed_keyed_by_the_order_and_told_twice_where_that_is_asked(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    messages = spoken(registry, tmp_path / "events.jsonl", DISORDER, 3)

    codec = RecordCodec(schema_of(TOPIC))
    seen: dict[str, int] = {}
    for message in messages:
        schema_id, body = unframe(message.value())
        record = codec.decode(body)
        assert registry.schemas[schema_id - 1] == schema_of(TOPIC)
        assert message.key() == record["order_id"].encode()
        assert dict(message.headers())["ce_id"] == record["event_id"].encode()
        seen[record["event_id"]] = seen.get(record["event_id"], 0) + 1
    assert set(seen.values()) == {2}
    lines = [json.loads(one) for one in (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {one["what"] for one in lines} == {"normal", "duplicate"}
    assert len(lines) == len(messages)


def test_what_is_held_back_still_arrives(registry: FakeRegistry) -> None:
    whole = spoken(registry, None, Disorder(), 5)
    held = spoken(registry, None, Disorder(reorder=1.0, hold_s=60), 5)

    assert len(held) == len(whole) > 0


def test_a_broker_that_takes_nothing_is_told_at_the_end(registry: FakeRegistry) -> None:
    away = {"test.mock.num.brokers": 0, "message.timeout.ms": 300, "log_level": 0}
    address = Address(bootstrap="127.0.0.1:9", registry=registry.url, register=True, properties=away)
    speaker = KafkaSpeaker(address, Scrambler(Random(1)))
    wms = RestWmsSimulator(Settings(), speaker=speaker).wms
    now = SystemClock().now()
    wms.floor.put("t-1", read(msgspec.json.encode(TASK), Task), wms.settings, now=now)
    wms._go_on("t-1", "allocate", now)  # noqa: SLF001 - one step is enough

    with pytest.raises(UndeliveredError, match="1 events"):
        speaker.close()


def test_a_schema_that_nobody_registered_ends_it_with_2(
    registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--events", "--bootstrap", "127.0.0.1:9", "--registry", registry.url]) == 2
    assert "404" in capsys.readouterr().err
