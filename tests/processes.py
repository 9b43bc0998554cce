"""Workers and the simulated shop as processes of their own: what is killed here is killed for real."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

STEP_S = 0.05


def until(condition: Callable[[], bool], *, within: float, what: str | Callable[[], str], step: float = STEP_S) -> None:
    """Polls; AssertionError that says what did not come."""
    end = time.monotonic() + within  # noqa: TID251  real processes take real time
    while not condition():
        if time.monotonic() > end:  # noqa: TID251  as above
            raise AssertionError(f"not within {within:.0f} s: {what if isinstance(what, str) else what()}")
        time.sleep(step)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call(
    url: str, *, method: str = "GET", body: object = None, timeout: float = 5, headers: Mapping[str, str] | None = None
) -> Any:
    """JSON in, JSON out."""
    given = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=given, method=method, headers=sent)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Process:
    """One process with its log; ended at the latest when the test ends."""

    def __init__(self, arguments: list[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self._arguments, self.log_path = arguments, log
        self.variables = {**os.environ, **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.variables
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def stop(self, within: float = 35) -> int:
        """SIGTERM; the exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait(within)

    def wait(self, within: float) -> int:
        assert self._process is not None
        return self._process.wait(within)

    def end(self) -> None:
        if self.running:
            self.kill()


PRODUCT = ("streams",)


class Worker(Process):
    """`python -m streams worker` with a data directory and a port of its own; `program` may be another than ours."""

    def __init__(self, name: str, folder: Path, environ: Mapping[str, str], program: Sequence[str] = PRODUCT) -> None:
        self.name, self.port = name, free_port()
        self.ahead_s = 0.0
        """How far a test has set its clock ahead."""
        self.data = folder / f"{name}-data"
        own = {
            "STREAMS_DATA_DIR": str(self.data),
            "STREAMS_WEB__PORT": str(self.port),
            "STREAMS_WORKER_ID": name,
            "STREAMS_LOGS__FORMAT": "text",
        }
        super().__init__([sys.executable, "-m", *program, "worker"], folder / f"{name}.log", {**environ, **own})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        try:
            call(f"{self.url}/readyz", timeout=1)
        except (OSError, urllib.error.URLError):
            return False
        return True

    def readiness(self) -> str:
        """What the probe says, whatever its status."""
        try:
            return json.dumps(call(f"{self.url}/readyz", timeout=1))
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def wait_ready(self, within: float = 120) -> "Worker":
        until(lambda: self.is_ready() or not self.running, within=within, what=lambda: f"{self.name} ready\n{self.log}")
        assert self.running, f"{self.name} ended:\n{self.log}"
        return self

    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = call(f"{self.url}/api/v1/worker")["data"]
        return found


class Simulated(Process):
    """A simulator as a process; faults, journal and state over its own interface."""

    def __init__(self, name: str, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        module = [sys.executable, "-m", f"simulators.{name}", "--port", str(self.port), *arguments]
        super().__init__(module, folder / f"{name}.log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self) -> Self:
        until(lambda: "base_url" in self.log or not self.running, within=20, what="the simulator answers")
        assert self.running, self.log
        return self

    def seed(self, **parts: object) -> None:
        call(f"{self.url}/_sim/state", method="PUT", body=parts)

    def fault(self, **rule: object) -> int:
        """The rule's id."""
        found: int = call(f"{self.url}/_sim/faults", method="POST", body=rule)["id"]
        return found

    def hits(self, rule: int) -> int:
        rules = call(f"{self.url}/_sim/faults")
        return int(next(one["hits"] for one in rules["items"] if one["id"] == rule))

    def heal(self) -> None:
        call(f"{self.url}/_sim/faults", method="DELETE")

    def journal(self) -> list[dict[str, Any]]:
        """Everything, in order."""
        found: list[dict[str, Any]] = []
        since = 0
        while True:
            page = call(f"{self.url}/_sim/journal?since={since}&limit=1000", timeout=20)
            found += page["items"]
            if not page["items"] or page["next"] == since:
                return found
            since = page["next"]


class Shop(Simulated):
    """The simulated Adobe Commerce."""

    def __init__(self, folder: Path, **settings: object) -> None:
        given = json.dumps({"deadlock_chance": 0, **settings})
        super().__init__("adobe_commerce", folder, "--settings", given)

    def source_items(self) -> dict[tuple[str, str], tuple[str, int]]:
        """(source, SKU) → (quantity as text, status)."""
        rows = call(f"{self.url}/_sim/state/source-items", timeout=20)["rows"]
        return {(source, sku): (quantity, status) for source, sku, quantity, status in rows}
