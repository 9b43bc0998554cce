"""`latency`: from the broker's time of a change to its effect at the shop, under a rate that does not wait."""

import json
from collections.abc import Sequence
from functools import partial

from bench.arithmetic import at_most, percentile, spread
from bench.bench import Bench, result
from bench.delays import delays
from bench.environments import Environment
from bench.live import Live
from bench.machine import now
from bench.result import Result
from bench.rounds import Rounds, Sample, interleaved
from bench.shop import Effect
from bench.stack import LineError
from bench.traffic import Told, told
from bench.workers import Program, until
from schemas.catalogue import STOCK_CHANGE as CONTRACT
from simulators.wms.model import WAREHOUSES, locations_of
from streams.topics import STOCK_CHANGE

ABOUT = "open loop at 1,000 changes a second and at half of what the worker can; the shop answers in 50 ms"
ITEMS, RATE, BURST = 20_000, 1_000, 200_000
WINDOW_S, TARGET_S = 1.0, 0.05
BOUND_S = WINDOW_S + 3 * TARGET_S
WARM_UP_S, QUIET_S = 2.0, 3.0


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    with Live.begun(bench, items=bench.size(ITEMS, 500)) as live:
        half = _half_of_the_most(live)
        rates = (RATE, half)
        bench.say(f"half of what it can is {half:,} a second")
        contenders = {"ours": partial(_ours, live, rates), "raw": partial(_raw, live, environment, rates)}
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
    return _result(bench, rounds, half)


def _half_of_the_most(live: Live) -> int:
    """From a burst: the whole way, the lane included."""
    count = live.bench.size(BURST, 5_000)
    live.shop.set(delay_ms=1000 * TARGET_S)
    with live.worker("burst"):
        begun = now()
        live.traffic.burst(count)
        live.wait_folded()
        per_s = count / (now() - begun)
    return max(RATE, int(per_s / 2))


def _ours(live: Live, rates: Sequence[int], attempt: int) -> Sample:
    found: dict[str, float] = {}
    with live.worker(f"latency-{attempt}"):
        live.wait_folded()  # what came while the peer was measured
        live.wait_quiet(QUIET_S)
        for name, rate in zip(("slow", "half"), rates, strict=True):
            found |= _phase(live, name, rate)
    return found


def _raw(live: Live, environment: Environment, rates: Sequence[int], attempt: int) -> Sample:
    found: dict[str, float] = {}
    schema = live.bench.folder / "stock-change.avsc"
    schema.write_text(json.dumps(live.stack.stock_schema().schema), encoding="utf-8")
    asked = ["--bootstrap", live.stack.bootstrap, "--group", f"bench-raw-{attempt}", "--topic", STOCK_CHANGE.name]
    asked += ["--schema", str(schema), "--records", "0", "--url", live.shop.url, "--window", str(WINDOW_S)]
    asked += ["--sources", json.dumps(locations_of(WAREHOUSES))]
    log = live.bench.folder / f"raw-{attempt}.log"
    program = Program(environment.command("raw_lane", *asked), log, environment.environ)
    try:
        until(lambda: "assigned" in program.log, within=60, what=lambda: program.log[-2000:])
        for name, rate in zip(("slow", "half"), rates, strict=True):
            found |= _phase(live, name, rate)
    finally:
        program.end()
    return found


def _phase(live: Live, name: str, rate: int) -> dict[str, float]:
    """Traffic at one rate, and what became of it.  LineError where a change never reached the shop."""
    live.shop.set(delay_ms=1000 * TARGET_S, journal=True)
    begin = live.watch.ends(STOCK_CHANGE.name)
    live.traffic.run(rate, 4.0 if live.bench.is_trial else 6.0)
    live.wait_quiet(QUIET_S)
    changes = told(live.watch, begin, CONTRACT.schema_text)
    counted = [one for one in changes if one.at >= changes[0].at + WARM_UP_S]
    took = delays_of(counted, list(live.shop.effects()))
    if lost := sum(delay == float("inf") for delay in took):
        raise LineError(f"{lost} of {len(took)} changes never reached the shop")
    return {
        f"{name} p99 s": percentile(took, 0.99),
        f"{name} p50 s": percentile(took, 0.5),
        f"{name} p99.9 s": percentile(took, 0.999),
        f"{name} changes": len(took),
        f"{name} calls": live.shop.count()["calls"],
    }


def delays_of(changes: Sequence[Told], effects: Sequence[Effect]) -> list[float]:
    """Seconds from the broker's time of each change to the first call that can have held it.

    A call that left before the change was taken cannot: it left `TARGET_S` before it was answered.
    """
    return delays(changes, effects, left_before_s=TARGET_S)


def _result(bench: Bench, rounds: Rounds, half: int) -> Result:
    def p99(name: str) -> float:
        return spread(rounds.values("ours", f"{name} p99 s")).median

    return result(
        bench,
        "latency",
        ABOUT,
        goals=(
            at_most("p50 against a raw loop, 1,000/s", rounds.ratio("ours", "raw", "slow p50 s"), 1.5),
            at_most("p50 against a raw loop, half of the most", rounds.ratio("ours", "raw", "half p50 s"), 1.5),
            at_most("p99 in seconds, 1,000/s (window + 3 × target time)", p99("slow"), BOUND_S),
            at_most("p99 in seconds, half of the most", p99("half"), BOUND_S),
        ),
        ours={"half of the most": half, **rounds.figures("ours")},
        peers={"raw": rounds.figures("raw")},
        rounds=rounds.rounding(),
        notes=(
            f"window {WINDOW_S:g} s; the first {WARM_UP_S:g} s of each phase are not counted",
            "times: LogAppendTime of the record, and the shop's clock when it answered; both on this machine",
            "the raw loop keeps nothing: after a kill its ledger, and what waited, are gone",
        ),
    )
