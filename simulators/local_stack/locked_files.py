"""Names every file that is ever downloaded, by coordinates, hash and size: nothing is resolved on a user's machine."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class LockedFile:
    """One file of a Maven repository; `classifier` and `kind` are Maven's words for what is not the plain jar."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int
    classifier: str = ""
    kind: str = "jar"

    @property
    def name(self) -> str:
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{tail}.{self.kind}"

    @property
    def path(self) -> str:
        """Where a Maven repository keeps it, below its base address."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"

    @property
    def line(self) -> str:
        """How a lock file states it."""
        parts = [self.group, self.artifact, self.version]
        if self.classifier:
            parts += [self.classifier, self.kind]
        return f"{':'.join(parts)} {self.sha256} {self.size}"


@dataclass(frozen=True)
class Lock:
    """A lock file: what belongs together, under the name that people are shown."""

    title: str
    source: Path

    @property
    def files(self) -> tuple[LockedFile, ...]:
        lines = self.source.read_text().splitlines()
        return tuple(parse(line) for line in lines if line and not line.startswith("#"))

    @property
    def size(self) -> int:
        """Bytes of everything in it."""
        return sum(file.size for file in self.files)

    @property
    def key(self) -> str:
        """Changes with the content, so that two versions never share a cache folder."""
        return hashlib.sha256(self.source.read_bytes()).hexdigest()[:12]


KAFKA = Lock("Kafka", HERE / "kafka-jars.lock")
REGISTRY = Lock("the schema registry", HERE / "registry.lock")


def parse(line: str) -> LockedFile:
    """One line of a lock file: group:artifact:version[:classifier:kind] sha256 bytes."""
    coordinates, sha256, size = line.split()
    group, artifact, version, *rest = coordinates.split(":")
    classifier, kind = rest or ("", "jar")
    return LockedFile(group, artifact, version, sha256, int(size), classifier, kind)


def file_sha256(path: Path) -> str:
    """The hash as the lock files write it."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
