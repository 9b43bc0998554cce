"""Sends records and reads all of them back, with what Kafka's own client offers and nothing of ours."""

from collections.abc import Iterable, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

LONGEST_S = 60.0


def create_topic(config: Mapping[str, str], name: str, partitions: int = 1) -> None:
    admin = AdminClient({**config, "log_level": 0})
    admin.create_topics([NewTopic(name, partitions)])[name].result(LONGEST_S)


class Sender:
    """A producer that remembers what was acknowledged and what was refused."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[KafkaError] = []
        self._producer = Producer({**config, "acks": "all", "enable.idempotence": True, "log_level": 0})

    def send(self, topic: str, values: Iterable[str]) -> None:
        for value in values:
            self._producer.produce(topic, value.encode(), on_delivery=self._ended)
            self._producer.poll(0)

    def poll(self) -> None:
        """Take acknowledgements that have come."""
        self._producer.poll(0.01)

    def flush(self) -> None:
        assert self._producer.flush(LONGEST_S) == 0

    def _ended(self, error: KafkaError | None, message: object) -> None:
        if error:
            self.refused.append(error)
        else:
            self.acknowledged.append(message.value().decode())  # type: ignore[attr-defined] # Message has no types


def read_all(config: Mapping[str, str], topic: str, group: str = "reader") -> list[str]:
    """Every value of the topic, partition by partition.

    Raises:
        KafkaException: the cluster refuses.
    """
    consumer = Consumer({**config, "group.id": group, "enable.auto.commit": False, "log_level": 0})
    try:
        partitions = consumer.list_topics(topic, timeout=LONGEST_S).topics[topic].partitions
        return [value for number in partitions for value in _read(consumer, TopicPartition(topic, number))]
    finally:
        consumer.close()


def _read(consumer: Consumer, partition: TopicPartition) -> list[str]:
    _, end = consumer.get_watermark_offsets(partition, timeout=LONGEST_S)
    consumer.assign([TopicPartition(partition.topic, partition.partition, OFFSET_BEGINNING)])
    values: list[str] = []
    position = 0
    while position < end:
        message = consumer.poll(LONGEST_S)
        assert message is not None, f"{topic_text(partition)} stopped at {position} of {end}"
        if failed := message.error():
            raise KafkaException(failed)
        position = (message.offset() or 0) + 1
        values.append((message.value() or b"").decode())
    return values


def topic_text(partition: TopicPartition) -> str:
    return f"{partition.topic}-{partition.partition}"
