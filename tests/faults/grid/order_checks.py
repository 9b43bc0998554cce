"""The invariants on the orders flow: each says what it saw, or raises AssertionError with what broke it.

They read logs, the targets' journals and samples that were taken meanwhile; they ask no worker how it is doing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from streams.runtime import tally as tallies
from streams.runtime.tally import Tally
from streams.runtime.versioned import unpack
from streams.tables import TABLES, changelog
from streams.topics import ORDERS_READ
from tests.faults import checks
from tests.faults.grid.invariants import CHECKS as SHARED
from tests.faults.grid.invariants import SETTLED_S, STOP_S, Check
from tests.faults.grid.kinds import Claim
from tests.faults.grid.run import Run
from tests.faults.struck import Entry
from tests.faults.system import APP_ID
from tests.faults.traded_orders import TradedOrders
from tests.processes import until

UPSERTS = ("wms", "crm")
"""Targets at which the same command may be called again at once."""
TAKEN = "taken"


def nothing_lost(run: Run, _claim: Claim) -> str:
    system = _orders(run)
    system.wait_equal(within=SETTLED_S * run.patience)
    return f"{len(system.wanted)} orders at {len(system.made())} targets"


def nothing_twice(run: Run, _claim: Claim) -> str:
    """None doubled at any target, and none that nobody placed."""
    system = _orders(run)
    for name, there in system.made().items():
        doubled = {order: times for order, times in there.items() if times != 1}
        assert not doubled, f"{name}: {len(doubled)} orders were made more than once, first {next(iter(doubled))}"
        strange = there.keys() - system.wanted
        assert not strange, f"{name}: {len(strange)} that nobody placed, first {min(strange)}"
    return ", ".join(f"{name} {there.total()}" for name, there in system.made().items())


def versions_rise(run: Run, _claim: Claim) -> str:
    """Of every entry of an order; one that is decided again after a lost answer has the version it had."""
    newest: dict[bytes, bytes] = {}
    written, again = 0, 0
    for message in run.system.read(changelog(APP_ID, run.system.decides)):
        key, value = message.key(), message.value()
        if value is None or key == tallies.KEY:
            continue
        written, known = written + 1, newest.get(key)
        if known is not None:
            new, old = unpack(value)[0], unpack(known)[0]
            assert new >= old, f"{key!r}: {new} after {old}"
            again += new == old and value != known
        newest[key] = value
    return f"{written} versions, {again} of them decided again after a lost answer"


class _Call(NamedTuple):
    at: float
    ended_at: float
    body: object


def one_in_flight(run: Run, _claim: Claim) -> str:
    """Of calls that had an effect; where the target upserts, the same command may be called again at once."""
    entities = 0
    for name, journal in run.system.struck.journals().items():
        by_entity = _by_entity(journal, run.system.struck.written[name].path)
        entities += len(by_entity)
        for entity, made in by_entity.items():
            for first, second in pairwise(sorted(made, key=lambda one: one.at)):
                same = name in UPSERTS and first.body == second.body
                assert second.at >= first.ended_at or same, f"{name}: two calls at once for {entity} at {second.at}"
    return f"{entities} entities"


def _by_entity(journal: list[Entry], path: str) -> Mapping[str, list[_Call]]:
    """Calls to this path, by what they make."""
    begun = {entry["seq"]: entry["at"] for entry in journal}
    found: dict[str, list[_Call]] = defaultdict(list)
    for entry in journal:
        if entry["kind"] not in {"request", "late-effect"} or not entry["effect"]:
            continue
        if not re.search(path, entry["path"]):
            continue
        detail: dict[str, Any] = entry.get("detail") or {}
        entity = str(detail.get("reference") or entry["path"])
        of = detail.get("of")
        at = begun[of] if of in begun else entry["at"]
        found[entity].append(_Call(at, entry["ended_at"] or entry["at"], entry["body"]))
    return found


def all_accounted(run: Run, _claim: Claim) -> str:
    """Every record of every topic of orders ended in exactly one way."""
    seen: dict[str, tuple[int, Mapping[str, int]]] = {}
    counted: Mapping[str, Counter[str]] = {}

    def closed() -> bool:
        nonlocal counted
        counted = _counted(run)
        seen.clear()
        for topic in ORDERS_READ:
            records = sum(end for _, end in run.system.committed(topic.name).values())
            ended = {name: number for name, number in counted[topic.name].items() if name != TAKEN}
            if sum(ended.values()) != records or counted[topic.name].get(TAKEN, records) != records:
                seen[topic.name] = records, counted[topic.name]
        return not seen

    until(closed, within=SETTLED_S, what=lambda: f"the sums close; they do not for {seen}", step=2)
    return "; ".join(f"{topic.name}: {_told(counted[topic.name])}" for topic in ORDERS_READ if counted[topic.name])


def _told(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counted.items()) if name != TAKEN and number)


def _counted(run: Run) -> Mapping[str, Counter[str]]:
    """Topic → how its records ended, by the newest tally of each partition of each table."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    there = run.system.topics()
    for name in (changelog(APP_ID, table) for table in TABLES):
        newest: dict[int, Tally] = {}
        for message in run.system.read(name) if name in there else ():
            if message.key() == tallies.KEY:
                newest[message.partition()] = msgspec.msgpack.decode(unpack(message.value())[1], type=Tally)
        for tally in newest.values():
            for what, number in tally.counts.items():
                topic, _, outcome = what.partition("/")
                found[topic][outcome] += number
    return found


def letters_are_lossless(run: Run, _claim: Claim) -> str:
    reasons = checks.check_dead_letters(run.system)
    return f"{sum(reasons.values())} letters by {len(reasons)} reasons"


def stop_is_clean(run: Run, _claim: Claim) -> str:
    """SIGTERM ends every worker with 0, and one that starts then makes nothing."""
    system, workers = _orders(run), run.workers
    codes = {worker.name: worker.stop(STOP_S) for worker in workers}
    assert not any(codes.values()), f"exit codes {codes}"
    before = _effects(system)
    again = system.worker("again").wait_ready()
    until(lambda: system.has_taken_over(again), within=60, what="it has every partition")
    until(lambda: system.lag() == 0, within=60, what="nothing is left in the log")
    assert _effects(system) == before, "calls were made again after a clean stop"
    return f"{len(workers)} ended with 0, nothing was made again"


def _effects(system: TradedOrders) -> int:
    return sum(bool(entry["effect"]) for entry in system.struck.requests())


def _orders(run: Run) -> TradedOrders:
    assert isinstance(run.system, TradedOrders)
    return run.system


CHECKS: Mapping[str, Check] = {
    "I1": nothing_lost,
    "I2": nothing_twice,
    "I3": versions_rise,
    "I4": one_in_flight,
    "I6": all_accounted,
    "I7": SHARED["I7"],
    "I9": SHARED["I9"],
    "I10": SHARED["I10"],
    "I11": letters_are_lossless,
    "I12": stop_is_clean,
    "I13": SHARED["I13"],
}
