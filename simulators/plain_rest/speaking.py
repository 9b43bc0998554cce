"""A stand-in that speaks on Kafka: its arguments, its speaker, and its end, before which all that was said has left."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from confluent_kafka import KafkaException

from simulators.core import launch
from simulators.core.clock import Clock
from simulators.core.exchange import Vendor
from simulators.core.server import ServerOptions, Simulator
from simulators.wms.producer import UndeliveredError
from simulators.wms.registry import RegistryError
from simulators.wms.speaking import Address, Disorder, KafkaSpeaker

WRONG = 1
SpeakerT = TypeVar("SpeakerT", bound=KafkaSpeaker[Any])  # Any: records of whatever system
Begin = Callable[[Address, Random, Disorder], SpeakerT]


class SpeakingSimulator(Simulator):
    """`speaker` is closed with it."""

    def __init__(
        self,
        vendor: Vendor,
        options: ServerOptions | None,
        *,
        clock: Clock,
        speaker: KafkaSpeaker[Any] | None,  # Any: as above
    ) -> None:
        self.speaker = speaker
        super().__init__(vendor, options, clock=clock)

    async def stop(self) -> None:
        """As of every simulator; what was said has left before it returns."""
        await super().stop()
        if self.speaker is not None:
            self.speaker.close()
            self.speaker = None


def serve(name: str, options: argparse.Namespace, begin: Callable[[argparse.Namespace], Simulator]) -> int:
    """As `launch.serve`; and exit code 1 where the broker did not take all that was said."""
    try:
        return launch.serve(name, options, begin, lambda _: {})
    except UndeliveredError as problem:
        sys.stderr.write(f"{problem}\n")
        return WRONG


def speaker_of(options: argparse.Namespace, begin: Begin[SpeakerT]) -> SpeakerT | None:
    """None unless it shall speak.  Raises ValueError where it cannot begin."""
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
        return begin(address, Random(options.seed), disorder)
    except (RegistryError, KafkaException) as problem:
        raise ValueError(str(problem)) from problem


def add_arguments(parser: argparse.ArgumentParser, topic: str) -> None:
    parser.add_argument("--events", action="store_true", help=f"produce {topic}")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="Kafka bootstrap servers")
    parser.add_argument("--registry", metavar="URL", help="address of the schema registry")
    parser.add_argument("--register", action="store_true", help="register the schema instead of only looking it up")
    parser.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="a librdkafka setting")
    parser.add_argument("--events-journal", type=Path, metavar="FILE", help="one JSON line per event produced")
    parser.add_argument("--duplicates", type=float, default=0.0, help="share of events sent twice")
    parser.add_argument("--reorder", type=float, default=0.0, help="share of events held back, so that others overtake")
    parser.add_argument("--hold", type=float, default=5.0, help="seconds for which they are held back")
