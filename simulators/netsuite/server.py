"""Starts the simulated NetSuite, in process or as a process of its own."""

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
from simulators.netsuite import keys
from simulators.netsuite.settings import Settings, changed
from simulators.netsuite.state import Seed, numbered_skus
from simulators.netsuite.vendor import NetSuite


class NetSuiteSimulator(Simulator):
    """`async with NetSuiteSimulator() as simulator: simulator.url, simulator.private_key`."""

    def __init__(
        self,
        settings: Settings | None = None,
        options: ServerOptions | None = None,
        *,
        seed: Seed | None = None,
        clock: Clock | None = None,
    ) -> None:
        beat = clock or SystemClock()
        self.netsuite = NetSuite(settings, seed, beat)
        super().__init__(self.netsuite, options, clock=beat)

    @property
    def private_key(self) -> str:
        """PEM with which a client signs.  Raises LookupError where the settings brought a public key alone."""
        if self.netsuite.private_key is None:
            raise LookupError("the private key belongs to whoever made the public key of the settings")
        return self.netsuite.private_key


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.  Prints one line of JSON with the address when requests are taken.

    Returns 0 after a clean stop, 2 where it cannot run (a wrong setting, a port that is taken).
    """
    options = _parser().parse_args(arguments)
    try:
        simulator = _simulator(options)
        asyncio.run(serve_until_signal(simulator, lambda: _announce(simulator)))
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"netsuite simulator on port {options.port}: {problem}\n")
        return 2
    return 0


def _simulator(options: argparse.Namespace) -> NetSuiteSimulator:
    sent: dict[str, object] = msgspec.json.decode(options.settings, type=dict[str, object])
    settings = changed(Settings(seed=options.seed), sent)
    server = ServerOptions(host=options.host, port=options.port, journal=options.journal, seed=options.seed)
    simulator = NetSuiteSimulator(settings, server)
    if options.private_key is not None:
        simulator.netsuite.use(keys.pair_in(options.private_key))
    if options.items is not None:
        simulator.netsuite.replace_state(wire.encode({"items": numbered_skus(options.items)}))
    if options.state is not None:
        simulator.netsuite.replace_state(options.state.read_bytes())
    return simulator


def _announce(simulator: NetSuiteSimulator) -> None:
    settings = simulator.netsuite.settings
    ready = {
        "name": simulator.netsuite.name,
        "url": simulator.url,
        "base_url": simulator.url,
        "client_id": settings.client_id,
        "certificate_id": settings.certificate_id,
        "pid": os.getpid(),
    }
    sys.stdout.write(wire.encode(ready).decode() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.netsuite",
        description="A stand-in for NetSuite.  Rules and settings: simulators/netsuite/README.md.",
        epilog="example: python -m simulators.netsuite --port 8081 --private-key out/netsuite.pem",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one, printed on start)")
    parser.add_argument("--journal", type=Path, default=None, metavar="FILE", help="also write the journal to FILE")
    parser.add_argument(
        "--private-key", type=Path, default=None, metavar="FILE", help="the client's key; made where there is none"
    )
    parser.add_argument("--items", type=int, default=None, metavar="N", help="N items SKU-00001 …")
    parser.add_argument("--state", type=Path, default=None, metavar="FILE", help="JSON as PUT /_sim/state takes it")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is left to chance")
    parser.add_argument("--settings", default="{}", metavar="JSON", help="settings by name, as in README.md")
    return parser
