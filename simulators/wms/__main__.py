"""Runs the simulated warehouses as a process: `python -m simulators.wms` or `commerce-streams simulate wms`."""

import argparse
import asyncio
import json
import math
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from confluent_kafka import KafkaException

from simulators.wms.bulk import BulkSettings, BulkStream, preload
from simulators.wms.clock import SystemClock
from simulators.wms.disturb import Disturbance
from simulators.wms.plan import Phase
from simulators.wms.producer import UndeliveredError
from simulators.wms.recount import RecountBridge, consumer_config
from simulators.wms.registry import RegistryError
from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from simulators.wms.traffic import WorldSettings
from simulators.wms.web import Control, truth_as_json

DONE, WRONG, CANNOT_RUN = 0, 1, 2
EXAMPLE = """example:
  commerce-streams simulate wms --bootstrap 127.0.0.1:9092 --registry http://127.0.0.1:8081/apis/ccompat/v7 \\
      --skus 200 --rate 50 --seconds 90 --duplicates 0.02 --reorder 0.05 --port 8092
"""


def parser() -> argparse.ArgumentParser:
    """Every option with its unit."""
    made = argparse.ArgumentParser(
        prog="commerce-streams simulate wms",
        description="Simulated warehouses: stock changes to Kafka, answers to recount requests, and the truth.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _target_options(made)
    _world_options(made)
    _plan_options(made)
    _disturbance_options(made)
    return made


def _target_options(made: argparse.ArgumentParser) -> None:
    made.add_argument("--bootstrap", required=True, help="Kafka bootstrap servers")
    made.add_argument("--registry", required=True, help="address of the schema registry")
    made.add_argument("--register", action="store_true", help="register the schema instead of only looking it up")
    made.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="a librdkafka setting")
    made.add_argument("--journal", type=Path, help="file for one JSON line per record produced")
    made.add_argument("--host", default="127.0.0.1", help="address of the control interface")
    made.add_argument("--port", type=int, help="port of the control interface /_sim; none without it")
    made.add_argument("--serve", action="store_true", help="go on serving after the plan, until SIGTERM")


def _world_options(made: argparse.ArgumentParser) -> None:
    made.add_argument("--seed", type=int, default=1, help="same seed, same stream")
    made.add_argument("--skus", type=int, default=100, help="number of items")
    made.add_argument("--without-base", type=float, default=0.0, help="share of places never stated at the opening")
    made.add_argument("--first-sequence", type=int, help="default: milliseconds since 1970 at the start")
    made.add_argument("--behind", type=float, default=0.0, help="start of the warehouse's clock, seconds ago")
    made.add_argument("--speed", type=float, default=1.0, help="speed of the warehouse's clock")


def _plan_options(made: argparse.ArgumentParser) -> None:
    made.add_argument("--rate", type=float, default=10.0, help="changes per second")
    made.add_argument("--seconds", type=float, default=math.inf, help="length of the run; default: until SIGTERM")
    made.add_argument("--plan", type=Path, help="JSON file with a list of phases instead of --rate and --seconds")
    made.add_argument("--no-opening", action="store_true", help="do not state the stock of every place first")
    made.add_argument("--no-recounts", action="store_true", help="do not answer inventory.recount.v1")
    made.add_argument("--group", default="wms-simulator", help="consumer group of the answers to recount requests")
    made.add_argument("--poison", type=int, default=0, help="poison records sent after the plan")
    made.add_argument("--preload", type=int, default=0, help="only fill the topic with this many records, fast")
    made.add_argument("--truth", action="store_true", help="print what the shop must show, at the end")


def _disturbance_options(made: argparse.ArgumentParser) -> None:
    made.add_argument("--duplicates", type=float, default=0.0, help="share of records sent twice")
    made.add_argument("--reorder", type=float, default=0.0, help="share overtaken by later records of their key")
    made.add_argument("--window", type=int, default=10, help="by up to this many")
    made.add_argument("--late", type=float, default=0.0, help="share of records sent late")
    made.add_argument("--late-by", type=float, default=30.0, help="seconds of the warehouse's clock")


