"""The brokers as operators ask them: offsets and the consumer group."""

from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import (
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import OffsetSpec

from streams.runtime import refusals
from streams.runtime.cluster import TIMEOUT_S, Cluster, ClusterUnavailableError
from streams.runtime.operating.places import Partition, Span

ROUNDS, ROUND_S = 6, 1.0
"""How often, and how long each time, the brokers are asked before they count as away."""
LOADING_TRIES = 30
_LOADING = (KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR)
_NOT_THERE = (KafkaError.GROUP_ID_NOT_FOUND, KafkaError.COORDINATOR_NOT_AVAILABLE)


class TopicMissingError(Exception):
    """A topic does not exist, or this user may not see it."""


class Brokers(Cluster):
    """Blocking calls.  Every method raises ClusterUnavailableError or KafkaException."""

    def brokers(self) -> int:
        """How many answer; quicker than waiting where a reason is heard that waiting does not change."""
        last = KafkaError(refusals.Local.TIMED_OUT)
        for _ in range(ROUNDS):
            try:
                return len(self._admin.list_topics(timeout=ROUND_S).brokers)
            except KafkaException as error:
                last = refusals.cause_of(error)
                self._admin.poll(0)
            if refusals.decisive(self._errors):
                break
        raise self._away(last)

    # ── topics ───────────────────────────────────────────────────────────────────────────────────

    def partitions(self, topic: str) -> list[Partition]:
        """Raises TopicMissingError."""
        found = self._admin.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise TopicMissingError(refusals.told(f"topic {topic}", found.error))
        return [Partition(topic, number) for number in sorted(found.partitions)]

    def spans(self, partitions: Sequence[Partition]) -> dict[Partition, Span]:
        """Where each log begins and ends now."""
        starts = self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # its stub
        ends = self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # as above
        return {one: Span(starts[one], ends[one]) for one in partitions}

    def at(self, partitions: Sequence[Partition], moment: int) -> dict[Partition, int | None]:
        """Offset of the first record at or after `moment` (µs); None where there is none."""
        found = self._offsets(partitions, OffsetSpec.for_timestamp(moment // 1000))
        return {one: None if offset < 0 else offset for one, offset in found.items()}

    def newest_time(self, partitions: Sequence[Partition]) -> int | None:
        """Broker's time of the newest record of them all, µs; None where there is none."""
        newest = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]  # its stub
        asked = {TopicPartition(one.topic, one.number): newest for one in partitions}
        answers = self._admin.list_offsets(asked, request_timeout=TIMEOUT_S)
        found = [int(future.result().timestamp) for future in answers.values()]
        return max(found) * 1000 if found and max(found) > 0 else None

    def _offsets(self, partitions: Iterable[Partition], wanted: OffsetSpec) -> dict[Partition, int]:
        asked = {TopicPartition(one.topic, one.number): wanted for one in partitions}
        if not asked:
            return {}
        answers = self._admin.list_offsets(asked, request_timeout=TIMEOUT_S)
        return {Partition(tp.topic, tp.partition): int(future.result().offset) for tp, future in answers.items()}

    def delete_topic(self, topic: str) -> None:
        """Returns when it is gone; nothing happens where it is not there."""
        if topic not in self.topic_names():
            return
        self._admin.delete_topics([topic], request_timeout=TIMEOUT_S)[topic].result()
        for _ in range(100):
            if topic not in self.topic_names():
                return
            self._admin.poll(0.1)
        raise ClusterUnavailableError(f"topic {topic} was deleted, but the brokers still name it; try again later")

    # ── the consumer group ───────────────────────────────────────────────────────────────────────

    def members(self, group: str) -> int:
        """How many workers are in the group; a coordinator that has just come up is given time."""
        for tries_left in reversed(range(LOADING_TRIES)):
            try:
                found = self._admin.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result()
                break
            except KafkaException as error:
                code = refusals.cause_of(error).code()
                if code in _NOT_THERE:
                    return 0
                if code not in _LOADING or not tries_left:
                    raise
                self._admin.poll(ROUND_S)
        return 0 if found.state in (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD) else max(1, len(found.members))

    def committed(self, group: str, partitions: Iterable[Partition]) -> dict[Partition, int | None]:
        """None where the group never committed."""
        asked = [TopicPartition(one.topic, one.number) for one in partitions]
        if not asked:
            return {}
        request = ConsumerGroupTopicPartitions(group, asked)
        answer = self._admin.list_consumer_group_offsets([request], request_timeout=TIMEOUT_S)[group].result()
        return {
            Partition(tp.topic, tp.partition): tp.offset if tp.offset >= 0 else None for tp in answer.topic_partitions
        }

    def commit(self, group: str, offsets: Mapping[Partition, int]) -> None:
        """Only while the group has no members: the brokers refuse it otherwise."""
        moved = [TopicPartition(one.topic, one.number, offset) for one, offset in offsets.items()]
        request = ConsumerGroupTopicPartitions(group, moved)
        answer = self._admin.alter_consumer_group_offsets([request], request_timeout=TIMEOUT_S)[group].result()
        for tp in answer.topic_partitions:
            if tp.error is not None:
                raise KafkaException(tp.error)
