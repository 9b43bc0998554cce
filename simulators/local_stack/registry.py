"""A real schema registry (Apicurio) that speaks Confluent's API, because a home-made one would agree with our mistakes.

Where it differs from Confluent's registry (measured on 3.3.3):
- the global compatibility is NONE until it is set: it is set to BACKWARD and checked before anybody gets the address;
- `GET /config/{subject}` without a setting of its own answers with a level instead of 404 with code 40408;
- schemas come back as they were sent, not normalised.
"""

import json
import os
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.local_stack import clock, log_reason
from simulators.local_stack import state as states
from simulators.local_stack.child import Child, spawn
from simulators.local_stack.disk import writing
from simulators.local_stack.errors import (
    AlreadyRunningError,
    NotRunningError,
    OtherClusterError,
    StackError,
    StartFailedError,
)
from simulators.local_stack.java import REGISTRY_HEAP_MB, java_command
from simulators.local_stack.ports import settled_port
from simulators.local_stack.progress import Progress, ProgressSink, silent
from simulators.local_stack.registry_archive import registry_home
from simulators.local_stack.state import RegistryState

READY_S = 120.0
STOP_S = 15.0
ANSWER_S = 10.0
HEAP_VARIABLE = "COMMERCE_STREAMS_STACK_REGISTRY_HEAP_MB"
FOREIGN = ("QUARKUS_", "APICURIO_")
"""Variables of the caller's shell that would change the registry behind our back."""
DATABASE = "registry.mv.db"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(eq=False)
class Registry:
    """One registry below `folder`; leaving the `with` block stops it, and removes its schemas unless they are kept."""

    folder: Path
    port: int = 0
    """0 takes a free port, and the same again next time."""
    kept: bool = False
    """Schemas on disk, so that their ids outlive a restart as the topics that use them do; else in memory."""
    detached: bool = False
    """Goes on when the program that started it ends; else it is killed then."""
    progress: ProgressSink = silent
    java_flags: Sequence[str] = ()
    """On top."""

    def __post_init__(self) -> None:
        self.folder = Path(self.folder).resolve()
        self.log = self.folder / "registry.log"
        self._state = states.load(self.folder, RegistryState)
        self._child = Child(self._state.pid if self._state else 0, self._mark)

    @property
    def url(self) -> str:
        """What a client of Confluent's registry is given."""
        return f"http://127.0.0.1:{self._known().port}/apis/ccompat/v7"

    @property
    def running(self) -> bool:
        return self._child.alive

    @property
    def pid(self) -> int:
        """Of the last start; 0 where there was none."""
        return self._child.pid

    def complaint(self) -> str:
        """The line of the log that says why it ended; empty where it wrote no error, such as after a kill."""
        return log_reason.complaint(self.log, self._known().log_start)

    # ── life ─────────────────────────────────────────────────────────────────────────────────────

    def start(self, within: float = READY_S) -> Self:
        """Start it and wait until it can write.

        Raises:
            StackError: see `errors`; nothing is left running then.
        """
        self.launch()
        self.wait_ready(within)
        return self

    def plan(self) -> RegistryState:
        """Settle everything that can be refused without a download; nothing is written yet.

        Raises:
            AlreadyRunningError, OtherClusterError, PortTakenError: each says what to do.
        """
        if self.running:
            raise AlreadyRunningError(f"the registry already runs in {self.folder} on {self.url}: stop it first")
        state = self._state or RegistryState(self.kept)
        if state.kept != self.kept:
            raise OtherClusterError(
                f"the registry in {self.folder} was started with its schemas {'on disk' if state.kept else 'in memory'}"
                ": use another folder, or remove the old data with `down --wipe`"
            )
        taken: set[int] = set()
        state.port = settled_port(self.port, state.port, taken)
        state.management_port = settled_port(0, state.management_port, taken)
        return state

    def launch(self) -> None:
        """The part of `start` before the wait, for callers that start other things meanwhile."""
        state = self.plan()
        home = registry_home(self.progress)
        self._state = state
        with writing(self.folder):
            Path(self._mark).mkdir(parents=True, exist_ok=True)
        self.progress(Progress("starting the schema registry"))
        state.log_start = self.log.stat().st_size if self.log.exists() else 0
        command = java_command(Path(self._mark), HEAP_VARIABLE, REGISTRY_HEAP_MB, home)
        self._child = spawn(
            [*command, *self.java_flags, "-jar", str(home / "quarkus-run.jar")],
            self._mark,
            self.log,
            environment=self._environment(state),
            detached=self.detached,
        )
        state.pid = self._child.pid
        states.save(self.folder, state)

    def wait_ready(self, within: float = READY_S) -> None:
        """Until the health page of the management port says so and compatibility is BACKWARD."""
        try:
            self._wait_healthy(within)
            self._require_backward()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill -9."""
        self._child.signal(signal.SIGKILL)
        self._child.wait(STOP_S)

    def stop(self, *, wipe: bool = False, within: float = STOP_S) -> None:
        """End it; `wipe` also removes all that was made here, and then does not wait for a clean end."""
        if wipe:
            self.kill()
            self._remove()
            return
        self._child.signal(signal.SIGTERM)
        if not self._child.wait(within):
            self.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop(wipe=not self.kept)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    @property
    def _mark(self) -> str:
        return str(self.folder / "tmp")

    def _known(self) -> RegistryState:
        if self._state is None:
            raise NotRunningError(f"no registry was ever started in {self.folder}: start it first")
        return self._state

    def _environment(self, state: RegistryState) -> dict[str, str]:
        """Names as in Apicurio's and Quarkus' configuration; WRITE_DELAY=0: an id given out survives a kill (H2)."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        if self.kept:
            own["APICURIO_DATASOURCE_URL"] = f"jdbc:h2:file:{self.folder / 'registry'};WRITE_DELAY=0"
        return own | {
            "APICURIO_STORAGE_KIND": "sql",
            "APICURIO_DATASOURCE_JDBC_INITIAL_SIZE": "2",
            "APICURIO_DATASOURCE_JDBC_MIN_SIZE": "2",
            "APICURIO_DATASOURCE_JDBC_MAX_SIZE": "10",
            "QUARKUS_HTTP_HOST": "127.0.0.1",
            "QUARKUS_HTTP_PORT": str(state.port),
            "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
            "QUARKUS_MANAGEMENT_PORT": str(state.management_port),
        }

    def _wait_healthy(self, within: float) -> None:
        if not clock.wait_until(self._is_healthy, within=within):
            raise self._failure(f"was not ready after {within:.0f} s")

    def _is_healthy(self) -> bool:
        if not self.running:
            raise self._failure("ended while starting")
        try:
            answer = _answer(f"http://127.0.0.1:{self._known().management_port}/health/ready")
        except (OSError, ValueError):  # not there yet, or not yet whole
            return False
        return bool(answer.get("status") == "UP")

    def _require_backward(self) -> None:
        """Kept data can hold another level that somebody set: it is set at every start."""
        try:
            _answer(f"{self.url}/config", {"compatibility": "BACKWARD"})
            level = _answer(f"{self.url}/config").get("compatibilityLevel")
        except (OSError, ValueError) as error:
            raise StartFailedError(f"the registry did not take the compatibility setting: {error}") from None
        if level != "BACKWARD":
            raise StartFailedError(f"the registry answers with compatibility {level} after it was set to BACKWARD")

    def _failure(self, what: str) -> StackError:
        return log_reason.failure(f"the schema registry {what}", self.log, self._known().log_start)

    def _remove(self) -> None:
        """Only what was made here: the folder may hold other things."""
        shutil.rmtree(self._mark, ignore_errors=True)
        for name in (states.NAME, self.log.name, DATABASE, "registry.trace.db"):
            (self.folder / name).unlink(missing_ok=True)
        if self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()
        self._state = None


def _answer(url: str, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - any JSON
    """GET, or PUT with a body; never through a proxy: it is this machine that is asked."""
    content = json.dumps(body).encode() if body else None
    request = urllib.request.Request(  # noqa: S310 - http to 127.0.0.1
        url, content, {"Content-Type": "application/json"}, method="PUT" if body else "GET"
    )
    with _DIRECT.open(request, timeout=ANSWER_S) as answer:
        return json.load(answer)
