"""The command line in a process that notes every connection it opens: `python -m tests.proofs.watched FILE ARGUMENT …`.

Python tells of each connection before it is made (`sys.addaudithook`, event `socket.connect`).  librdkafka opens its
own without telling Python; `endpoints` reads those from the kernel's table, of any process.
"""

import atexit
import json
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

Endpoint = tuple[str, int]
_ANY = ("0.0.0.0", 0)


class Connections:
    """`opened` are the addresses that Python code connected to, in order; looking up a name counts as `resolved`."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def install(self) -> "Connections":
        """For good: Python takes no hook back."""
        sys.addaudithook(self._heard)
        return self

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self.opened.append(_text(arguments[1]))


def _text(address: object) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)


def endpoints(pid: int) -> set[str]:
    """The far ends of the TCP connections that a process has open at this moment."""
    inodes = set(_inodes(pid))
    return {f"{host}:{port}" for inode, (host, port) in _table() if inode in inodes and (host, port) != _ANY}


def _inodes(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = str(link.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]


def _table() -> Iterator[tuple[str, Endpoint]]:
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                fields = line.split()
                yield fields[9], _endpoint(fields[2])


def _endpoint(text: str) -> Endpoint:
    host, port = text.split(":")
    words = [struct.pack("<I", int(host[at : at + 8], 16)) for at in range(0, len(host), 8)]
    return socket.inet_ntoa(words[-1]), int(port, 16)


def main() -> None:
    from streams.cli.main import cli  # noqa: PLC0415  after the hook, which must see everything

    into, arguments = Path(sys.argv[1]), sys.argv[2:]
    atexit.register(lambda: into.write_text(json.dumps(noted.opened)))
    cli(arguments, prog_name="commerce-streams")


if __name__ == "__main__":
    noted = Connections().install()
    main()
