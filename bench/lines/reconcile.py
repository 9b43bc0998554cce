"""`reconcile`: everything that the shop shows is compared while trade goes on, beside a bare fetch and compare."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.arithmetic import at_least, at_most, percentile
from bench.bench import Bench, result
from bench.delays import delays
from bench.drifting import STALE, Planted, chosen, judged, of_kind, plant
from bench.environments import Environment
from bench.live import APP, Live
from bench.machine import now, wait
from bench.opening import OPENED, PLACES, Movements, opening, sku_of
from bench.result import Result
from bench.rounds import Rounds, Sample, interleaved
from bench.stack import LineError
from bench.traffic import told
from bench.workers import Program, Worker, answer_of
from schemas.catalogue import STOCK_CHANGE as CONTRACT
from simulators.wms.bulk import preload
from simulators.wms.clock import SystemClock
from simulators.wms.model import WAREHOUSES, locations_of
from streams.topics import STOCK_CHANGE

ABOUT = "100,000 SKUs at three sources, pages of 300 rows that take 50 ms, 1 % drift planted, live traffic beside it"
SKUS, SHARE, LIVE_ITEMS, RATE = 100_000, 0.01, 2_000, 200.0
PAGE, TARGET_S, ROWS = 300, 0.05, 1000
SOURCES = tuple(one.source_code for one in PLACES)
STALE_PLACE = PLACES[-1]
ALONE_S, ARRIVED_S, WITHIN_S = 6.0, 20.0, 300.0
SETTINGS = {
    "STREAMS_INVENTORY__LOCATIONS": json.dumps(locations_of((*WAREHOUSES, STALE_PLACE))),
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__ROWS_PER_CALL": str(ROWS),
    "STREAMS_RECONCILE__EVERY_S": "0",
    "STREAMS_RECONCILE__FULL_AT": "",
}


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    skus = bench.size(SKUS, 1_000)
    planted = chosen(skus, SOURCES, share=SHARE, seed=bench.seed, stale_at=STALE_PLACE.source_code)
    with Live.begun(bench, items=bench.size(LIVE_ITEMS, 100)) as live:
        live.shop.set(rows=True, limit=ROWS)
        with live.worker("reconcile", **SETTINGS) as worker:
            _lay_out(live, skus, planted)
            plant(live.shop, planted)
            live.shop.set(rows=True, limit=ROWS, journal=True, delay_ms=50, read_delay_ms=50)
            contenders = {
                "ours": partial(_ours, live, worker, planted),
                "no comparison": partial(_alone, live),
                "raw": partial(_raw, live, environment, skus, planted),
            }
            rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
    return _result(bench, rounds, len(planted))


def _lay_out(live: Live, skus: int, planted: Planted) -> None:
    """Written by the worker; what will be stale has two values, one after the other."""
    stock, at, begun = live.stack.stock_schema(), SystemClock().now() - 60_000_000, now()
    preload(live.stack.producer(), opening(stock, skus=skus, at=at, warehouses=PLACES))
    live.wait_written()
    moved = Movements(stock, STALE_PLACE, at=at + 1)
    preload(live.stack.producer(), moved.of(sku for _, sku in of_kind(planted, STALE)))
    live.wait_written()
    shown = live.shop.count()["shown"]
    if shown != skus * len(SOURCES):
        raise LineError(f"the shop shows {shown} rows of {skus * len(SOURCES)}")
    live.bench.say(f"{shown:,} rows written in {now() - begun:.0f} s")


def _ours(live: Live, worker: Worker, planted: Planted, _: int) -> Sample:
    found: dict[str, float] = {}

    def compare() -> None:
        used = worker.cpu_s
        asked = ("reconcile", "stock", "--full", "--json", "--url", worker.url)
        answer = json.loads(live.stack.command(APP, *asked, codes=(0, 1)))
        right, false = judged(planted, answer["drift"])
        found.update(
            {
                "seconds": answer["seconds"],
                "cpu s, with the traffic": worker.cpu_s - used,
                "calls": answer["calls"],
                "rows read": answer["listed"],
                "not at rest": answer["unsettled"],
                "found": right,
                "false": false,
            }
        )

    late = _beside(live, compare)
    return {**found, **late, "rss MiB": worker.rss_bytes / 2**20}


def _alone(live: Live, _: int) -> Sample:
    return _beside(live, partial(wait, ALONE_S if not live.bench.is_trial else 3.0))


def _raw(live: Live, environment: Environment, skus: int, planted: Planted, attempt: int) -> Sample:
    wanted = {source: {sku_of(number): OPENED for number in range(skus)} for source in SOURCES}
    for source, sku in of_kind(planted, STALE):
        wanted[source][sku] = OPENED + 1
    path = live.bench.folder / "wanted.json"
    path.write_text(json.dumps(wanted), encoding="utf-8")
    answer: dict[str, Any] = {}
    late = _beside(live, lambda: answer.update(_answer(live, environment, path, attempt)))
    differing = {(source, sku) for source, sku in answer["differing"] if (source, sku) in planted}
    others = [sku for _, sku in answer["differing"] if sku in wanted[SOURCES[0]]]
    if len(differing) != len(planted) or len(others) > len(planted):
        raise LineError(f"the bare comparison found {len(differing)} of {len(planted)}, {len(others)} in all")
    figures = {"seconds": answer["seconds"], "cpu s": answer["cpu_s"], "calls": answer["calls"]}
    return {**figures, "rows read": answer["rows"], **late}


def _answer(live: Live, environment: Environment, wanted: Path, attempt: int) -> dict[str, Any]:
    asked = ("--url", live.shop.url, "--wanted", wanted, "--page-size", PAGE)
    command = environment.command("raw_reconcile", *asked)
    program = Program(command, live.bench.folder / f"raw-{attempt}.log", environment.environ)
    try:
        return answer_of(program, WITHIN_S)
    finally:
        program.end()


def _beside(live: Live, work: Callable[[], None]) -> Sample:
    """How late the changes were that came while the work was done."""
    begin, calls = live.watch.ends(STOCK_CHANGE.name), live.shop.count()["calls"]
    with live.traffic.flowing(RATE):
        work()
    changes = told(live.watch, begin, CONTRACT.schema_text)
    end = now() + ARRIVED_S
    while True:
        late = delays(changes, list(live.shop.effects(calls)), left_before_s=TARGET_S)
        lost = late.count(float("inf"))
        if not lost:
            return {
                "live p99 s": percentile(late, 0.99),
                "live p50 s": percentile(late, 0.5),
                "live changes": len(late),
            }
        if now() > end:
            raise LineError(f"{lost} of {len(late)} live changes never reached the shop")
        wait(0.5)


def _result(bench: Bench, rounds: Rounds, planted: int) -> Result:
    return result(
        bench,
        "reconcile",
        ABOUT,
        goals=(
            at_most("seconds against a bare fetch and compare", rounds.ratio("ours", "raw", "seconds"), 1.3),
            at_least("of the planted drift found, least", min(rounds.values("ours", "found")) / planted, 1.0),
            at_most("differences that nobody planted, most", max(rounds.values("ours", "false")), 0),
            at_most("live p99 against none beside it", rounds.ratio("ours", "no comparison", "live p99 s"), 1.2),
        ),
        ours={"planted": planted, **rounds.figures("ours")},
        peers={name: rounds.figures(name) for name in ("no comparison", "raw")},
        rounds=rounds.rounding(),
        notes=(
            f"{RATE:.0f} live changes a second in all phases, of {LIVE_ITEMS:,} other SKUs; {PAGE} rows a page, 50 ms",
            "seconds are those of the run: table, pages, second looks, and the wait for rows that are being written",
            "three chains of pages, one per source, as the bare loop has them; that looks at nothing twice",
        ),
    )
