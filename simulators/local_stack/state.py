"""What a stack must remember between two commands: ports, process ids, passwords. Made once, kept with the data."""

from pathlib import Path
from typing import TypeVar

import msgspec

from simulators.local_stack.disk import write_atomically
from simulators.local_stack.errors import OtherClusterError

NAME = "state.json"


class NodeState(msgspec.Struct, forbid_unknown_fields=True):
    """One broker; `log_start` is where its log stood when it was last started, in bytes."""

    number: int
    port: int = 0
    controller_port: int = 0
    proxied_port: int = 0
    pid: int = 0
    log_start: int = 0


class ClusterState(msgspec.Struct, forbid_unknown_fields=True):
    """One Kafka cluster; `protocol` is Kafka's name of what clients speak, `users` holds passwords."""

    cluster_id: str
    protocol: str
    users: dict[str, str]
    nodes: list[NodeState]
    format: int = 1


class RegistryState(msgspec.Struct, forbid_unknown_fields=True):
    """One schema registry; `kept` says whether its schemas are on disk."""

    kept: bool
    port: int = 0
    management_port: int = 0
    pid: int = 0
    log_start: int = 0
    format: int = 1


State = TypeVar("State", ClusterState, RegistryState)


def load(folder: Path, kind: type[State]) -> State | None:
    """None where nothing was ever started in `folder`.

    Raises:
        OtherClusterError: something else, or another version of this program, wrote the file.
    """
    file = folder / NAME
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise OtherClusterError(f"{file} is not of this version ({error}): use another folder") from None


def save(folder: Path, state: ClusterState | RegistryState) -> None:
    write_atomically(folder / NAME, msgspec.json.format(msgspec.json.encode(state), indent=1))
