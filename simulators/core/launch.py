"""A simulator as a program: the options that all of them have, and how one is served until a signal."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from simulators.core import wire
from simulators.core.server import ServerOptions, Simulator, serve_until_signal

SimulatorT = TypeVar("SimulatorT", bound=Simulator)
CANNOT_RUN = 2


def parser(package: str, *, description: str, example: str) -> argparse.ArgumentParser:
    """Where it listens, where it journals, its seed and its settings; `example` is what follows the program's name."""
    made = argparse.ArgumentParser(
        prog=f"python -m simulators.{package}",
        description=f"{description}: simulators/{package}/README.md.",
        epilog=f"example: python -m simulators.{package} {example}",
    )
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    made.add_argument("--port", type=int, default=0, help="port (default: a free one, printed on start)")
    made.add_argument("--journal", type=Path, default=None, metavar="FILE", help="also write the journal to FILE")
    made.add_argument("--seed", type=int, default=0, help="seed of everything that is left to chance")
    made.add_argument("--settings", default="{}", metavar="JSON", help="settings by name, as in README.md")
    return made


def sent_settings(options: argparse.Namespace) -> dict[str, object]:
    """Raises ValueError where they are no JSON object."""
    return msgspec.json.decode(options.settings, type=dict[str, object])


def server_options(options: argparse.Namespace) -> ServerOptions:
    return ServerOptions(host=options.host, port=options.port, journal=options.journal, seed=options.seed)


def serve(
    name: str,
    options: argparse.Namespace,
    make: Callable[[argparse.Namespace], SimulatorT],
    told: Callable[[SimulatorT], Mapping[str, object]],
) -> int:
    """Serve until SIGTERM or SIGINT.  Prints one line of JSON with the address when requests are taken.

    `told` is what the line says beside the name, the address and the process.  Returns 0 after a clean stop, 2 where it
    cannot run (a wrong setting, a port that is taken).
    """
    try:
        simulator = make(options)
        asyncio.run(serve_until_signal(simulator, lambda: _announce(name, simulator, told(simulator))))
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"{name} simulator on port {options.port}: {problem}\n")
        return CANNOT_RUN
    return 0


def _announce(name: str, simulator: Simulator, told: Mapping[str, object]) -> None:
    ready = {"name": name, "url": simulator.url, "base_url": simulator.url, **told, "pid": os.getpid()}
    sys.stdout.write(wire.encode(ready).decode() + "\n")
    sys.stdout.flush()
