"""Passwords, rights and encryption of a protected cluster: three users who stand for an operator, us and a stranger."""

import secrets
from pathlib import Path

from simulators.local_stack.state import ClusterState

USERS = ("admin", "app", "stranger")
"""admin may do everything, app what a worker needs, stranger can sign in and nothing else."""
SERVER_PEM, AUTHORITY_PEM = "server.pem", "ca.pem"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_PROTOCOLS = {
    (False, False): "PLAINTEXT",
    (False, True): "SSL",
    (True, False): "SASL_PLAINTEXT",
    (True, True): "SASL_SSL",
}


def protocol(*, secure: bool, tls: bool) -> str:
    """Kafka's name for it (security.protocol)."""
    return _PROTOCOLS[secure, tls]


def signs_in(protocol_name: str) -> bool:
    return protocol_name.startswith("SASL")


def encrypts(protocol_name: str) -> bool:
    return protocol_name.endswith("SSL")


def new_users(*, secure: bool) -> dict[str, str]:
    """Passwords of a new cluster; they are kept in its folder, which only its owner can read."""
    return {name: secrets.token_urlsafe(16) for name in USERS} if secure else {}


def scram_arguments(users: dict[str, str]) -> list[str]:
    """For the format command: users must exist before the first broker can sign in to another."""
    pairs = [("--add-scram", f"SCRAM-SHA-512=[name={name},password={secret}]") for name, secret in users.items()]
    return [word for pair in pairs for word in pair]


def properties(cluster: ClusterState, folder: Path, *, faulty: bool) -> dict[str, str]:
    """Broker properties of the cluster's protocol; empty for PLAINTEXT."""
    found: dict[str, str] = {}
    if signs_in(cluster.protocol):
        listeners = ("client", "faulty") if faulty else ("client",)
        found |= _sign_in(cluster.users["admin"], listeners) | _rights()
    if encrypts(cluster.protocol):
        found |= _encryption(folder)
    return found


def _sign_in(password: str, listeners: tuple[str, ...]) -> dict[str, str]:
    """Controllers cannot use SCRAM: its secrets are in the metadata log that they have yet to read. Hence PLAIN."""
    login = f'username="admin" password="{password}"'
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        **{f"listener.name.{name}.scram-sha-512.sasl.jaas.config": f"{_SCRAM} {login};" for name in listeners},
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": f'{_PLAIN} {login} user_admin="{password}";',
    }


def _rights() -> dict[str, str]:
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:admin",
        "allow.everyone.if.no.acl.found": "false",
    }


def _encryption(folder: Path) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / SERVER_PEM),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / AUTHORITY_PEM),
    }


def client_config(cluster: ClusterState, folder: Path, user: str) -> dict[str, str]:
    """What a librdkafka client adds to its bootstrap servers.

    Raises:
        KeyError: a protected cluster has no such user.
    """
    config = {} if cluster.protocol == "PLAINTEXT" else {"security.protocol": cluster.protocol}
    if signs_in(cluster.protocol):
        config |= {
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": cluster.users[user],
        }
    if encrypts(cluster.protocol):
        config["ssl.ca.location"] = str(folder / AUTHORITY_PEM)
    return config
