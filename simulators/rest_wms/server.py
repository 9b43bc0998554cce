"""Starts the simulated warehouse, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator
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
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    return launch.serve("rest-wms", _parser().parse_args(arguments), _simulator, lambda _: {})


def _simulator(options: argparse.Namespace) -> RestWmsSimulator:
    return RestWmsSimulator(changed(Settings(), launch.sent_settings(options)), launch.server_options(options))


def _parser() -> argparse.ArgumentParser:
    return launch.parser(
        "rest_wms",
        description="A stand-in for a warehouse that takes pick tasks.  Rules",
        example="--port 8092 --journal out/rest-wms.jsonl",
    )
