"""The difference between the topics that are declared and those that the broker has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from confluent_kafka.admin import NewTopic

from streams.app.preparation import letter_bytes
from streams.runtime.cluster import Cluster, TopicState
from streams.settings import Settings
from streams.tables import TABLES, changelog, changelog_config
from streams.topics import DEAD_LETTER, DEAD_LETTER_MARGIN, RECORD_BYTES, TOPICS

MOST_COPIES = 3


class Change(NamedTuple):
    """One thing to do."""

    topic: str
    what: str
    detail: str


class Wanted(NamedTuple):
    """A topic as it should be."""

    name: str
    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `topics apply` does; nothing where a refusal stands."""

    total: int
    missing: tuple[Wanted, ...]
    wrong: Mapping[str, Mapping[str, str]]
    refusals: tuple[str, ...]
    copies: int
    changes: tuple[Change, ...]

    def apply(self, cluster: Cluster) -> None:
        """Safe to repeat: what is right already is left alone."""
        made = [NewTopic(one.name, one.partitions, self.copies, config=dict(one.config)) for one in self.missing]
        if made:
            cluster.create(made)
        for topic, values in self.wrong.items():
            cluster.set_config(topic, values)


def plan_topics(settings: Settings, cluster: Cluster) -> Plan:
    """Raises ClusterUnavailableError."""
    brokers = cluster.brokers()
    wanted = _wanted(settings)
    found = cluster.topics(one.name for one in wanted)
    wanted = [_with_room_for_letters(one, found) for one in wanted]
    missing = tuple(one for one in wanted if one.name not in found)
    there = [(one, found[one.name]) for one in wanted if one.name in found]
    wrong = {one.name: values for one, state in there if (values := _wrong(one, state))}
    refusals = tuple(_refusal(one, state) for one, state in there if one.partitions != state.partitions)
    changes = [Change(one.name, "create", f"{one.partitions} partitions") for one in missing]
    changes += [Change(name, "set", ", ".join(f"{k}={v}" for k, v in values.items())) for name, values in wrong.items()]
    copies = settings.kafka.replication_factor or min(MOST_COPIES, brokers)
    return Plan(len(wanted), missing, wrong, refusals, copies, tuple(changes))


def _wanted(settings: Settings) -> list[Wanted]:
    default = settings.kafka.partitions
    topics = [Wanted(topic.name, topic.partitions or default, topic.config) for topic in TOPICS]
    config = changelog_config()
    return topics + [Wanted(changelog(settings.app_id, one), one.partitions or default, config) for one in TABLES]


def _with_room_for_letters(one: Wanted, found: Mapping[str, TopicState]) -> Wanted:
    """Dead letters are as large as the largest record that an input takes, and a little more."""
    if one.name != DEAD_LETTER.name:
        return one
    size = max(letter_bytes(found), RECORD_BYTES + DEAD_LETTER_MARGIN)
    return one._replace(config={**one.config, "max.message.bytes": str(size)})


def _wrong(one: Wanted, state: TopicState) -> Mapping[str, str]:
    return {name: value for name, value in one.config.items() if state.config.get(name) != value}


def _refusal(one: Wanted, state: TopicState) -> str:
    return (
        f"{one.name} has {state.partitions} partitions, {one.partitions} are wanted: never changed by this command, "
        "because keys would move away from their state; see docs/operations.md, changing partitions"
    )
