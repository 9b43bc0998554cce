"""Starts the simulated carrier, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions
from simulators.plain_rest import speaking
from simulators.rest_carrier.events import TOPIC
from simulators.rest_carrier.settings import Settings, changed
from simulators.rest_carrier.speaking import KafkaSpeaker, Scrambler
from simulators.rest_carrier.vendor import RestCarrier


class RestCarrierSimulator(speaking.SpeakingSimulator):
    """`async with RestCarrierSimulator() as simulator: simulator.url`."""

    def __init__(
        self,
        settings: Settings | None = None,
        options: ServerOptions | None = None,
        *,
        clock: Clock | None = None,
        speaker: KafkaSpeaker | None = None,
    ) -> None:
        beat = clock or SystemClock()
        self.carrier = RestCarrier(settings, beat, speaker)
        super().__init__(self.carrier, options, clock=beat, speaker=speaker)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit codes are those of `simulators.plain_rest.speaking.serve`."""
    return speaking.serve("rest-carrier", _parser().parse_args(arguments), _simulator)


def _simulator(options: argparse.Namespace) -> RestCarrierSimulator:
    settings = changed(Settings(seed=options.seed, life=options.life), launch.sent_settings(options))
    speaker = speaking.speaker_of(
        options, lambda address, rng, disorder: KafkaSpeaker(address, Scrambler(rng, disorder))
    )
    return RestCarrierSimulator(settings, launch.server_options(options), speaker=speaker)


def _parser() -> argparse.ArgumentParser:
    parser = launch.parser(
        "rest_carrier",
        description="A stand-in for a carrier that books parcels.  Rules",
        example="--port 8093 --journal out/carrier.jsonl --life --events --bootstrap 127.0.0.1:9092 --registry URL",
    )
    parser.add_argument("--life", action="store_true", help="parcels go on by themselves")
    speaking.add_arguments(parser, TOPIC)
    return parser
