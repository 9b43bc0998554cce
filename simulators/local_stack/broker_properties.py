"""Writes a broker's configuration: small, quick to start, and as strict as a production cluster about losing data."""

from collections.abc import Mapping
from pathlib import Path

from simulators.local_stack import protection
from simulators.local_stack.state import ClusterState, NodeState

LOG4J = """\
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
"""


def server_properties(cluster: ClusterState, node: NodeState, home: Path, advertised: int) -> dict[str, str]:
    """One broker and controller in one process (KRaft); names as in Kafka's broker configuration.

    `advertised` is the port of a proxy in front of this node's second listener, FAULTY; 0 leaves that listener out.
    """
    properties = _roles(cluster, node) | _listeners(cluster, node, advertised)
    properties |= {"log.dirs": str(home / "data")} | _copies(len(cluster.nodes)) | _quick()
    return properties | protection.properties(cluster, home.parent, faulty=bool(advertised))


def as_text(properties: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def _roles(cluster: ClusterState, node: NodeState) -> dict[str, str]:
    voters = ",".join(f"{voter.number}@127.0.0.1:{voter.controller_port}" for voter in cluster.nodes)
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "CLIENT",
    }


def _listeners(cluster: ClusterState, node: NodeState, advertised: int) -> dict[str, str]:
    client, controller = f"CLIENT://127.0.0.1:{node.port}", f"CONTROLLER://127.0.0.1:{node.controller_port}"
    faulty = [f"FAULTY://127.0.0.1:{node.proxied_port}"] if advertised else []
    shown = [f"FAULTY://127.0.0.1:{advertised}"] if advertised else []
    return {
        "listeners": ",".join([client, controller, *faulty]),
        "advertised.listeners": ",".join([client, *shown]),
        "listener.security.protocol.map": ",".join(
            f"{name}:{cluster.protocol}" for name in ("CLIENT", "CONTROLLER", "FAULTY")
        ),
    }


def _copies(nodes: int) -> dict[str, str]:
    """Three nodes: every record on three disks, written when two have it; one node: what one node can do."""
    copies = min(3, nodes)
    in_sync = max(1, copies - 1)
    factors = ("default", "offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
    minima = ("transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr", "min.insync.replicas")
    return {f"{name}.replication.factor": str(copies) for name in factors} | dict.fromkeys(minima, str(in_sync))


def _quick() -> dict[str, str]:
    """Few internal partitions, no wait before the first rebalance; a killed broker loses its partitions after 6 s."""
    return {
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        "broker.session.timeout.ms": "6000",
    }
