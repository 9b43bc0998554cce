"""Pins other versions: for the person who maintains this project, never on a user's machine."""

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from simulators.local_stack.disk import write_atomically
from simulators.local_stack.download import Downloader
from simulators.local_stack.locked_files import KAFKA, REGISTRY, Lock, LockedFile
from simulators.local_stack.repository import known_repository

LOG4J = "org.apache.logging.log4j"
THREADS = 8


def lock_kafka(version: str) -> Lock:
    """Resolve the broker with jgo and pin every jar.

    One root only: with several joined by `+`, jgo lets the parent POM of one override versions of another, and a broker
    of 4.3 got the clients of 3.9.
    """
    import jgo  # noqa: PLC0415 - needed by this command alone

    found = jgo.resolve(f"org.apache.kafka:kafka_2.13:{version}")
    versions = {(artifact.groupId, artifact.artifactId): artifact.version for artifact in found}
    versions[LOG4J, "log4j-slf4j-impl"] = versions[LOG4J, "log4j-core"]  # the broker logs through SLF4J 1.7
    wanted = [LockedFile(group, artifact, found, "", 0) for (group, artifact), found in sorted(versions.items())]
    title = f"Apache Kafka {version} broker (Scala 2.13) and its runtime dependencies"
    return _write(KAFKA, title, wanted)


def lock_registry(version: str) -> Lock:
    """Pin the complete distribution, the only form that runs without Docker and without a build."""
    wanted = LockedFile("io.apicurio", "apicurio-registry-app", version, "", 0, "all", "tar.gz")
    return _write(REGISTRY, f"Apicurio Registry {version}, the complete distribution", [wanted])


def _write(lock: Lock, title: str, wanted: Iterable[LockedFile]) -> Lock:
    downloader = Downloader(known_repository())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(THREADS) as pool:
        files = list(pool.map(lambda file: _measured(downloader, file, Path(folder)), wanted))
    write_atomically(lock.source, as_text(title, files).encode(), mode=0o644)
    return lock


def _measured(downloader: Downloader, file: LockedFile, folder: Path) -> LockedFile:
    target = folder / file.name
    received = downloader.save(file.path, target, lambda _: None)
    target.unlink()
    return replace(file, sha256=received.sha256, size=received.size)


def as_text(title: str, files: list[LockedFile]) -> str:
    """The whole lock file."""
    size = sum(file.size for file in files) / 1e6
    return (
        f"# {title}: {len(files)} file{'s' * (len(files) > 1)}, {size:.1f} MB.\n"
        "# One file a line: group:artifact:version[:classifier:kind] sha256 bytes.\n"
        "# Written by `python -m simulators.local_stack lock`; do not edit.\n"
        + "".join(f"{file.line}\n" for file in files)
    )
