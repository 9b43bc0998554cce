"""Starts the simulated S/4HANA, in process or as a process of its own."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator, serve_until_signal
from simulators.sap_s4hana.doors import TOKEN_PATH
from simulators.sap_s4hana.settings import Settings, changed
from simulators.sap_s4hana.vendor import SapS4Hana


class SapS4HanaSimulator(Simulator):
    """`async with SapS4HanaSimulator() as simulator: simulator.url`, which is what a client is configured with."""

    def __init__(
        self, settings: Settings | None = None, options: ServerOptions | None = None, *, clock: Clock | None = None
    ) -> None:
        beat = clock or SystemClock()
        self.sap = SapS4Hana(settings, beat)
        super().__init__(self.sap, options, clock=beat)

    @property
    def token_url(self) -> str:
        """Where client credentials are turned into a token."""
        return f"{self.url}{TOKEN_PATH}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.  Prints one line of JSON with the address when requests are taken.

    Returns 0 after a clean stop, 2 where it cannot run (a wrong setting, a port that is taken).
    """
    options = _parser().parse_args(arguments)
    try:
        simulator = _simulator(options)
        asyncio.run(serve_until_signal(simulator, lambda: _announce(simulator)))
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"sap-s4hana simulator on port {options.port}: {problem}\n")
        return 2
    return 0


def _simulator(options: argparse.Namespace) -> SapS4HanaSimulator:
    sent: dict[str, object] = msgspec.json.decode(options.settings, type=dict[str, object])
    settings = changed(Settings(seed=options.seed), sent)
    server = ServerOptions(host=options.host, port=options.port, journal=options.journal, seed=options.seed)
    return SapS4HanaSimulator(settings, server)


def _announce(simulator: SapS4HanaSimulator) -> None:
    ready = {
        "name": simulator.sap.name,
        "url": simulator.url,
        "base_url": simulator.url,
        "token_url": simulator.token_url,
        "pid": os.getpid(),
    }
    sys.stdout.write(wire.encode(ready).decode() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.sap_s4hana",
        description="A stand-in for SAP S/4HANA.  Rules and settings: simulators/sap_s4hana/README.md.",
        epilog="example: python -m simulators.sap_s4hana --port 8081 --journal out/sap.jsonl",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one, printed on start)")
    parser.add_argument("--journal", type=Path, default=None, metavar="FILE", help="also write the journal to FILE")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is left to chance")
    parser.add_argument("--settings", default="{}", metavar="JSON", help="settings by name, as in README.md")
    return parser
