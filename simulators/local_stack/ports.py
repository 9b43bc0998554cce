"""Chooses ports that stay ours: a killed broker must find its port free when it comes back."""

import fcntl
import os
import random
import socket
import tempfile
from functools import cache
from pathlib import Path

from simulators.local_stack.errors import PortTakenError

FIRST, LAST = 20_000, 32_767
"""Below 32768, from where Linux serves outgoing connections (ip_local_port_range), and above the well-known ones."""
TRIES = 200
_CHOICE = random.SystemRandom()
_PROMISED: set[int] = set()
"""What this program was given and may not listen on just now: no other server gets it, whoever starts that."""


def is_free(port: int) -> bool:
    """True where a server could listen now; ports of connections that just closed count as free, as for Java."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: set[int]) -> int:
    """A free port that is not in `taken`, and in `taken` afterwards.

    Raises:
        PortTakenError: none was found.
    """
    for _ in range(TRIES):
        port = _CHOICE.randint(FIRST, LAST)
        if port not in taken | _PROMISED and is_free(port) and _is_ours(port):
            taken.add(port)
            _PROMISED.add(port)
            return port
    raise PortTakenError(f"no free port between {FIRST} and {LAST} in {TRIES} tries: end some programs")


def _is_ours(port: int) -> bool:
    """One byte of a file stands for each port; its lock ends with this program, so nobody need clean up."""
    try:
        fcntl.lockf(_ledger(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@cache
def _ledger() -> int:
    """Never closed: a lock of this kind ends with the first close of its file."""
    path = Path(tempfile.gettempdir(), f"commerce-streams-ports-{os.getuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def settled_port(wanted: int, earlier: int, taken: set[int]) -> int:
    """`wanted` where one is asked for, else the port of the last start where it is still free, else any.

    Raises:
        PortTakenError: another program listens on `wanted`.
    """
    if wanted:
        if wanted in taken or not is_free(wanted):
            raise PortTakenError(f"port {wanted} is in use: end the program that listens there, or choose another port")
        taken.add(wanted)
        return wanted
    if earlier and earlier not in taken and is_free(earlier):
        taken.add(earlier)
        return earlier
    return free_port(taken)
