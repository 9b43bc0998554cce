"""Kafka and the schema registry together: what a worker needs to run, started at the same time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.local_stack.jars import kafka_jars
from simulators.local_stack.kafka import Kafka
from simulators.local_stack.progress import ProgressSink, silent
from simulators.local_stack.protection import encrypts, signs_in
from simulators.local_stack.registry import Registry
from simulators.local_stack.registry_archive import registry_home


@dataclass(eq=False)
class LocalStack:
    """Both below `folder`; leaving the `with` block stops them, and removes their data unless they are kept."""

    folder: Path
    port: int = 0
    registry_port: int = 0
    nodes: int = 1
    secure: bool = False
    tls: bool = False
    kept: bool = False
    detached: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    progress: ProgressSink = silent

    def __post_init__(self) -> None:
        self.folder = Path(self.folder).resolve()
        self.kafka = Kafka(
            self.folder / "kafka",
            port=self.port,
            nodes=self.nodes,
            secure=self.secure,
            tls=self.tls,
            kept=self.kept,
            detached=self.detached,
            extra=self.extra,
            progress=self.progress,
        )
        self.registry = Registry(
            self.folder / "registry",
            port=self.registry_port,
            kept=self.kept,
            detached=self.detached,
            progress=self.progress,
        )

    def start(self) -> Self:
        """Refuse what must be refused, download what is missing, then start both and wait for both.

        No threads: the registry needs none of us while it starts, and an interrupt ends everything at once.

        Raises:
            StackError: see `errors`; what was started is stopped again.
        """
        self.kafka.plan()
        self.registry.plan()
        kafka_jars(self.progress)
        registry_home(self.progress)
        try:
            self.registry.launch()
            self.kafka.launch()
            self.kafka.wait_ready()
            self.registry.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, *, wipe: bool = False) -> None:
        """End both; `wipe` also removes their data."""
        self.registry.stop(wipe=wipe)
        self.kafka.stop(wipe=wipe)
        if wipe and self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def environment(self, user: str = "app") -> dict[str, str]:
        """What a worker is started with to reach both; `user` matters on a secure cluster only."""
        config = self.kafka.client_config(user)
        found = {
            "STREAMS_KAFKA__BOOTSTRAP_SERVERS": config["bootstrap.servers"],
            "STREAMS_SCHEMA_REGISTRY__URL": self.registry.url,
        }
        spoken = config.get("security.protocol", "PLAINTEXT")
        if spoken != "PLAINTEXT":
            found["STREAMS_KAFKA__SECURITY_PROTOCOL"] = spoken
        if signs_in(spoken):
            found["STREAMS_KAFKA__SASL_MECHANISM"] = config["sasl.mechanism"]
            found["STREAMS_KAFKA__SASL_USERNAME"] = config["sasl.username"]
            found["STREAMS_KAFKA__SASL_PASSWORD"] = config["sasl.password"]
        if encrypts(spoken):
            found["STREAMS_KAFKA__SSL_CAFILE"] = config["ssl.ca.location"]
        return found

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop(wipe=not self.kept)
