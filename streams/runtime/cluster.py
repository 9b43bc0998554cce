"""The brokers as an administrator sees them: topics with their ids and settings, offsets of the group."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewTopic,
    ResourceType,
)

from streams.runtime import refusals
from streams.runtime.kafka import confluent_options
from streams.settings import KafkaSettings

ANSWER_S = 10.0
"""After so long without metadata the brokers count as away."""
TIMEOUT_S = 30.0
"""For everything else: brokers that answer may be slow to act."""
VISIBLE_TRIES, VISIBLE_STEP_S = 300, 0.1
SHOW_SETTINGS = frozenset({"DESCRIBE_CONFIGS", "ALTER_CONFIGS", "ALL"})
"""Rights of which each lets a user see a topic's settings."""
REMEMBERED = 20
"""Errors of the client."""


class ClusterUnavailableError(Exception):
    """The brokers do not answer, or refuse us; the message says which and why."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the broker has it."""

    topic_id: str
    partitions: int
    config: Mapping[str, str]
    rights: frozenset[str] = frozenset()
    """Of this user, in Kafka's names; empty where the brokers do not tell."""


class Cluster:
    """Blocking calls; from async code use a thread."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._servers = settings.bootstrap_servers
        self._errors: deque[KafkaError] = deque(maxlen=REMEMBERED)
        options: dict[str, Any] = {**confluent_options(settings), "error_cb": self._heard, "log_level": 0}
        self._admin = AdminClient(options)  # Any: its stub knows no callbacks

    def _heard(self, error: KafkaError) -> None:
        self._errors.append(error)

    def _away(self, last: KafkaError) -> ClusterUnavailableError:
        why = refusals.reason(self._errors, last)
        return ClusterUnavailableError(f"no broker at {self._servers} answers: {why}")

    def _metadata(self) -> ClusterMetadata:
        try:
            return self._admin.list_topics(timeout=ANSWER_S)
        except KafkaException as error:
            self._admin.poll(0.1)
            raise self._away(refusals.cause_of(error)) from None

    def brokers(self) -> int:
        """How many answer.  Raises ClusterUnavailableError with the reason that librdkafka gave."""
        return len(self._metadata().brokers)

    def topic_names(self) -> frozenset[str]:
        return frozenset(self._metadata().topics)

    def topics(self, names: Iterable[str]) -> Mapping[str, TopicState]:
        """Those of the topics that exist and that this user may see; without settings where it may not see them."""
        existing = sorted(set(names) & self.topic_names())
        if not existing:
            return {}
        asked = TopicCollection(existing)
        described = self._admin.describe_topics(asked, include_authorized_operations=True, request_timeout=TIMEOUT_S)
        topics = {name: future.result() for name, future in described.items()}
        rights = {name: _names(topic.authorized_operations) for name, topic in topics.items()}
        configs = self._configs([name for name in existing if not rights[name] or rights[name] & SHOW_SETTINGS])
        return {
            name: TopicState(str(topic.topic_id), len(topic.partitions), configs.get(name, {}), rights[name])
            for name, topic in topics.items()
        }

    def _configs(self, names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._admin.describe_configs(resources, request_timeout=TIMEOUT_S)
        return {
            resource.name: {key: str(entry.value) for key, entry in future.result().items()}
            for resource, future in answers.items()
        }

    def topic_ids(self, names: Iterable[str]) -> Mapping[str, str]:
        """Ids of those that exist: a topic that was deleted and made anew has another one."""
        existing = sorted(set(names) & self.topic_names())
        if not existing:
            return {}
        described = self._admin.describe_topics(TopicCollection(existing), request_timeout=TIMEOUT_S)
        return {name: str(future.result().topic_id) for name, future in described.items()}

    # ── what this user may do ────────────────────────────────────────────────────────────────────

    def topic_rights(self, names: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Of the topics that exist and that this user may see; an empty set where the brokers do not tell."""
        existing = sorted(set(names) & self.topic_names())
        if not existing:
            return {}
        asked = TopicCollection(existing)
        found = self._admin.describe_topics(asked, include_authorized_operations=True, request_timeout=TIMEOUT_S)
        return {name: _names(future.result().authorized_operations) for name, future in found.items()}

    def hidden(self, names: Iterable[str]) -> frozenset[str]:
        """Those that the brokers refuse to speak of: whether they exist is not said."""
        asked = sorted(set(names))
        if not asked:
            return frozenset()
        answers = self._admin.describe_topics(TopicCollection(asked), request_timeout=TIMEOUT_S)
        refused = {name: future.exception() for name, future in answers.items()}
        return frozenset(name for name, error in refused.items() if _is_refusal(error))

    def group_rights(self, group: str) -> frozenset[str] | None:
        """None where nothing can be said: nobody has joined it yet, or the brokers do not tell."""
        answers = self._admin.describe_consumer_groups(
            [group], include_authorized_operations=True, request_timeout=ANSWER_S
        )
        error = answers[group].exception()
        if error is not None:
            return frozenset() if _is_refusal(error) else None
        return _names(answers[group].result().authorized_operations) or None

    def create(self, topics: Sequence[NewTopic]) -> None:
        """Returns when the brokers name them, which is some time after they were made.

        Raises KafkaException for the first that is refused.
        """
        for future in self._admin.create_topics(list(topics), request_timeout=TIMEOUT_S).values():
            future.result()
        wanted = {topic.topic for topic in topics}
        for _ in range(VISIBLE_TRIES):
            if wanted <= self.topic_names():
                return
            self._admin.poll(VISIBLE_STEP_S)
        raise ClusterUnavailableError("topics were created, but the brokers do not name them yet; try again later")

    def set_config(self, topic: str, values: Mapping[str, str]) -> None:
        """Only these names; the others stay."""
        entries = [
            ConfigEntry(name, value, ConfigSource.DYNAMIC_TOPIC_CONFIG, incremental_operation=AlterConfigOpType.SET)
            for name, value in values.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        for future in self._admin.incremental_alter_configs([resource], request_timeout=TIMEOUT_S).values():
            future.result()


def _names(operations: Sequence[Any] | None) -> frozenset[str]:  # Any: AclOperation, which has no stub
    return frozenset(one.name for one in operations or ())


def _is_refusal(error: BaseException | None) -> bool:
    return isinstance(error, KafkaException) and "AUTHORIZATION_FAILED" in refusals.cause_of(error).name()
