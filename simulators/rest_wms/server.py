"""Starts the simulated warehouse, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions
from simulators.plain_rest import speaking
from simulators.rest_wms.events import TOPIC
from simulators.rest_wms.settings import Settings, changed
from simulators.rest_wms.speaking import KafkaSpeaker, Scrambler
from simulators.rest_wms.vendor import RestWms


class RestWmsSimulator(speaking.SpeakingSimulator):
    """`async with RestWmsSimulator() as simulator: simulator.url`."""

    def __init__(
        self,
        settings: Settings | None = None,
        options: ServerOptions | None = None,
        *,
        clock: Clock | None = None,
        speaker: KafkaSpeaker | None = None,
    ) -> None:
        beat = clock or SystemClock()
        self.wms = RestWms(settings, beat, speaker)
        super().__init__(self.wms, options, clock=beat, speaker=speaker)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit codes are those of `simulators.plain_rest.speaking.serve`."""
    return speaking.serve("rest-wms", _parser().parse_args(arguments), _simulator)


def _simulator(options: argparse.Namespace) -> RestWmsSimulator:
    settings = changed(Settings(seed=options.seed, life=options.life), launch.sent_settings(options))
    speaker = speaking.speaker_of(
        options, lambda address, rng, disorder: KafkaSpeaker(address, Scrambler(rng, disorder))
    )
    return RestWmsSimulator(settings, launch.server_options(options), speaker=speaker)


def _parser() -> argparse.ArgumentParser:
    parser = launch.parser(
        "rest_wms",
        description="A stand-in for a warehouse that takes pick tasks.  Rules",
        example="--port 8092 --journal out/rest-wms.jsonl --life --events --bootstrap 127.0.0.1:9092 --registry URL",
    )
    parser.add_argument("--life", action="store_true", help="tasks are picked, packed and shipped by themselves")
    speaking.add_arguments(parser, TOPIC)
    return parser
