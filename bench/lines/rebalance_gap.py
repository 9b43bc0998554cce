"""`rebalance-gap`: workers come, go and are killed under traffic; how long nothing came through, and what twice."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.arithmetic import at_most, spread
from bench.bench import Bench, result
from bench.disturbed import QUIET_S, RATE, STEADY_S, Journal, Sides
from bench.environments import Environment
from bench.fleet import Fleet, Start
from bench.gaps import Window, worst_gap
from bench.machine import wait
from bench.result import Figures, Result
from bench.rounds import Rounds, interleaved
from bench.shop import Shop
from bench.stack import LineError, Stack
from bench.traffic import Traffic
from bench.workers import Program, Worker, free_port
from simulators.wms.model import WAREHOUSES, locations_of
from streams.topics import STOCK_CHANGE

ABOUT = (
    "a worker joins, leaves, is killed under 1,000 changes a second; longest time without an effect of any partition"
)
ITEMS, TARGET_MS = 20_000, 50
SESSION_S, STATIC_SESSION_S = 6, 30
CLEAN_S, KILLED_S = 5.0, SESSION_S + 5.0
APP, QUIX = "bench-gap", "bench-gap-quix"
WARM_UP_S = 6.0
SETTINGS = {
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__TIMEOUT_S": "3",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__SETTLE_S": "3",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__CONNECT_TIMEOUT_S": "2",
    "STREAMS_RECONCILE__EVERY_S": "0",
    "STREAMS_RECONCILE__FULL_AT": "",
}
"""A call is over when it is given up: the shop answers in 50 ms."""


def run(bench: Bench) -> Result:
    environment = Environment("quix", bench.say).ready()
    with Stack(bench.folder) as stack, ExitStack() as open_:
        stack.apply(APP)
        watch = stack.watch("bench-gap-look")
        open_.callback(watch.close)
        traffic = Traffic(stack, items=bench.size(ITEMS, 2_000), seed=bench.seed)
        fleets = {
            "ours": open_.enter_context(_fleet(bench, stack, "ours", APP, _ours(bench, stack))),
            "quix": open_.enter_context(_fleet(bench, stack, "quix", QUIX, _quix(bench, stack, environment))),
        }
        for fleet in fleets.values():
            fleet.join()
        with traffic.flowing(RATE):
            wait(WARM_UP_S)
        sides = Sides(traffic, watch, fleets)
        contenders = {"ours": sides.run, "quix": lambda _: sides.other("quix")}
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
        for fleet in fleets.values():
            fleet.end()
        static = _static(bench, stack, traffic, sides)
    return _result(bench, rounds, static, environment)


@contextmanager
def _fleet(bench: Bench, stack: Stack, name: str, group: str, start: Start) -> Iterator[Fleet]:
    fleet = Fleet(name, bench.folder, stack, group, start)
    try:
        fleet.shop.set(rows=True, journal=True, delay_ms=TARGET_MS)
        yield fleet
    finally:
        fleet.end()


def _ours(bench: Bench, stack: Stack, *, port: int | None = None, **more: str) -> Start:
    def start(name: str, shop: Shop) -> Program:
        return Worker(name, bench.folder, stack.environ(APP, **shop.environ, **SETTINGS, **more), port=port)

    return start


def _quix(bench: Bench, stack: Stack, environment: Environment) -> Start:
    schema = bench.folder / "stock-change.avsc"
    schema.write_text(json.dumps(stack.stock_schema().schema), encoding="utf-8")

    def start(name: str, shop: Shop) -> Program:
        asked = {
            "--bootstrap": stack.bootstrap,
            "--group": QUIX,
            "--topic": STOCK_CHANGE.name,
            "--url": shop.url,
            "--sources": json.dumps(locations_of(WAREHOUSES)),
            "--state": bench.folder / f"{name}-state",
            "--schema": schema,
            "--session-ms": 1000 * SESSION_S,
        }
        command = environment.command("quix_lane", *(word for pair in asked.items() for word in pair))
        return Program(command, bench.folder / f"{name}.log", environment.environ)

    return start


# ── static membership ────────────────────────────────────────────────────────────────────────────


def _static(bench: Bench, stack: Stack, traffic: Traffic, sides: Sides) -> Figures:
    """Two workers with fixed ids; the one with the lane is restarted, then killed and started again, in its session.

    It comes back with the same address: the broker gives it its old assignment, in which Faust wrote that, and Faust
    takes no other.  What went wrong is told, and fails nothing: the product does not offer this.
    """
    with ExitStack() as open_:
        named: dict[str, Start] = {}

        def start(name: str, shop: Shop) -> Program:
            if name not in named:
                session = {"STREAMS_KAFKA__SESSION_TIMEOUT_S": str(STATIC_SESSION_S)}
                named[name] = _ours(bench, stack, port=free_port(), CONSUMER_GROUP_INSTANCE_ID=name, **session)
            return named[name](name, shop)

        fleet = open_.enter_context(_fleet(bench, stack, "static", APP, start))
        try:
            fleet.join()
            fleet.join()
            return _restarted(fleet, traffic, sides)
        except LineError as error:
            return {"went wrong": str(error)[:300]}


def _restarted(fleet: Fleet, traffic: Traffic, sides: Sides) -> Figures:
    windows = {}
    with traffic.flowing(RATE):
        wait(STEADY_S)
        for what, how in (("restarted s", Program.leave), ("killed and restarted s", Program.kill)):
            lost = fleet.lose(how)
            lost.program.finish(STATIC_SESSION_S)
            windows[what] = Window(lost.begin, fleet.come(lost.program.log_path.stem).end)
        wait(QUIET_S)
    wait(QUIET_S)
    groups, effects = sides.changes.more(()), Journal(fleet.shop).more()
    return {what: worst_gap(effects, groups, window) for what, window in windows.items()}


def _result(bench: Bench, rounds: Rounds, static: Figures, environment: Environment) -> Result:
    def median(name: str) -> float:
        return spread(rounds.values("ours", name)).median

    return result(
        bench,
        "rebalance-gap",
        ABOUT,
        goals=(
            at_most("seconds without an effect, joined or left", median("clean s"), CLEAN_S),
            at_most(f"seconds without an effect, killed (session {SESSION_S} s + 5)", median("killed s"), KILLED_S),
            at_most(
                "writes that show no newer state of their row, most of a round",
                max(rounds.values("ours", "repeats")),
                0,
            ),
        ),
        ours=rounds.figures("ours"),
        peers={"quix": rounds.figures("quix"), "ours, static members": static},
        rounds=rounds.rounding(),
        peer_versions={f"quix:{name}": one for name, one in environment.versions(("quixstreams",)).items()},
        notes=(
            "of the eight partitions the one that waited longest; each has several changes a second",
            "both groups at once on one core, each with a shop of its own; the kills of a round at the same moment",
            "who leaves and who is killed has the stock lane; of Quix it is the oldest",
            "Quix: state per SKU with a changelog, a sink that writes with each checkpoint, every second",
            f"static members: sessions of {STATIC_SESSION_S} s, one try; who leaves is started again with its id",
            "a static member must keep its address too: with another one Faust refuses the assignment it is given",
        ),
    )
