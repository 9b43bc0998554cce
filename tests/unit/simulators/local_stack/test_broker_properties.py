from pathlib import Path

import pytest

from simulators.local_stack import protection
from simulators.local_stack.broker_properties import as_text, server_properties
from simulators.local_stack.state import ClusterState, NodeState

HOME = Path("/stack/kafka/node1")
SIGNED_IN = {"admin": "secret-a", "app": "secret-b", "stranger": "secret-c"}


def cluster(nodes: int = 1, protocol: str = "PLAINTEXT") -> ClusterState:
    users = SIGNED_IN if protection.signs_in(protocol) else {}
    made = [NodeState(number, 20000 + number, 21000 + number, 22000 + number) for number in range(1, nodes + 1)]
    return ClusterState("@id", protocol, users, made)


def properties(state: ClusterState, advertised: int = 0) -> dict[str, str]:
    return server_properties(state, state.nodes[0], HOME, advertised)


def test_three_brokers_write_to_two_before_they_acknowledge() -> None:
    found = properties(cluster(nodes=3))

    assert found["default.replication.factor"] == found["offsets.topic.replication.factor"] == "3"
    assert found["min.insync.replicas"] == found["transaction.state.log.min.isr"] == "2"
    assert found["controller.quorum.voters"] == "1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003"


def test_one_broker_asks_for_no_copies_that_it_cannot_make() -> None:
    found = properties(cluster())

    assert {value for name, value in found.items() if name.endswith("replication.factor")} == {"1"}
    assert found["min.insync.replicas"] == "1"


def test_topics_are_never_made_by_accident() -> None:
    assert properties(cluster())["auto.create.topics.enable"] == "false"


def test_brokers_listen_on_this_machine_only() -> None:
    found = properties(cluster(nodes=3), advertised=29093)

    addresses = ",".join(found[name] for name in ("listeners", "advertised.listeners")).split(",")
    assert all("://127.0.0.1:" in address for address in addresses)


def test_a_proxied_listener_tells_clients_the_port_of_the_proxy() -> None:
    found = properties(cluster(), advertised=29093)

    assert "FAULTY://127.0.0.1:22001" in found["listeners"].split(",")
    assert found["advertised.listeners"] == "CLIENT://127.0.0.1:20001,FAULTY://127.0.0.1:29093"


def test_without_a_proxy_there_is_no_second_listener() -> None:
    assert "FAULTY" not in properties(cluster())["listeners"]


@pytest.mark.parametrize(
    ("secure", "tls", "protocol"),
    [
        (False, False, "PLAINTEXT"),
        (False, True, "SSL"),
        (True, False, "SASL_PLAINTEXT"),
        (True, True, "SASL_SSL"),
    ],
)
def test_each_protection_has_kafkas_name_on_every_listener(*, secure: bool, tls: bool, protocol: str) -> None:
    found = properties(cluster(protocol=protection.protocol(secure=secure, tls=tls)))

    spoken = dict(pair.split(":") for pair in found["listener.security.protocol.map"].split(","))
    assert spoken == dict.fromkeys(("CLIENT", "CONTROLLER", "FAULTY"), protocol)


def test_a_secure_broker_lets_nobody_in_by_default() -> None:
    found = properties(cluster(protocol="SASL_PLAINTEXT"), advertised=29093)

    assert found["allow.everyone.if.no.acl.found"] == "false"
    assert found["super.users"] == "User:admin"
    assert "listener.name.faulty.scram-sha-512.sasl.jaas.config" in found
    assert SIGNED_IN["app"] not in as_text(found)


def test_an_open_broker_has_no_passwords_and_no_keys() -> None:
    assert not [name for name in properties(cluster()) if name.startswith(("sasl", "ssl", "listener.name"))]


def test_encryption_names_the_files_beside_the_nodes() -> None:
    found = properties(cluster(protocol="SSL"))

    assert found["ssl.keystore.location"] == "/stack/kafka/server.pem"
    assert found["ssl.truststore.location"] == "/stack/kafka/ca.pem"


def test_a_client_gets_what_it_needs_to_sign_in_and_to_trust() -> None:
    config = protection.client_config(cluster(protocol="SASL_SSL"), Path("/stack/kafka"), "app")

    assert config == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "app",
        "sasl.password": "secret-b",
        "ssl.ca.location": "/stack/kafka/ca.pem",
    }


def test_every_new_cluster_has_its_own_passwords() -> None:
    first, second = protection.new_users(secure=True), protection.new_users(secure=True)

    assert set(first) == {"admin", "app", "stranger"}
    assert not set(first.values()) & set(second.values())
