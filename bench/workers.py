"""Programs under measurement: the product's worker, and the peers; each held on one core."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.machine import cpu_seconds, now, peak_resident_bytes, pinned, resident_bytes, wait
from bench.stack import LineError

STEP_S = 0.05
STOP_S = 40.0


def until(condition: Callable[[], bool], *, within: float, what: Callable[[], str], step: float = STEP_S) -> None:
    """Polls.  LineError that says what did not come."""
    end = now() + within
    while not condition():
        if now() > end:
            raise LineError(f"not within {within:.0f} s: {what()}")
        wait(step)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


class Program:
    """One process with its log; `end` at the latest where the line ends."""

    def __init__(self, command: list[str], log: Path, environ: Mapping[str, str], *, pin: bool = True) -> None:
        self.log_path = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                pinned(command) if pin else command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": str(log.parent), **environ},  # what a kill leaves lies with its log
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def cpu_s(self) -> float:
        return cpu_seconds(self._process.pid)

    @property
    def rss_bytes(self) -> int:
        return resident_bytes(self._process.pid)

    @property
    def peak_rss_bytes(self) -> int:
        return peak_resident_bytes(self._process.pid)

    def leave(self) -> None:
        """SIGTERM, and no waiting."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.leave()
        return self.finish(STOP_S)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait(STOP_S)

    def finish(self, within: float) -> int:
        """Waits for its own end; the exit code.  LineError where it does not come."""
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise LineError(f"{self.log_path.name}: no end within {within:.0f} s\n{self.log[-2000:]}") from late

    def end(self) -> None:
        if self.running:
            self.kill()


class Worker(Program):
    """The product's worker, with a data directory and a port of its own."""

    def __init__(self, name: str, folder: Path, environ: Mapping[str, str], *, port: int | None = None) -> None:
        self.name, self.data = name, folder / f"{name}-data"
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {"STREAMS_WEB__PORT": str(port), "STREAMS_WORKER_ID": name}
        given = {"STREAMS_DATA_DIR": str(self.data), **environ, **own}
        super().__init__([sys.executable, "-m", "streams", "worker"], folder / f"{name}.log", given)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=1):
                return True
        except (OSError, urllib.error.URLError):
            return False

    def is_recovered(self) -> bool:
        """Partitions are assigned and their tables whole, whatever else keeps it from being ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=1) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as refused:
            told = json.load(refused)
        except OSError:
            return False
        return all(reason["name"] != "joining" for reason in told["reasons"])

    @property
    def lane(self) -> dict[str, Any] | None:  # Any: JSON
        """What it tells of the stock lane; None where it does not have it, or does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/worker", timeout=2) as answer:
                found: dict[str, Any] | None = json.load(answer)["data"]["lane"]
                return found
        except OSError:
            return None

    def metric(self, sample: str) -> float:
        """What it says of a sample, name and labels as they stand on `/metrics`; 0 where there is none.  OSError."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.removeprefix(sample)) for line in lines if line.startswith(f"{sample} ")), 0.0)

    def forget(self) -> None:
        """Its data: the disk is not for keeping rounds."""
        shutil.rmtree(self.data, ignore_errors=True)


def answer_of(program: Program, within: float) -> dict[str, Any]:
    """The JSON object that a peer prints as its last line.  LineError where it failed."""
    code = program.finish(within)
    lines = [line for line in program.log.splitlines() if line.startswith("{")]
    if code or not lines:
        raise LineError(f"{program.log_path.name}: exit {code}\n{program.log[-3000:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found
