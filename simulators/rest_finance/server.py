"""Starts the simulated accounting system, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator
from simulators.rest_finance.settings import Settings, changed
from simulators.rest_finance.vendor import RestFinance


class RestFinanceSimulator(Simulator):
    """`async with RestFinanceSimulator() as simulator: simulator.url`."""

    def __init__(
        self, settings: Settings | None = None, options: ServerOptions | None = None, *, clock: Clock | None = None
    ) -> None:
        beat = clock or SystemClock()
        self.finance = RestFinance(settings, beat)
        super().__init__(self.finance, options, clock=beat)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    parser = launch.parser(
        "rest_finance",
        description="A stand-in for an accounting system that books documents.  Rules",
        example="--port 8093 --journal out/rest-finance.jsonl",
    )
    return launch.serve("rest-finance", parser.parse_args(arguments), _simulator, lambda _: {})


def _simulator(options: argparse.Namespace) -> RestFinanceSimulator:
    settings = changed(Settings(), launch.sent_settings(options))
    return RestFinanceSimulator(settings, launch.server_options(options))
