"""One Kafka node: its files, its process, and why it ended."""

import json
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from simulators.local_stack import log_reason
from simulators.local_stack.broker_properties import LOG4J, as_text
from simulators.local_stack.child import Child, spawn
from simulators.local_stack.disk import write_atomically, writing
from simulators.local_stack.errors import StackError
from simulators.local_stack.java import KAFKA_HEAP_MB, java_command
from simulators.local_stack.protection import scram_arguments
from simulators.local_stack.state import ClusterState, NodeState

HEAP_VARIABLE = "COMMERCE_STREAMS_STACK_HEAP_MB"


class Broker:
    """Lives in `folder`/node<number>; the process can be older than this object (command line)."""

    def __init__(self, folder: Path, state: NodeState) -> None:
        self.state = state
        self.home = folder / f"node{state.number}"
        self.log = self.home / "kafka.log"
        self.child = Child(state.pid, str(self.home))

    @property
    def name(self) -> str:
        return f"Kafka node {self.state.number}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.state.port}"

    @property
    def alive(self) -> bool:
        return self.child.alive

    def configure(self, properties: Mapping[str, str]) -> None:
        with writing(self.home):
            (self.home / "tmp").mkdir(parents=True, exist_ok=True)
        write_atomically(self.home / "server.properties", as_text(properties).encode())
        write_atomically(self.home / "log4j2.properties", LOG4J.encode())

    def begin_format(self, jars: Path, cluster: ClusterState) -> subprocess.Popen[str] | None:
        """Give an empty data folder its cluster id and first users; None where it already has data."""
        if (self.home / "data" / "meta.properties").exists():
            return None
        settings = str(self.home / "server.properties")
        arguments = ["format", "--ignore-formatted", "-t", cluster.cluster_id, "-c", settings]
        command = self._java(jars, "kafka.tools.StorageTool", *arguments, *scram_arguments(cluster.users))
        log = self.home / "format.log"
        with writing(log), log.open("wb") as out:
            return subprocess.Popen(  # noqa: S603 - our own command line
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, text=True
            )

    def end_format(self, running: subprocess.Popen[str]) -> None:
        """Wait for it.

        Raises:
            DiskFullError, StartFailedError: the folder could not be formatted.
        """
        if running.wait():
            raise log_reason.failure(f"{self.name} could not be formatted", self.home / "format.log")

    def start(self, jars: Path, *, detached: bool, java_flags: Sequence[str] = ()) -> None:
        """Only starts the process; whether it answers is asked of the cluster."""
        self.state.log_start = self.log.stat().st_size if self.log.exists() else 0
        command = self._java(jars, *java_flags, "kafka.Kafka", str(self.home / "server.properties"))
        self.child = spawn(command, str(self.home), self.log, detached=detached)
        self.state.pid = self.child.pid

    def kill(self, within: float = 10) -> None:
        """Like a power cut: nothing is flushed or said good-bye to."""
        self.child.signal(signal.SIGKILL)
        self.child.wait(within)

    def complaint(self) -> str:
        """The line of the log that says why it ended; empty where it wrote no error, such as after a kill."""
        return log_reason.complaint(self.log, self.state.log_start)

    def failure(self, what: str) -> StackError:
        return log_reason.failure(f"{self.name} {what}", self.log, self.state.log_start)

    def controller_vote(self) -> tuple[int, int]:
        """(epoch, node number) of the controller that this node last saw; Kafka's quorum-state file."""
        file = self.home / "data" / "__cluster_metadata-0" / "quorum-state"
        seen = json.loads(file.read_text())
        return int(seen["leaderEpoch"]), int(seen["leaderId"])

    def _java(self, jars: Path, *arguments: str) -> list[str]:
        return [
            *java_command(self.home / "tmp", HEAP_VARIABLE, KAFKA_HEAP_MB, jars),
            f"-Dlog4j2.configurationFile={self.home / 'log4j2.properties'}",
            *("-cp", f"{jars}/*"),
            *arguments,
        ]
