"""Asks the brokers who leads what; they may be gone, and then nobody leads."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.faults.system import APP_ID, System

ANSWER_S = 5.0
GROUP_OFFSETS = "__consumer_offsets"


class Cluster:
    def __init__(self, system: System) -> None:
        self._system = system
        self._admin = AdminClient({"bootstrap.servers": system.kafka.bootstrap, "log_level": 0})

    def leaders(self, topic: str = "") -> dict[int, int]:
        """Partition → number of its leader; empty while nobody says."""
        try:
            partitions = self._partitions(topic)
        except KafkaException:
            return {}
        return {number: one.leader for number, one in partitions.items()}

    def in_sync(self) -> list[int]:
        """How many copies of each partition are up to date; empty while nobody says."""
        try:
            partitions = self._partitions("")
        except KafkaException:
            return []
        return [len(one.isrs) for one in partitions.values()]

    def leader_with_most(self) -> int:
        led = list(self.leaders().values())
        assert led, f"nobody says who leads {self._system.topic}"
        return max(set(led), key=led.count)

    def _partitions(self, topic: str) -> Mapping[int, Any]:  # Any: librdkafka's own
        """Of what is traded, where no topic is named.  Raises KafkaException."""
        name = topic or self._system.topic
        found: Mapping[int, Any] = self._admin.list_topics(name, timeout=ANSWER_S).topics[name].partitions
        return found

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
