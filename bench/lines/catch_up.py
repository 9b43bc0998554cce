"""`catch-up`: the shop is away while changes come, then takes few calls a second; until it shows everything."""

from bench.arithmetic import at_least, at_most
from bench.bench import Bench, result
from bench.live import Live
from bench.machine import now
from bench.result import Result, Rounding
from bench.shop import Effect
from bench.stack import LineError
from bench.traffic import told
from schemas.catalogue import STOCK_CHANGE as CONTRACT
from streams.topics import STOCK_CHANGE

ABOUT = "the shop is away for 600,000 changes, then takes 5 calls a second of 100 rows"
CHANGES, ITEMS = 600_000, 20_000
CALLS_PER_S, ROWS = 5, 100
QUIET_S = 5.0


def run(bench: Bench) -> Result:
    count = bench.size(CHANGES, 5_000)
    with Live.begun(bench, items=bench.size(ITEMS, 500)) as live:
        live.shop.set(limit=ROWS)
        with live.worker("catch-up", STREAMS_CONNECTORS__ADOBE_COMMERCE__ROWS_PER_CALL=str(ROWS)) as worker:
            live.traffic.burst(count // 4)
            live.wait_folded()
            live.wait_quiet(QUIET_S)
            normal = worker.rss_bytes
            live.shop.set(limit=ROWS, away=True)
            begin = live.watch.ends(STOCK_CHANGE.name)
            live.traffic.burst(count)
            live.wait_folded()
            back = now()
            live.shop.set(limit=ROWS, calls_per_s=CALLS_PER_S, journal=True)
            live.wait_written()  # the lane may pause between two tries for longer than it takes to seem quiet
            seconds = live.wait_quiet(QUIET_S) - back
            peak, counted = worker.peak_rss_bytes, live.shop.count()
        changes = told(live.watch, begin, CONTRACT.schema_text)
        effects = list(live.shop.effects())
    dirty = {(one.source_code, one.sku) for one in changes}
    _check(dirty, effects)
    fifo_s = len(changes) / CALLS_PER_S
    return result(
        bench,
        "catch-up",
        ABOUT,
        goals=(
            at_most("calls for each hundred dirty rows", counted["calls"] / -(-len(dirty) // ROWS), 1.1),
            at_most("peak memory against before", peak / normal, 1.3),
            at_least("time of a queue, change by change, against ours", fifo_s / seconds, 20),
        ),
        ours={
            "seconds": seconds,
            "calls": counted["calls"],
            "refused calls (429)": counted["refused"],
            "dirty rows": len(dirty),
            "rows written": counted["rows"],
            "rss MiB before": normal / 2**20,
            "rss MiB peak": peak / 2**20,
        },
        peers={
            "queue, a change a call (computed)": {"seconds": fifo_s},
            "queue, 100 changes a call (computed)": {"seconds": fifo_s / ROWS},
        },
        rounds=Rounding(1),
        notes=(
            f"{len(changes):,} changes while the shop was away, as fast as the broker took them; one run",
            "before is after a quarter as many changes with the shop there; peak is that of the process's whole life",
            "every row that changed must have been written after the shop was back",
        ),
    )


def _check(dirty: set[tuple[str, str]], effects: list[Effect]) -> None:
    written = {(effect.source_code, effect.sku) for effect in effects}
    if missing := dirty - written:
        raise LineError(f"{len(missing)} rows were never written, {sorted(missing)[:3]} among them")
