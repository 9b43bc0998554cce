"""Whether this user has the rights on Kafka that a process needs: said at the start, before anything is read.

A right that is missed only when it is used (the first dead letter, the first act of a person) would show at the worst
time.  Brokers without an authorizer, and those that do not tell rights, are believed.
"""

from collections.abc import Iterable, Mapping, Sequence

from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from streams.rights import Part, Right, by_topic, lacking
from streams.runtime.cluster import Cluster
from streams.settings import KafkaSettings

SHOWN = 3


def refusal(
    cluster: Cluster,
    settings: KafkaSettings,
    part: Part,
    rights: Sequence[Right],
    granted: Mapping[str, frozenset[str]],
) -> str | None:
    """One line that names what is missing and what prints it; None where nothing is.

    `granted` are the topics that were found, with this user's rights.  Raises ClusterUnavailableError, KafkaException.
    """
    missing = [name for name in by_topic(rights) if name not in granted]
    hidden = cluster.hidden(missing)
    absent = next((name for name in missing if name not in hidden), None)
    if absent is not None:
        return f"topic {absent} does not exist; run `commerce-streams topics apply`"
    unseen = [right for right in rights if right.kind == "topic" and right.name in hidden]
    lacks = [*unseen, *lacking(rights, granted), *_on_groups(cluster, rights)]
    return _told(settings, part, lacks) if lacks else None


def lost_right(error: BaseException) -> str:
    """The same for a right that was taken away while the process ran; "" for any other error."""
    if not isinstance(error, (TopicAuthorizationFailedError, GroupAuthorizationFailedError)):
        return ""
    kind = "topic" if isinstance(error, TopicAuthorizationFailedError) else "group"
    named = error.args[0] if error.args else "?"
    names = named if isinstance(named, str) else ", ".join(sorted(named))
    return (
        f"the brokers took away a right of this user on {kind} {names}; grant it again and start anew: "
        "nothing was lost (`commerce-streams topics acls --part worker` prints what is needed)"
    )


def _on_groups(cluster: Cluster, rights: Iterable[Right]) -> list[Right]:
    asked = [right for right in rights if right.kind == "group"]
    held = {right.name: cluster.group_rights(right.name) for right in asked}
    return [right for right in asked if (here := held[right.name]) is not None and not here & {right.operation, "ALL"}]


def _told(settings: KafkaSettings, part: Part, lacks: Sequence[Right]) -> str:
    who = f"the Kafka user {settings.sasl_username}" if settings.sasl_username else "this Kafka user"
    named = ", ".join(f"{right.operation} on {right.kind} {right.name}" for right in lacks[:SHOWN])
    more = f" and {len(lacks) - SHOWN} more rights" if len(lacks) > SHOWN else ""
    return f"{who} lacks {named}{more}; `commerce-streams topics acls --part {part}` prints what to grant"
