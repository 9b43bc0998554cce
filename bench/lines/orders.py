"""`orders`: from intake to ERP, warehouse, CRM and three updates of the shop; and how soon the ERP has an order."""

from functools import partial

from bench.arithmetic import at_least, at_most, percentile, spread
from bench.bench import Bench, result
from bench.environments import Environment
from bench.machine import busy_seconds, now, other_cores
from bench.order_live import OrderLive
from bench.order_seen import FIRST, THEN, Seen, acknowledged, ideal_s, streamed
from bench.order_targets import ERP_AT_ONCE, ORDERS_AT_ONCE
from bench.result import Result
from bench.rounds import Rounds, Sample, interleaved
from bench.shop import Shop
from bench.workers import Program, answer_of

ABOUT = "orders to ERP, WMS, CRM and the shop (number, shipment, invoice); every target answers in 50 ms"
ORDERS, PLAIN, AHEAD = 600, 60, 150
TARGET_S = 0.05
CALLS = len(FIRST) + len(THEN)
"""Writes of an order."""
GOAL_PER_S = 60_000 / 3600
P99_S = 2.0
EVENLY_S = 15.0
WITHIN_S = 600.0


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    with OrderLive.begun(bench) as live:
        shop = Shop(bench.folder, "plain-shop")
        try:
            contenders = {
                "ours": partial(_ours, live, Seen(live.targets)),
                "plain": partial(_plain, bench, shop, environment),
            }
            rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
        finally:
            shop.end()
    return _result(bench, rounds)


def _ours(live: OrderLive, seen: Seen, _attempt: int) -> Sample:
    bench, placing, worker = live.bench, live.placing, live.worker
    number = bench.size(ORDERS, 12)
    orders = placing.shopped(number)
    soon = placing.shopped(int(GOAL_PER_S / 2 * (3 if bench.is_trial else EVENLY_S)))
    live.targets.slow(TARGET_S)
    cpu_s, busy_s, begun = worker.cpu_s, busy_seconds(other_cores()), now()
    streamed(placing, seen, worker, orders, AHEAD)
    seconds, cpu_s, busy_s = now() - begun, worker.cpu_s - cpu_s, busy_seconds(other_cores()) - busy_s
    took = acknowledged(placing, seen, worker, soon, GOAL_PER_S / 2)
    return {
        "per_s": number / seconds,
        "of the ideal schedule": ideal_s(number, TARGET_S) / seconds,
        "p99 s": percentile(took, 0.99),
        "p50 s": percentile(took, 0.5),
        "core ms an order": 1000 * cpu_s / number,
        "core used": cpu_s / seconds,
        "other cores used": busy_s / seconds / len(other_cores()),
        "MiB": worker.rss_bytes / 2**20,
    }


def _plain(bench: Bench, shop: Shop, environment: Environment, attempt: int) -> Sample:
    """Calls the targets one by one, as many calls as an order has writes."""
    shop.set(delay_ms=1000 * TARGET_S)
    number = bench.size(PLAIN, 5)
    asked = ["--url", shop.url, "--orders", number, "--calls", CALLS]
    log = bench.folder / f"plain-{attempt}.log"
    answer = answer_of(Program(environment.command("plain_orders", *asked), log, environment.environ), WITHIN_S)
    return {"per_s": number / answer["seconds"]}


def _result(bench: Bench, rounds: Rounds) -> Result:
    number = bench.size(ORDERS, 12)
    best = f"{number} orders in {ideal_s(number, TARGET_S):.2f} s"
    per_s, core = rounds.median("ours", "per_s"), rounds.median("ours", "core ms an order")
    return result(
        bench,
        "orders",
        ABOUT,
        goals=(
            at_least("orders an hour, end to end", 3600 * per_s, 60_000),
            at_most(
                "p99 seconds from intake to the ERP's answer, at half of that",
                spread(rounds.values("ours", "p99 s")).median,
                P99_S,
            ),
            at_least("orders against a plain consumer, call by call", rounds.ratio("ours", "plain", "per_s"), 1.0),
        ),
        ours={
            "orders an hour": round(3600 * per_s),
            "orders an hour and core": round(3_600_000 / core),
            **rounds.figures("ours"),
        },
        peers={"plain": rounds.figures("plain")},
        rounds=rounds.rounding(),
        notes=(
            f"a stream: at most {AHEAD} orders are open; each is shipped and billed when the warehouse has its task",
            f"ideal: nothing but writes, {ORDERS_AT_ONCE} at once of each kind ({ERP_AT_ONCE} at the ERP): {best}",
            "both cores: worker on one; broker, registry, four simulators and generator on the other",
            f"scaled: plain makes {CALLS} writes an order for {PLAIN} orders, and keeps nothing",
        ),
    )