def settings_of(chosen: argparse.Namespace, now: int) -> SimulatorSettings:
    """`now` is microseconds since 1970; raises ValueError for a property without a value."""
    first = now // 1_000 if chosen.first_sequence is None else chosen.first_sequence
    properties = dict(one.split("=", 1) for one in chosen.property)
    world = WorldSettings(
        items=chosen.skus, run=f"sim-{chosen.seed}-{first}", first_sequence=first, without_base=chosen.without_base
    )
    disturbance = Disturbance(
        duplicate=chosen.duplicates,
        duplicate_later=chosen.duplicates,
        duplicate_after_s=chosen.late_by,
        reorder=chosen.reorder,
        window=chosen.window,
        late=chosen.late,
        late_s=chosen.late_by,
    )
    return SimulatorSettings(
        bootstrap=chosen.bootstrap,
        registry=chosen.registry,
        seed=chosen.seed,
        world=world,
        disturbance=disturbance,
        register=chosen.register,
        journal=chosen.journal,
        behind_s=chosen.behind,
        speed=chosen.speed,
        properties=properties,
    )


def phases_of(chosen: argparse.Namespace) -> list[Phase]:
    """Raises ValueError, TypeError or OSError for a plan that cannot be read."""
    if chosen.plan is None:
        return [Phase(chosen.seconds, chosen.rate)]
    return [Phase.parse(phase) for phase in json.loads(chosen.plan.read_text(encoding="utf-8"))]


def fill(simulator: WmsSimulator, chosen: argparse.Namespace) -> dict[str, Any]:
    """The preload for measurements."""
    clock = SystemClock()
    settings = BulkSettings(
        chosen.preload, clock.now(), items=chosen.skus, seed=chosen.seed, run=f"bulk-{clock.now() // 1_000}"
    )
    started = clock.monotonic()
    count = preload(simulator.producer.kafka, BulkStream(settings, simulator.schema))
    return {"preloaded": count, "seconds": round(clock.monotonic() - started, 3)}


def work(simulator: WmsSimulator, chosen: argparse.Namespace) -> dict[str, Any]:
    """The plan from its opening to its end."""
    if not chosen.no_opening:
        simulator.opening()
    sent = simulator.run(phases_of(chosen))
    if chosen.poison:
        simulator.poison(chosen.poison)
    return {"behind_s": round(sent.behind_s, 3)}


def answer_recounts(simulator: WmsSimulator, settings: SimulatorSettings, group: str) -> RecountBridge:
    """Starts the bridge; an answer counts as given once the broker has it."""
    config = consumer_config(settings.bootstrap, group, settings.properties)
    bridge = RecountBridge(config, simulator.registry, simulator.answer_and_flush, journal=simulator.journal)
    bridge.start()
    return bridge


async def serve(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything until the plan has ended or a signal came; returns what is printed."""
    settings = settings_of(chosen, SystemClock().now())
    simulator = await asyncio.to_thread(WmsSimulator, settings)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _end, simulator, ended)
    runner = await _control(simulator, chosen)
    bridge = None if chosen.no_recounts or chosen.preload else answer_recounts(simulator, settings, chosen.group)
    try:
        result = await asyncio.to_thread(fill if chosen.preload else work, simulator, chosen)
        if chosen.serve:
            await ended.wait()
        return result | await asyncio.to_thread(_ending, simulator, chosen)
    finally:
        if bridge is not None:
            await asyncio.to_thread(bridge.stop)
        if runner is not None:
            await runner.cleanup()
        await asyncio.to_thread(simulator.close)


def _end(simulator: WmsSimulator, ended: asyncio.Event) -> None:
    simulator.stop()
    ended.set()


def _ending(simulator: WmsSimulator, chosen: argparse.Namespace) -> dict[str, Any]:
    simulator.drain()
    state = simulator.state()
    summary = {"delivered": state["delivered"], "failed": state["failed"]}
    return summary | truth_as_json(simulator.truth()) if chosen.truth else summary


async def _control(simulator: WmsSimulator, chosen: argparse.Namespace) -> web.AppRunner | None:
    if chosen.port is None:
        return None
    runner = web.AppRunner(Control(simulator).app())
    await runner.setup()
    await web.TCPSite(runner, chosen.host, chosen.port).start()
    return runner


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 the broker did not take everything, 2 cannot run."""
    chosen = parser().parse_args(arguments)
    try:
        result = asyncio.run(serve(chosen))
    except UndeliveredError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG
    except (OSError, ValueError, TypeError, RegistryError, KafkaException) as error:
        sys.stderr.write(f"cannot run: {error}\n")
        return CANNOT_RUN
    sys.stdout.write(json.dumps(result) + "\n")
    return WRONG if result.get("failed") else DONE


if __name__ == "__main__":
    sys.exit(main())
