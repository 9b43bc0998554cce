"""The producer against librdkafka's own stand-in for brokers: answers, refusals, and what a broken producer does."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError
from structlog.typing import EventDict

from streams.runtime.kafka import partition_of
from streams.runtime.operating.posting import Outgoing
from streams.settings import KafkaSettings
from streams.sources import kafka_log
from streams.sources.kafka_log import KafkaLog, NotAppendedError

pytestmark = pytest.mark.anyio

SETTINGS = KafkaSettings(bootstrap_servers="127.0.0.1:1")
TOPIC, PARTITIONS = "commerce.order.v1", 4
"""The stand-in makes every topic with so many partitions."""
FATAL, PASSING = KafkaError(KafkaError._FATAL, "sequence lost", fatal=True), KafkaError(KafkaError._TRANSPORT)


def message(key: str = "k", size: int = 10) -> Outgoing:
    return Outgoing(TOPIC, key.encode(), b"v" * size, (("ce_id", b"1"), ("none", None)))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaLog]:
    stand_in = {"test.mock.num.brokers": 1, "enable.idempotence": True}
    monkeypatch.setattr(kafka_log, "confluent_options", lambda _settings: stand_in)
    made = KafkaLog(SETTINGS, 5)
    yield made
    made.close(1)


async def test_each_record_has_its_place_once_it_is_acknowledged(log: KafkaLog) -> None:
    places = [await log.append(message("A")) for _ in range(3)]

    assert {(one.topic, one.partition) for one in places} == {(TOPIC, partition_of(b"A", PARTITIONS))}
    assert [one.offset for one in places] == [0, 1, 2]


async def test_a_key_goes_where_every_other_producer_puts_it(log: KafkaLog) -> None:
    for key in ("000000123", "D-9", "x", "ü"):
        place = await log.append(message(key))
        assert place.partition == partition_of(key.encode(), PARTITIONS)


async def test_a_record_that_no_broker_takes_is_refused_with_what_to_do(log: KafkaLog) -> None:
    with pytest.raises(NotAppendedError, match=r"raise its max\.message\.bytes"):
        await log.append(message(size=(16 << 20) + 1))


async def test_a_producer_that_lost_its_sequence_is_replaced(log: KafkaLog, logged: list[EventDict]) -> None:
    await log.append(message())
    broken = log._producer

    log._heard(PASSING)
    log._heard(FATAL)
    while log._fatal.is_set() or log._producer is broken:
        await log.append(message())

    assert (await log.append(message())).topic == TOPIC
    assert "producer-renewed" in [one["event"] for one in logged]


async def test_brokers_that_are_away_are_named_and_nothing_waits_for_ever() -> None:
    log = KafkaLog(SETTINGS, 0.5)
    try:
        with pytest.raises(NotAppendedError, match=r"topic commerce\.order\.v1 was not written"):
            await log.append(message())
        assert "the brokers do not answer: " in log.answers(TOPIC, 0.2)
        assert log.close(0) == 0
    finally:
        log.close(0)


async def test_a_queue_that_is_full_is_no_place_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_log, "WAITING_AT_MOST", 1)
    log = KafkaLog(SETTINGS, 0.5)
    log._producer.produce(TOPIC, b"v")
    try:
        with pytest.raises(NotAppendedError, match="too many records wait"):
            await log.append(message())
    finally:
        log.close(0)


async def test_an_answer_that_nobody_hears_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_log, "MARGIN_S", 0.1)
    log = KafkaLog(SETTINGS, 0.1)
    log._closing.set()
    log._thread.join(5)

    with pytest.raises(NotAppendedError, match="no answer in time"):
        await log.append(message())

    assert log.close(5) == 0


async def test_a_topic_that_can_be_written_has_nothing_to_say(log: KafkaLog) -> None:
    await log.append(message())

    assert log.answers(TOPIC, 5) == ""
