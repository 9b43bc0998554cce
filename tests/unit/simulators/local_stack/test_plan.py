"""What is refused before anything is downloaded or written."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.local_stack import state as states
from simulators.local_stack.errors import NotRunningError, OtherClusterError, PortTakenError, StackError
from simulators.local_stack.kafka import Kafka
from simulators.local_stack.registry import Registry
from simulators.local_stack.stack import LocalStack
from simulators.local_stack.state import ClusterState, NodeState, RegistryState


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_kafka_refuses_a_taken_port_and_writes_nothing(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(PortTakenError, match=str(taken_port)):
        Kafka(tmp_path / "kafka", taken_port).start()

    assert not (tmp_path / "kafka").exists()


def test_the_registry_refuses_a_taken_port_and_writes_nothing(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(PortTakenError, match=str(taken_port)):
        Registry(tmp_path / "registry", taken_port).start()

    assert not (tmp_path / "registry").exists()


def test_a_stack_refuses_the_registrys_port_before_kafka_starts(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(PortTakenError, match=str(taken_port)):
        LocalStack(tmp_path / "stack", registry_port=taken_port).start()

    assert not (tmp_path / "stack").exists()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"nodes": 3}, "1 node(s) with PLAINTEXT, not of 3 with PLAINTEXT"),
        ({"secure": True}, "not of 1 with SASL_PLAINTEXT"),
        ({"tls": True}, "not of 1 with SSL"),
    ],
)
def test_a_folder_with_another_kind_of_cluster_is_refused(tmp_path: Path, asked: dict[str, bool], says: str) -> None:
    states.save(tmp_path, ClusterState("@id", "PLAINTEXT", {}, [NodeState(1)]))

    with pytest.raises(OtherClusterError) as refused:
        Kafka(tmp_path, **asked).start()  # type: ignore[arg-type] # one option at a time

    assert says in str(refused.value)
    assert "down --wipe" in str(refused.value)


def test_a_registry_in_memory_is_not_taken_for_one_on_disk(tmp_path: Path) -> None:
    states.save(tmp_path, RegistryState(kept=False))

    with pytest.raises(OtherClusterError, match="in memory"):
        Registry(tmp_path, kept=True).start()


def test_a_node_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    states.save(tmp_path, ClusterState("@id", "PLAINTEXT", {}, [NodeState(1), NodeState(2), NodeState(3)]))

    with pytest.raises(NotRunningError, match=r"no node 4 .*nodes: 1, 2, 3"):
        Kafka(tmp_path, nodes=3).kill(4)


@pytest.mark.parametrize("ask", [lambda stack: stack.kafka.client_config(), lambda stack: stack.registry.url])
def test_an_address_is_not_given_out_before_a_first_start(tmp_path: Path, ask: object) -> None:
    assert callable(ask)

    with pytest.raises(StackError, match="start it first"):
        ask(LocalStack(tmp_path / "stack"))


def test_each_node_needs_its_own_proxy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 nodes need as many proxy ports, not 1"):
        Kafka(tmp_path, nodes=3, proxy_ports=[29093])


def test_stopping_what_never_ran_is_no_error_and_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    LocalStack(tmp_path).stop(wipe=True)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
