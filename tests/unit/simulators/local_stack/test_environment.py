"""What a worker is told must be what a worker understands."""

from pathlib import Path

import pytest

from simulators.local_stack import state as states
from simulators.local_stack.protection import new_users, signs_in
from simulators.local_stack.stack import LocalStack
from simulators.local_stack.state import ClusterState, NodeState, RegistryState
from streams.settings import read_settings


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
def test_a_worker_accepts_what_the_stack_says(tmp_path: Path, protocol: str) -> None:
    users = new_users(secure=signs_in(protocol))
    (tmp_path / "kafka").mkdir()
    (tmp_path / "registry").mkdir()
    states.save(tmp_path / "kafka", ClusterState("@id", protocol, users, [NodeState(1, 20001), NodeState(2, 20002)]))
    states.save(tmp_path / "registry", RegistryState(kept=False, port=20003))

    settings = read_settings(LocalStack(tmp_path).environment())

    assert settings.kafka.bootstrap_servers == "127.0.0.1:20001,127.0.0.1:20002"
    assert settings.kafka.security_protocol == protocol
    assert settings.schema_registry.url == "http://127.0.0.1:20003/apis/ccompat/v7"
    if signs_in(protocol):
        assert settings.kafka.sasl_username == "app"
        assert settings.kafka.sasl_password
        assert settings.kafka.sasl_password.get_secret_value() == users["app"]
    assert (settings.kafka.ssl_cafile is not None) == protocol.endswith("SSL")
