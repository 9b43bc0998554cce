"""Starts the simulated carrier, in process or as a process of its own."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

from confluent_kafka import KafkaException

from simulators.core import launch
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator
from simulators.rest_carrier.settings import Settings, changed
from simulators.rest_carrier.speaking import Address, Disorder, KafkaSpeaker, Scrambler, UndeliveredError
from simulators.rest_carrier.vendor import RestCarrier
from simulators.wms.registry import RegistryError

WRONG = 1


class RestCarrierSimulator(Simulator):
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
        self.speaker = speaker
        self.carrier = RestCarrier(settings, beat, speaker)
        super().__init__(self.carrier, options, clock=beat)

    async def stop(self) -> None:
        """As of every simulator; what was said has left before it returns."""
        await super().stop()
        if self.speaker is not None:
            self.speaker.close()
            self.speaker = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`.

    1 where the broker did not take all that was said.
    """
    try:
        return launch.serve("rest-carrier", _parser().parse_args(arguments), _simulator, lambda _: {})
    except UndeliveredError as problem:
        sys.stderr.write(f"{problem}\n")
        return WRONG


def _simulator(options: argparse.Namespace) -> RestCarrierSimulator:
    settings = changed(Settings(seed=options.seed, life=options.life), launch.sent_settings(options))
    return RestCarrierSimulator(settings, launch.server_options(options), speaker=_speaker(options))


def _speaker(options: argparse.Namespace) -> KafkaSpeaker | None:
    """Raises ValueError where it cannot begin."""
    if not options.events:
        return None
    if options.bootstrap is None or options.registry is None:
        raise ValueError("--events needs --bootstrap and --registry")
    address = Address(
        bootstrap=options.bootstrap,
        registry=options.registry,
        register=options.register,
        properties=dict(one.split("=", 1) for one in options.property),
        journal=options.events_journal,
    )
    disorder = Disorder(duplicates=options.duplicates, reorder=options.reorder, hold_s=options.hold)
    try:
        return KafkaSpeaker(address, Scrambler(Random(options.seed), disorder))
    except (RegistryError, KafkaException) as problem:
        raise ValueError(str(problem)) from problem


def _parser() -> argparse.ArgumentParser:
    parser = launch.parser(
        "rest_carrier",
        description="A stand-in for a carrier that books parcels.  Rules",
        example="--port 8093 --journal out/carrier.jsonl --life --events --bootstrap 127.0.0.1:9092 --registry URL",
    )
    parser.add_argument("--life", action="store_true", help="parcels go on by themselves")
    parser.add_argument("--events", action="store_true", help="produce carrier.event.v1")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="Kafka bootstrap servers")
    parser.add_argument("--registry", metavar="URL", help="address of the schema registry")
    parser.add_argument("--register", action="store_true", help="register the schema instead of only looking it up")
    parser.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="a librdkafka setting")
    parser.add_argument("--events-journal", type=Path, metavar="FILE", help="one JSON line per event produced")
    parser.add_argument("--duplicates", type=float, default=0.0, help="share of events sent twice")
    parser.add_argument("--reorder", type=float, default=0.0, help="share of events held back, so that others overtake")
    parser.add_argument("--hold", type=float, default=5.0, help="seconds for which they are held back")
    return parser
