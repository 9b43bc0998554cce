"""Starts the simulated org, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator
from simulators.salesforce.settings import Settings, changed
from simulators.salesforce.vendor import Salesforce


class SalesforceSimulator(Simulator):
    """`async with SalesforceSimulator() as simulator: simulator.url`."""

    def __init__(
        self, settings: Settings | None = None, options: ServerOptions | None = None, *, clock: Clock | None = None
    ) -> None:
        beat = clock or SystemClock()
        self.salesforce = Salesforce(settings, beat)
        super().__init__(self.salesforce, options, clock=beat)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    return launch.serve("salesforce", _parser().parse_args(arguments), _simulator, lambda _: {})


def _simulator(options: argparse.Namespace) -> SalesforceSimulator:
    return SalesforceSimulator(changed(Settings(), launch.sent_settings(options)), launch.server_options(options))


def _parser() -> argparse.ArgumentParser:
    return launch.parser(
        "salesforce",
        description="A stand-in for a Salesforce org.  Rules",
        example="--port 8093 --journal out/salesforce.jsonl",
    )
