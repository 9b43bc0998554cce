from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from simulators.local_stack import clock
from simulators.local_stack.kafka import Kafka
from tests.integration.local_stack.records import Sender, create_topic, read_all

pytestmark = pytest.mark.integration

TOPIC = "orders"


@pytest.fixture(scope="module", params=[False, True], ids=["passwords", "passwords and encryption"])
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("protected") / "kafka", secure=True, tls=request.param) as started:
        create_topic(started.client_config("admin"), TOPIC)
        yield started


def test_the_app_may_write_and_read(kafka: Kafka) -> None:
    sender = Sender(kafka.client_config("app"))
    sender.send(TOPIC, ["from the app"])
    sender.flush()

    assert read_all(kafka.client_config("app"), TOPIC) == ["from the app"]


def test_a_stranger_may_not_write(kafka: Kafka) -> None:
    sender = Sender(kafka.client_config("stranger"))
    sender.send(TOPIC, ["from a stranger"])
    sender.flush()

    assert [error.code() for error in sender.refused] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_the_app_may_not_make_topics(kafka: Kafka) -> None:
    with pytest.raises(KafkaException) as refused:
        create_topic(kafka.client_config("app"), "another")

    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_wrong_password_is_refused(kafka: Kafka) -> None:
    seen: list[int] = []
    config = {**kafka.client_config("app"), "sasl.password": "wrong", "log_level": 0}
    producer = Producer({**config, "error_cb": lambda error: seen.append(error.code())})

    def refused() -> bool:
        producer.poll(0.1)
        return KafkaError._AUTHENTICATION in seen

    assert clock.wait_until(refused, within=30)


def test_what_holds_passwords_and_keys_is_for_its_owner_alone(kafka: Kafka) -> None:
    assert kafka.folder.stat().st_mode & 0o077 == 0
