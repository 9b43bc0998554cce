"""Starts the simulated warehouse, in process or as a process of its own."""

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
from simulators.rest_wms.settings import Settings, changed
from simulators.rest_wms.vendor import RestWms


class RestWmsSimulator(Simulator):
    """`async with RestWmsSimulator() as simulator: simulator.url`."""

    def __init__(
        self, settings: Settings | None = None, options: ServerOptions | None = None, *, clock: Clock | None = None
    ) -> None:
        beat = clock or SystemClock()
        self.wms = RestWms(settings, beat)
        super().__init__(self.wms, options, clock=beat)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.  Prints one line of JSON with the address when requests are taken.

    Returns 0 after a clean stop, 2 where it cannot run (a wrong setting, a port that is taken).
    """
    options = _parser().parse_args(arguments)
    try:
        simulator = _simulator(options)
        asyncio.run(serve_until_signal(simulator, lambda: _announce(simulator)))
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"rest-wms simulator on port {options.port}: {problem}\n")
        return 2
    return 0


def _simulator(options: argparse.Namespace) -> RestWmsSimulator:
    sent: dict[str, object] = msgspec.json.decode(options.settings, type=dict[str, object])
    server = ServerOptions(host=options.host, port=options.port, journal=options.journal, seed=options.seed)
    return RestWmsSimulator(changed(Settings(), sent), server)


def _announce(simulator: RestWmsSimulator) -> None:
    ready = {"name": simulator.wms.name, "url": simulator.url, "base_url": simulator.url, "pid": os.getpid()}
    sys.stdout.write(wire.encode(ready).decode() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.rest_wms",
        description="A stand-in for a warehouse that takes pick tasks.  Rules: simulators/rest_wms/README.md.",
        epilog="example: python -m simulators.rest_wms --port 8092 --journal out/rest-wms.jsonl",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one, printed on start)")
    parser.add_argument("--journal", type=Path, default=None, metavar="FILE", help="also write the journal to FILE")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is left to chance")
    parser.add_argument("--settings", default="{}", metavar="JSON", help="settings by name, as in README.md")
    return parser
