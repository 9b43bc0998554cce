"""Runs one server process so that it neither outlives a test by accident nor dies with a command that started it.

A server that belongs to its starter (tests, the demo) is on a *leash*: a shell that reads from a pipe whose other end
only the starter holds. When the starter ends, in whatever way, the pipe closes and the shell kills the server.
Linux has `prctl(PR_SET_PDEATHSIG)` for this, but there "parent" is the *thread* that started the server (prctl(2)):
a server started in a worker thread would die with that thread, and the call needs code between fork and exec, which is
unsafe in a program with threads.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.local_stack import clock
from simulators.local_stack.disk import writing

LEASH = """
read -r _
[ ! -d /proc/self ] || grep -qsF -- "$2" "/proc/$1/cmdline" || exit 0
kill -KILL "$1"
"""


@dataclass(eq=False)
class Child:
    """A server process; `mark` is text of its command line, so that a re-used process id is not taken for it."""

    pid: int
    mark: str
    process: subprocess.Popen[bytes] | None = None
    leash: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        if self.process:
            return self.process.poll() is None
        return self.pid > 0 and _runs(self.pid, self.mark)

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):  # ended between the look and the signal
                os.kill(self.pid, number)

    def wait(self, within: float) -> bool:
        """True where it has ended after at most `within` seconds."""
        if not clock.wait_until(lambda: not self.alive, within=within, every=0.02):
            return False
        self._untie()
        return True

    def _untie(self) -> None:
        if self.leash and self.leash.stdin:
            self.leash.kill()
            self.leash.wait()
            self.leash.stdin.close()
            self.leash = None


def spawn(
    command: Sequence[str], mark: str, log: Path, *, environment: Mapping[str, str] | None = None, detached: bool
) -> Child:
    """Start a server in a session of its own (Ctrl-C reaches the starter alone); its output goes on in `log`."""
    with writing(log):
        out = log.open("ab")
    with out:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=log.parent,
            start_new_session=True,
        )
    return Child(process.pid, mark, process, None if detached else _leash(process.pid, mark))


def _leash(pid: int, mark: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - constant script; pid and mark are arguments, not code
        ["/bin/sh", "-c", LEASH, "leash", str(pid), mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _runs(pid: int, mark: str) -> bool:
    try:
        os.kill(pid, 0)
        if Path("/proc/self").exists():  # elsewhere the process id alone must do
            return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # ended, also between the two looks, or not ours
        return False
    return True
