"""A Maven repository of this machine, with the faults that real ones show."""

import hashlib
import http.server
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simulators.local_stack.locked_files import Lock, LockedFile
from simulators.local_stack.relock import as_text


@dataclass
class MavenServer:
    """Serves `files` by path; each rule can change one answer."""

    files: dict[str, bytes] = field(default_factory=dict)
    login: str | None = None
    statuses: list[int] = field(default_factory=list)
    """Given out one after the other before anything is served."""
    cut_after: int | None = None
    """The first answer ends after so many bytes."""
    redirect_to: str | None = None
    slow_s: float = 0.0
    """Like a line on which a download takes its time."""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """(path, Authorization) of everything that was asked."""
    address: str = ""

    def add(self, file: LockedFile, content: bytes) -> None:
        self.files[f"/{file.path}"] = content


class Handler(http.server.BaseHTTPRequestHandler):
    maven: MavenServer

    def do_GET(self) -> None:
        maven = self.maven
        maven.requests.append((self.path, self.headers.get("Authorization")))
        if maven.statuses:
            self._refuse(maven.statuses.pop(0))
        elif maven.login and self.headers.get("Authorization") != f"Basic {b64encode(maven.login.encode()).decode()}":
            self._refuse(401)
        elif maven.redirect_to:
            self.send_response(302)
            self.send_header("Location", maven.redirect_to + self.path)
            self.end_headers()
        elif self.path not in maven.files:
            self._refuse(404)
        else:
            self._serve(maven.files[self.path])

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        time.sleep(self.maven.slow_s)
        cut, self.maven.cut_after = self.maven.cut_after, None
        self.wfile.write(content[:cut])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Silent: a test prints its own story."""


@pytest.fixture
def new_maven() -> Iterator[Callable[[], MavenServer]]:
    servers: list[http.server.ThreadingHTTPServer] = []

    def start() -> MavenServer:
        maven = MavenServer()
        handler = type("BoundHandler", (Handler,), {"maven": maven})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        maven.address = f"http://127.0.0.1:{server.server_port}"
        return maven

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def maven(new_maven: Callable[[], MavenServer], monkeypatch: pytest.MonkeyPatch) -> MavenServer:
    """The repository that this test's machine knows."""
    server = new_maven()
    monkeypatch.setenv("MAVEN_REPOSITORY_URL", server.address)
    return server


@pytest.fixture(autouse=True)
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the caches and settings of the person who runs it."""
    for name in ("KAFKA_JARS_DIR", "M2_REPO", "MAVEN_REPOSITORY_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


LockMaker = Callable[[dict[str, bytes]], Lock]


@pytest.fixture
def lock_of(tmp_path: Path) -> LockMaker:
    """A lock file that pins these contents, by artifact."""

    def make(contents: dict[str, bytes]) -> Lock:
        files = [pinned(artifact, content) for artifact, content in contents.items()]
        source = tmp_path / "some.lock"
        source.write_text(as_text("some files", files))
        return Lock("some files", source)

    return make


def pinned(artifact: str, content: bytes) -> LockedFile:
    return LockedFile("org.example", artifact, "1.0", hashlib.sha256(content).hexdigest(), len(content))
