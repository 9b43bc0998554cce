from pathlib import Path

import pytest

from simulators.local_stack import state as states
from simulators.local_stack.errors import OtherClusterError
from simulators.local_stack.state import ClusterState, NodeState, RegistryState


def test_a_cluster_is_found_again_as_it_was_left(tmp_path: Path) -> None:
    cluster = ClusterState("@id", "SASL_SSL", {"app": "secret"}, [NodeState(1, 9092, 9093, 0, 4711, 12)])

    states.save(tmp_path, cluster)

    assert states.load(tmp_path, ClusterState) == cluster


def test_a_folder_without_a_stack_is_no_error(tmp_path: Path) -> None:
    assert states.load(tmp_path, RegistryState) is None


@pytest.mark.parametrize("text", ["", "{", '{"kept": true, "colour": "red"}', '{"port": 1}', "[]"])
def test_a_state_file_of_another_program_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)

    with pytest.raises(OtherClusterError, match=r"state\.json is not of this version"):
        states.load(tmp_path, RegistryState)


def test_passwords_are_for_their_owner_alone(tmp_path: Path) -> None:
    states.save(tmp_path, ClusterState("@id", "SASL_SSL", {"app": "secret"}, []))

    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
