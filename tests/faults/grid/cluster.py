"""Asks the brokers who leads what; they may be gone, and then nobody leads."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.faults.grid.watch import STOCK
from tests.faults.system import APP_ID, System

ANSWER_S = 5.0
GROUP_OFFSETS = "__consumer_offsets"


class Cluster:
    def __init__(self, system: System) -> None:
        self._system = system
        self._admin = AdminClient({"bootstrap.servers": system.kafka.bootstrap, "log_level": 0})

    def leaders(self, topic: str = STOCK) -> dict[int, int]:
        """Partition → number of its leader; empty while nobody says."""
        try:
            partitions = self._admin.list_topics(topic, timeout=ANSWER_S).topics[topic].partitions
        except KafkaException:
            return {}
        return {number: one.leader for number, one in partitions.items()}

    def in_sync(self, topic: str = STOCK) -> list[int]:
        """How many copies of each partition are up to date; empty while nobody says."""
        try:
            partitions = self._admin.list_topics(topic, timeout=ANSWER_S).topics[topic].partitions
        except KafkaException:
            return []
        return [len(one.isrs) for one in partitions.values()]

    def leader_with_most(self, topic: str = STOCK) -> int:
        led = list(self.leaders(topic).values())
        assert led, f"nobody says who leads {topic}"
        return max(set(led), key=led.count)

    def controller(self) -> int:
        return self._system.kafka.controller

    def coordinator(self, group: str = APP_ID) -> int:
        """Number of the broker that keeps the workers' group; -1 while nobody says.

        It leads the group's partition of the topic of offsets.  librdkafka's own question for it ends the process by
        an assertion where the answer does not come in time.
        """
        leaders = self.leaders(GROUP_OFFSETS)
        return leaders[_java_hash(group) % len(leaders)] if leaders else -1

    def others(self, number: int) -> list[int]:
        return [broker.state.number for broker in self._system.kafka.brokers if broker.state.number != number]


def _java_hash(text: str) -> int:
    """As the brokers choose the partition of a group (`Utils.abs(group.hashCode)`)."""
    found = 0
    for letter in text:
        found = (31 * found + ord(letter)) & 0xFFFFFFFF
    return found & 0x7FFFFFFF
