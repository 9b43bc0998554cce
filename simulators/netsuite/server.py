"""Starts the simulated NetSuite, in process or as a process of its own."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from simulators.core import launch, wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator
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
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    return launch.serve("netsuite", _parser().parse_args(arguments), _simulator, _credentials)


def _simulator(options: argparse.Namespace) -> NetSuiteSimulator:
    settings = changed(Settings(seed=options.seed), launch.sent_settings(options))
    simulator = NetSuiteSimulator(settings, launch.server_options(options))
    if options.private_key is not None:
        simulator.netsuite.use(keys.pair_in(options.private_key))
    if options.items is not None:
        simulator.netsuite.replace_state(wire.encode({"items": numbered_skus(options.items)}))
    if options.state is not None:
        simulator.netsuite.replace_state(options.state.read_bytes())
    return simulator


def _credentials(simulator: NetSuiteSimulator) -> dict[str, object]:
    settings = simulator.netsuite.settings
    return {"client_id": settings.client_id, "certificate_id": settings.certificate_id}


def _parser() -> argparse.ArgumentParser:
    parser = launch.parser(
        "netsuite",
        description="A stand-in for NetSuite.  Rules and settings",
        example="--port 8081 --private-key out/netsuite.pem",
    )
    parser.add_argument(
        "--private-key", type=Path, default=None, metavar="FILE", help="the client's key; made where there is none"
    )
    parser.add_argument("--items", type=int, default=None, metavar="N", help="N items SKU-00001 …")
    parser.add_argument("--state", type=Path, default=None, metavar="FILE", help="JSON as PUT /_sim/state takes it")
    return parser
