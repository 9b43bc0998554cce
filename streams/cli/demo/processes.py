"""The processes of the demo: workers and the simulated shop, each with its log, all ended at the end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

STEP_S = 0.1
CALL_S = 5.0


class DemoError(Exception):
    """The demo cannot go on; the message says why and where to look."""


def wait_until(condition: Callable[[], bool], within: float, what: str) -> None:
    """DemoError where it does not come."""
    end = now() + within
    while not condition():
        if now() > end:
            raise DemoError(f"{what}: not within {within:.0f} s")
        pause(STEP_S)


def now() -> float:
    return time.monotonic()  # noqa: TID251  the demo runs real processes in real time


def pause(seconds: float) -> None:
    time.sleep(max(0.0, seconds))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(url: str, method: str = "GET", body: object = None, token: str = "") -> Any:  # Any: JSON
    """JSON in, JSON out, from a server on this machine.  Raises OSError."""
    given = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data=given, method=method, headers=headers)  # noqa: S310  ours
    with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310  as above
        text = answer.read()
    return json.loads(text) if text else None


def answers(url: str) -> bool:
    """Whether the address answers 2xx."""
    try:
        ask(url)
    except (OSError, urllib.error.URLError, ValueError):
        return False
    return True


class Child:
    """A process of ours."""

    def __init__(self, name: str, arguments: list[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self.name, self.log = name, log
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603  our own programs
                [sys.executable, "-m", *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(environ or {})},
                start_new_session=True,  # Ctrl-C is for the demo, which then ends its children in order
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no chance to say good-bye."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self, within: float = 32) -> None:
        """SIGTERM, then SIGKILL."""
        if not self.running:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_lines(self, count: int = 5) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
