"""`rebalance-gap`: workers come, go and are killed under traffic; how long nothing came through, and what twice."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from bench.arithmetic import at_most, spread
from bench.bench import Bench, result
from bench.environments import Environment
from bench.fleet import Fleet, Start
from bench.gaps import Counted, History, Pair, Window, take_states, worst_gap
from bench.machine import epoch, wait
from bench.result import Figures, Result
from bench.rounds import Rounds, Sample, interleaved
from bench.shop import Effect, Shop
from bench.stack import LineError, Offsets, Stack, Watch
from bench.traffic import Traffic
from bench.workers import Program, Worker, free_port
from schemas.catalogue import STOCK_CHANGE as CONTRACT
from schemas.codec import FRAME
from schemas.projection import stock_change_decoder
from simulators.wms.model import WAREHOUSES, locations_of
from streams.topics import STOCK_CHANGE

ABOUT = (
    "a worker joins, leaves, is killed under 1,000 changes a second; longest time without an effect of any partition"
)
ITEMS, RATE, TARGET_MS = 20_000, 1_000.0, 50
SESSION_S, STATIC_SESSION_S = 6, 30
CLEAN_S, KILLED_S = 5.0, SESSION_S + 5.0
APP, QUIX = "bench-gap", "bench-gap-quix"
WARM_UP_S, STEADY_S, QUIET_S = 6.0, 3.0, 2.5
SETTINGS = {
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__TIMEOUT_S": "3",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__SETTLE_S": "3",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__CONNECT_TIMEOUT_S": "2",
    "STREAMS_RECONCILE__EVERY_S": "0",
    "STREAMS_RECONCILE__FULL_AT": "",
}
"""A call is over when it is given up: the shop answers in 50 ms."""


@dataclass
class Journal:
    """What a shop noted since it was looked at last, and how far it has shown each row."""

    shop: Shop
    history: History = field(default_factory=History)
    _calls: int = 0

    def more(self) -> list[Effect]:
        found = list(self.shop.effects(self._calls))
        self._calls = self.shop.count()["calls"]
        return found


class Sides:
    """Both groups under the same traffic; what happens to one is done while the other works, but for the kills."""

    def __init__(self, stack: Stack, traffic: Traffic, watch: Watch, fleets: Mapping[str, Fleet]) -> None:
        self._stack, self._traffic, self._watch, self.fleets = stack, traffic, watch, fleets
        self._journals = {name: Journal(fleet.shop) for name, fleet in fleets.items()}
        self.changes = Changes(watch)
        self._found: dict[str, Sample] = {}

    def run(self, _: int) -> Sample:
        """One round of both; gives ours."""
        windows: dict[str, dict[str, list[Window]]] = {name: {} for name in self.fleets}
        with self._traffic.flowing(RATE):
            wait(STEADY_S)
            steady = Window(epoch() - STEADY_S / 2, epoch())
            for what in (Fleet.join, Fleet.leave, Fleet.join):
                for name, fleet in self.fleets.items():
                    windows[name].setdefault(what.__name__, []).append(what(fleet))
            lost = {name: fleet.lose(Program.kill) for name, fleet in self.fleets.items()}
            for name, fleet in self.fleets.items():
                windows[name]["kill"] = [fleet.done_without(lost[name])]
            wait(QUIET_S)
        wait(QUIET_S)
        groups = self.changes.more([journal.history for journal in self._journals.values()])
        self._found = {name: self._sample(name, groups, {"steady": [steady], **windows[name]}) for name in self.fleets}
        return self._found["ours"]

    def other(self, name: str) -> Sample:
        """Of the same round."""
        return self._found[name]

    def _sample(self, name: str, groups: Mapping[str, int], windows: Mapping[str, list[Window]]) -> Sample:
        journal = self._journals[name]
        effects = journal.more()
        gap = {what: max(worst_gap(effects, groups, one) for one in each) for what, each in windows.items()}
        return {
            "clean s": max(gap["join"], gap["leave"]),
            "joined s": gap["join"],
            "left s": gap["leave"],
            "killed s": gap["kill"],
            "steady s": gap["steady"],
            "repeats": journal.history.repeats(effects),
            "rows": len(effects),
        }


class Changes:
    """The stream of changes, read from where it was left."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._from: Offsets = {}
        self._balances: dict[Pair, int] = {}
        self._decode = stock_change_decoder(CONTRACT.schema_text).decode

    def more(self, histories: Iterable[History]) -> dict[str, int]:
        """SKU → partition; what became of each row goes into the histories."""
        messages = list(self._watch.read(STOCK_CHANGE.name, self._from))
        self._from = self._watch.ends(STOCK_CHANGE.name)
        changes = [self._decode(message.value(), FRAME.size) for message in messages]
        counted = [Counted(one.location_code, one.sku, one.kind == "ABSOLUTE", one.quantity) for one in changes]
        balances = self._balances
        for history in histories:
            balances = dict(self._balances)
            take_states(history, counted, balances, locations_of(WAREHOUSES))
        self._balances = balances
        return {message.key().decode(): message.partition() for message in messages}


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
        sides = Sides(stack, traffic, watch, fleets)
        contenders = {"ours": sides.run, "quix": lambda _: sides.other("quix")}
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say, keep_all=bench.is_trial)
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
        rounds=rounds.rounding("ours"),
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
