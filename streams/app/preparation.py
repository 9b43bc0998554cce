"""What must hold before a worker starts; each failure is one line that names the thing and what is allowed."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException

from streams.rights import Right, by_topic, needed
from streams.runtime.cluster import Cluster, ClusterUnavailableError, TopicState
from streams.runtime.granted import refusal
from streams.runtime.refusals import told
from streams.settings import Settings, WebSettings
from streams.tables import TABLES, changelog, changelog_config
from streams.topics import DEAD_LETTER, DEAD_LETTER_MARGIN, READ, TOPICS


class PreparationError(Exception):
    """The worker cannot start: exit code 2 and this one line."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was found: sizes that the writer needs."""

    dead_letter_bytes: int


def prepare(settings: Settings, cluster: Cluster) -> Prepared:
    """Brokers answer, topics exist and fit, and this user may use them.  Raises PreparationError."""
    return fit(settings, _found(settings, cluster, needed("worker", settings)))


def fit(settings: Settings, found: Mapping[str, TopicState]) -> Prepared:
    """Of the topics that were found.  Raises PreparationError."""
    for topic in (topic for topic in TOPICS if topic.name in found):
        _check(topic.name, topic.partitions or settings.kafka.partitions, found[topic.name])
    for table in TABLES:
        name = changelog(settings.app_id, table)
        if name in found:
            _check(name, table.partitions or settings.kafka.partitions, found[name])
            _check_batch(name, found[name])
    return Prepared(_dead_letter_bytes(found))


def _found(settings: Settings, cluster: Cluster, rights: Sequence[Right]) -> Mapping[str, TopicState]:
    """Every topic that this worker uses."""
    try:
        cluster.brokers()
        found = cluster.topics(by_topic(rights))
        why = refusal(cluster, settings.kafka, "worker", rights, {name: state.rights for name, state in found.items()})
    except ClusterUnavailableError as error:
        raise PreparationError(f"STREAMS_KAFKA__BOOTSTRAP_SERVERS: {error}") from None
    except KafkaException as error:
        raise PreparationError(told("the brokers did not do this", error)) from None
    if why is not None:
        raise PreparationError(why)
    return found


def _check(name: str, partitions: int, state: TopicState) -> None:
    if state.partitions != partitions:
        raise PreparationError(
            f"topic {name} has {state.partitions} partitions, {partitions} are set "
            "(STREAMS_KAFKA__PARTITIONS); see docs/operations.md on changing partitions"
        )


def _check_batch(name: str, state: TopicState) -> None:
    needed = int(changelog_config()["max.message.bytes"])
    if int(state.config.get("max.message.bytes", "0")) < needed:
        raise PreparationError(
            f"topic {name}: max.message.bytes is below {needed}; run `commerce-streams topics apply`"
        )


def _dead_letter_bytes(found: Mapping[str, TopicState]) -> int:
    """The dead-letter topic must take the largest record of any topic that is read."""
    held = int(found[DEAD_LETTER.name].config.get("max.message.bytes", "0"))
    needed = letter_bytes(found)
    if held < needed:
        raise PreparationError(
            f"topic {DEAD_LETTER.name}: max.message.bytes is {held}, records of {needed} can come; "
            "run `commerce-streams topics apply`"
        )
    return held


def letter_bytes(found: Mapping[str, TopicState]) -> int:
    """Size that dead letters can have: the largest record that an input takes, and room for what is told."""
    sizes = [int(found[topic.name].config.get("max.message.bytes", "0")) for topic in READ if topic.name in found]
    return max(sizes, default=1 << 20) + DEAD_LETTER_MARGIN


def take_port(web: WebSettings) -> int:
    """The port to listen on, checked to be free; PreparationError names who wants it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((web.host, web.port))
        except OSError as error:
            raise PreparationError(
                f"STREAMS_WEB__PORT={web.port} on {web.host}: {error.strerror}; another worker or program has it: "
                "set another port, or 0 for any"
            ) from None
        port: int = probe.getsockname()[1]
        return port
