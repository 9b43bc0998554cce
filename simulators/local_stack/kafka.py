"""Real Apache Kafka (KRaft) on this machine, one node or three, without Docker."""

import secrets
import shutil
import signal
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.local_stack import access, clock, protection
from simulators.local_stack import state as states
from simulators.local_stack.broker import Broker
from simulators.local_stack.broker_properties import server_properties
from simulators.local_stack.disk import writing
from simulators.local_stack.errors import AlreadyRunningError, NotRunningError, OtherClusterError, StartFailedError
from simulators.local_stack.jars import kafka_jars
from simulators.local_stack.ports import settled_port
from simulators.local_stack.progress import Progress, ProgressSink, silent
from simulators.local_stack.state import ClusterState, NodeState

READY_S = 120.0
STOP_S = 30.0
LONGEST_PAUSE_S = 0.1


@dataclass(eq=False)
class Kafka:
    """A cluster below `folder`; leaving the `with` block stops it, and removes its data unless they are kept."""

    folder: Path
    port: int = 0
    """Client port of the first node, the others follow; 0 takes free ports, and the same again next time."""
    nodes: int = 1
    """1, or 3: then every record is on three brokers, and written when two have it."""
    secure: bool = False
    """Users with passwords (SASL/SCRAM) and rights (ACLs)."""
    tls: bool = False
    """Encrypted, with an authority of its own (`ca.pem` in the folder)."""
    kept: bool = False
    """What the `with` block leaves: the data, or nothing."""
    detached: bool = False
    """Goes on when the program that started it ends; else it is killed then."""
    proxy_ports: Sequence[int] = ()
    """One port per node: where a proxy will listen in front of a second listener, which tells clients that port."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Broker properties on top."""
    progress: ProgressSink = silent
    java_flags: Sequence[str] = ()
    """On top, for brokers alone."""

    def __post_init__(self) -> None:
        self.folder = Path(self.folder).resolve()
        if self.proxy_ports and len(self.proxy_ports) != self.nodes:
            raise ValueError(f"{self.nodes} nodes need as many proxy ports, not {len(self.proxy_ports)}")
        self._state = states.load(self.folder, ClusterState)
        self._brokers = self._make_brokers()

    # ── what a client needs ──────────────────────────────────────────────────────────────────────

    @property
    def brokers(self) -> tuple[Broker, ...]:
        return self._brokers

    @property
    def running(self) -> bool:
        """True where at least one node runs."""
        return any(broker.alive for broker in self._brokers)

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.address for broker in self._brokers)

    @property
    def proxied_ports(self) -> tuple[int, ...]:
        """Where the proxies forward to: the real ports of the second listener, node by node."""
        return tuple(broker.state.proxied_port for broker in self._brokers)

    def client_config(self, user: str = "admin", *, proxied: bool = False) -> dict[str, str]:
        """For confluent-kafka; `user` matters on a secure cluster only (admin, app, stranger).

        `proxied` names the proxies instead of the brokers: everything this client does goes through them.
        """
        through = ",".join(f"127.0.0.1:{port}" for port in self.proxy_ports)
        servers = {"bootstrap.servers": through if proxied else self.bootstrap}
        return servers | protection.client_config(self._known(), self.folder, user)

    @property
    def controller(self) -> int:
        """Number of the active controller, as the node with the newest knowledge saw it."""
        return max(broker.controller_vote() for broker in self._brokers)[1]

    # ── life ─────────────────────────────────────────────────────────────────────────────────────

    def start(self, within: float = READY_S) -> Self:
        """Start every node and wait until the cluster answers.

        Raises:
            StackError: see `errors`; nothing is left running then.
        """
        self.launch()
        self.wait_ready(within)
        return self

    def plan(self) -> ClusterState:
        """Settle everything that can be refused without a download; nothing is written yet.

        Cluster id and passwords are made once and kept with the data; ports are settled at every start.

        Raises:
            AlreadyRunningError, OtherClusterError, PortTakenError: each says what to do.
        """
        if self.running:
            raise AlreadyRunningError(f"Kafka already runs in {self.folder} on {self.bootstrap}: stop it first")
        spoken = protection.protocol(secure=self.secure, tls=self.tls)
        state = self._state or self._new_state(spoken)
        self._refuse_another_kind(state, spoken)
        self._settle_ports(state)
        return state

    def launch(self) -> None:
        """The part of `start` before the wait, for callers that start other things meanwhile."""
        state = self.plan()
        jars = kafka_jars(self.progress)
        self._write(state)
        self.progress(Progress(f"starting Kafka ({self.nodes} node{'s' * (self.nodes > 1)})"))
        self._format(jars)
        for broker in self._brokers:
            broker.start(jars, detached=self.detached, java_flags=self.java_flags)
        self._save()

    def wait_ready(self, within: float = READY_S) -> None:
        """Until every node is listed as alive by the cluster; on a secure one, until `app` has its rights."""
        try:
            self._wait_for(within, *self._brokers)
            if protection.signs_in(self._known().protocol):
                access.grant(access.admin_client(self.client_config()), "app")
        except BaseException:
            self._kill()
            raise

    def kill(self, number: int) -> None:
        """Kill -9 of one node."""
        self._broker(number).kill()

    def restart_node(self, number: int, within: float = READY_S) -> None:
        """Start a node that was killed, and wait until the cluster lists it; 0 seconds: do not wait.

        Raises:
            StackError: it ended again, or was not there in time.
        """
        broker = self._broker(number)
        if not broker.alive:
            broker.start(kafka_jars(self.progress), detached=self.detached)
            self._save()
        if within:
            self._wait_for(within, broker)

    def stop(self, *, wipe: bool = False, within: float = STOP_S) -> None:
        """End every node; `wipe` also removes all that was made here, and then does not wait for a clean end."""
        if wipe:
            self._kill()
            self._remove()
            return
        _end(within, *self._brokers)

    def stop_node(self, number: int, within: float = STOP_S) -> None:
        """SIGTERM to one node, which hands over first what it leads; killed where that takes longer than `within`."""
        _end(within, self._broker(number))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop(wipe=not self.kept)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _known(self) -> ClusterState:
        if self._state is None:
            raise NotRunningError(f"no Kafka was ever started in {self.folder}: start it first")
        return self._state

    def _make_brokers(self) -> tuple[Broker, ...]:
        return tuple(Broker(self.folder, node) for node in self._state.nodes) if self._state else ()

    def _broker(self, number: int) -> Broker:
        for broker in self._brokers:
            if broker.state.number == number:
                return broker
        there = ", ".join(str(broker.state.number) for broker in self._brokers) or "none"
        raise NotRunningError(f"there is no node {number} in {self.folder} (nodes: {there})")

    def _new_state(self, spoken: str) -> ClusterState:
        nodes = [NodeState(number + 1) for number in range(self.nodes)]
        return ClusterState(_new_id(), spoken, protection.new_users(secure=self.secure), nodes)

    def _write(self, state: ClusterState) -> None:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.secure or self.tls:
                self.folder.chmod(0o700)  # passwords and a private key
        self._state = state
        self._brokers = self._make_brokers()
        self._save()
        self._configure(state)

    def _refuse_another_kind(self, state: ClusterState, spoken: str) -> None:
        if (len(state.nodes), state.protocol) != (self.nodes, spoken):
            raise OtherClusterError(
                f"{self.folder} holds a cluster of {len(state.nodes)} node(s) with {state.protocol}, not of "
                f"{self.nodes} with {spoken}: use another folder, or remove the old data with `down --wipe`"
            )

    def _settle_ports(self, state: ClusterState) -> None:
        taken = set(self.proxy_ports)
        for position, node in enumerate(state.nodes):
            node.port = settled_port(self.port + position if self.port else 0, node.port, taken)
            node.controller_port = settled_port(0, node.controller_port, taken)
            node.proxied_port = settled_port(0, node.proxied_port, taken) if self.proxy_ports else 0

    def _configure(self, state: ClusterState) -> None:
        if self.tls:
            _make_certificates(self.folder)
        advertised = self.proxy_ports or [0] * self.nodes
        for broker, port in zip(self._brokers, advertised, strict=True):
            broker.configure(server_properties(state, broker.state, broker.home, port) | dict(self.extra))

    def _format(self, jars: Path) -> None:
        begun = [(broker, broker.begin_format(jars, self._known())) for broker in self._brokers]
        for broker, running in begun:
            if running:
                broker.end_format(running)

    def _wait_for(self, within: float, *brokers: Broker) -> None:
        numbers = {broker.state.number for broker in brokers}
        admin = access.admin_client(self.client_config())

        def ready() -> bool:
            for broker in brokers:
                if not broker.alive:
                    raise broker.failure("ended while starting")
            return numbers <= access.answering(admin)

        if not clock.wait_until(ready, within=within, every=LONGEST_PAUSE_S):
            raise brokers[0].failure(f"was not ready after {within:.0f} s")

    def _kill(self) -> None:
        for broker in self._brokers:
            broker.kill()

    def _remove(self) -> None:
        """Only what was made here: the folder may hold other things."""
        for broker in self._brokers:
            shutil.rmtree(broker.home, ignore_errors=True)
        for name in (states.NAME, protection.SERVER_PEM, protection.AUTHORITY_PEM):
            (self.folder / name).unlink(missing_ok=True)
        if self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()
        self._state, self._brokers = None, ()

    def _save(self) -> None:
        states.save(self.folder, self._known())


def _end(within: float, *brokers: Broker) -> None:
    for broker in brokers:
        broker.child.signal(signal.SIGTERM)
    for broker in brokers:
        if not broker.child.wait(within):
            broker.kill()


def _make_certificates(folder: Path) -> None:
    try:
        from simulators.local_stack import certificates  # noqa: PLC0415 - its package is needed for tls alone
    except ImportError:
        raise StartFailedError("tls=True needs the package cryptography: `pip install cryptography`") from None
    certificates.ensure(folder)


def _new_id() -> str:
    """A cluster id as Kafka writes them; never with a leading dash, which its tools take for an option."""
    return urlsafe_b64encode(b"\x40" + secrets.token_bytes(15)).decode().rstrip("=")
