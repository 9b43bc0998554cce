"""Asks a running cluster who answers, and gives a user rights, through Kafka's own admin client."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

WORKER_RIGHTS = {
    ResourceType.TOPIC: (AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS),
    ResourceType.GROUP: (AclOperation.READ, AclOperation.DESCRIBE),
}
"""Without CREATE and ALTER: topics are made by an operator, not by a worker."""
ANSWER_S = 1.0
GRANT_S = 30.0


def admin_client(config: dict[str, str]) -> AdminClient:
    """Quiet: while brokers start, refused connections are what is expected."""
    quiet: dict[str, Any] = {"log_level": 0, "error_cb": lambda _: None, "reconnect.backoff.max.ms": 250}
    return AdminClient({**config, **quiet})  # Any: numbers, texts and a function in one dict


def answering(admin: AdminClient) -> set[int]:
    """Numbers of the brokers that the cluster counts as alive; empty where nobody answers yet."""
    try:
        return set(admin.list_topics(timeout=ANSWER_S).brokers)
    except KafkaException:
        return set()


def grant(admin: AdminClient, user: str, *, topics: str = "*", groups: str = "*") -> None:
    """Let `user` do what a worker does with the topics and groups of these prefixes ("*": all).

    Raises:
        KafkaException: the cluster refused.
    """
    wanted = _bindings(user, ResourceType.TOPIC, topics), _bindings(user, ResourceType.GROUP, groups)
    for binding in (binding for bindings in wanted for binding in bindings):
        admin.create_acls([binding], request_timeout=GRANT_S)[binding].result(GRANT_S)


def _bindings(user: str, kind: ResourceType, prefix: str) -> Iterable[AclBinding]:
    pattern = ResourcePatternType.LITERAL if prefix == "*" else ResourcePatternType.PREFIXED
    allow = AclPermissionType.ALLOW
    return [AclBinding(kind, prefix, pattern, f"User:{user}", "*", right, allow) for right in WORKER_RIGHTS[kind]]
