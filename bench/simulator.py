"""A simulator as a process of its own, asked through its `/_sim` routes: seed, faults, journal."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.workers import Program, free_port, until

ANSWER_S = 60.0
PAGE = 2000
Entry = dict[str, Any]  # Any: a line of a simulator's journal


class Called(NamedTuple):
    """A request: when it came and when it was answered, by the clock of this machine; whether it changed something."""

    begun: float
    at: float
    method: str
    path: str
    status: int
    is_effect: bool


class Simulator:
    """Not pinned: it shares the cores of broker and generator."""

    def __init__(self, name: str, folder: Path, *arguments: str) -> None:
        port = free_port()
        self.url, self._since = f"http://127.0.0.1:{port}", 0
        command = [sys.executable, "-m", f"simulators.{name}", "--port", str(port), *arguments]
        self._program = Program(command, folder / f"{name}.log", {}, pin=False)

    def wait_ready(self) -> None:
        """Raises LineError."""
        until(lambda: "base_url" in self._program.log, within=30, what=lambda: self._program.log)

    def ask(self, path: str, method: str = "GET", body: object = None) -> Any:  # Any: JSON
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return json.loads(answer.read() or b"null")

    def seed(self, **parts: object) -> None:
        self.ask("/_sim/state", "PUT", parts)

    def heal(self) -> None:
        """No fault any more."""
        self.ask("/_sim/faults", "DELETE")

    def slow(self, seconds: float) -> None:
        """From now on every answer takes so much longer, and that is the only fault."""
        self.heal()
        methods = ["GET", "POST", "PUT", "PATCH"]
        self.ask("/_sim/faults", "POST", {"kind": "latency", "path": ".*", "methods": methods, "delay_s": seconds})

    def away(self) -> None:
        """From now on every connection is closed unread."""
        self.ask("/_sim/faults", "POST", {"kind": "outage"})

    def calls(self) -> Iterator[Called]:
        """Answered requests since it was asked last."""
        while True:
            page = self.ask(f"/_sim/journal?since={self._since}&limit={PAGE}")
            yield from (_called(one) for one in page["items"] if one["kind"] == "request" and one["status"] is not None)
            if page["next"] == self._since:
                return
            self._since = page["next"]

    def effects(self) -> Iterator[Called]:
        """Those of them that made or changed something."""
        return (one for one in self.calls() if one.is_effect)

    def end(self) -> None:
        self._program.end()


def _called(entry: Entry) -> Called:
    ended = entry["at"] if entry["ended_at"] is None else entry["ended_at"]
    return Called(entry["at"], ended, entry["method"], entry["path"], entry["status"], entry["effect"])
