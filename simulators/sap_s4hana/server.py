"""Starts the simulated S/4HANA, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator
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
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    return launch.serve(
        "sap-s4hana", _parser().parse_args(arguments), _simulator, lambda simulator: {"token_url": simulator.token_url}
    )


def _simulator(options: argparse.Namespace) -> SapS4HanaSimulator:
    return SapS4HanaSimulator(
        changed(Settings(seed=options.seed), launch.sent_settings(options)), launch.server_options(options)
    )


def _parser() -> argparse.ArgumentParser:
    return launch.parser(
        "sap_s4hana",
        description="A stand-in for SAP S/4HANA.  Rules and settings",
        example="--port 8081 --journal out/sap.jsonl",
    )
