"""What must hold before a worker starts; each failure is one line that names the thing and what is allowed."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from streams.runtime.cluster import Cluster, ClusterUnavailableError, TopicState
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
    """Brokers answer, topics exist and fit.  Raises PreparationError."""
    try:
        cluster.brokers()
        names = [topic.name for topic in TOPICS] + [changelog(settings.app_id, table) for table in TABLES]
        found = cluster.topics(names)
    except ClusterUnavailableError as error:
        raise PreparationError(f"STREAMS_KAFKA__BOOTSTRAP_SERVERS: {error}") from None
    for topic in TOPICS:
        _check(topic.name, topic.partitions or settings.kafka.partitions, found)
    for table in TABLES:
        name = changelog(settings.app_id, table)
        _check(name, table.partitions or settings.kafka.partitions, found)
        _check_batch(name, found[name])
    return Prepared(_dead_letter_bytes(found))


def _check(name: str, partitions: int, found: Mapping[str, TopicState]) -> None:
    state = found.get(name)
    if state is None:
        raise PreparationError(f"topic {name} does not exist; run `commerce-streams topics apply`")
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
