"""`orders`: from intake to ERP, warehouse, CRM and three updates of the shop; and how soon the ERP has an order."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bench.arithmetic import at_least, at_most, percentile, spread
from bench.bench import Bench, result
from bench.environments import Environment
from bench.machine import now
from bench.order_targets import OrderTargets
from bench.placing import Placing, id_of
from bench.result import Result
from bench.rounds import Rounds, Sample, interleaved
from bench.shop import Shop
from bench.stack import LineError, Stack
from bench.workers import Program, Worker, answer_of, until
from simulators.channels.orders import catalogue

ABOUT = "orders to ERP, WMS, CRM and the shop (number, shipment, invoice); every target answers in 50 ms"
APP = "bench-orders"
ITEMS, ORDERS, PLAIN = 50, 400, 60
TARGET_S = 0.05
CALLS, AT_ONCE = 6, 8
"""Writes of an order; orders that are worked on side by side at a target (the setting's default)."""
GOAL_PER_S = 60_000 / 3600
P99_S = 2.0
EVENLY_S = 15.0
WITHIN_S = 600.0
FIRST: Mapping[str, tuple[str, str, str]] = {
    "erp": ("erp", "PUT", r"/salesOrder/"),
    "wms": ("wms", "PUT", r"/v1/tasks/"),
    "crm": ("crm", "PATCH", r"/sobjects/Order/"),
    "number": ("shop", "POST", r"/V1/orders$"),
}
THEN: Mapping[str, tuple[str, str, str]] = {
    "shipment": ("shop", "POST", r"/ship$"),
    "invoice": ("shop", "POST", r"/invoice$"),
}
"""What is written where: (target, method, path)."""


@dataclass
class Seen:
    """What the targets noted, read as it comes; the ERP's answers by the order's id."""

    targets: OrderTargets
    counted: Counter[str] = field(default_factory=Counter)
    booked: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        for name, simulator in self.targets.all.items():
            for effect in simulator.effects():
                for what, (target, method, path) in {**FIRST, **THEN}.items():
                    if target == name and method == effect.method and re.search(path, effect.path):
                        self.counted[what] += 1
                        if what == "erp":
                            self.booked.setdefault(effect.path.rpartition("eid:")[2], effect.at)

    def wait(self, whats: Mapping[str, object], number: int, worker: Worker) -> None:
        """Until so many more of each were made.  LineError where they are not in time."""
        wanted = {what: self.counted[what] + number for what in whats}

        def done() -> bool:
            self.look()
            if not worker.running:
                raise LineError(f"the worker ended\n{worker.log[-2000:]}")
            return all(self.counted[what] >= count for what, count in wanted.items())

        until(
            done, within=WITHIN_S, what=lambda: f"{wanted}, have {dict(self.counted)}\n{worker.log[-2000:]}", step=0.2
        )


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    items = catalogue(ITEMS)
    with Stack(bench.folder) as stack:
        stack.apply(APP)
        targets, shop = OrderTargets(bench.folder, items), Shop(bench.folder)
        try:
            targets.begin()
            placing = Placing(stack, targets, items, bench.seed)
            worker = Worker("orders", bench.folder, stack.environ(APP, **targets.environ))
            until(worker.is_ready, within=120, what=lambda: worker.log[-3000:])
            contenders = {
                "ours": partial(_ours, bench, placing, Seen(targets), worker),
                "plain": partial(_plain, bench, shop, environment),
            }
            rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
            placing.close()
            worker.stop()
        finally:
            targets.end()
            shop.end()
    return _result(bench, rounds)


def _ours(bench: Bench, placing: Placing, seen: Seen, worker: Worker, _attempt: int) -> Sample:
    number = bench.size(ORDERS, 12)
    orders = placing.shopped(number)
    soon = placing.shopped(int(GOAL_PER_S / 2 * (3 if bench.is_trial else EVENLY_S)))
    seen.targets.slow(TARGET_S)
    cpu_s, begun = worker.cpu_s, now()
    placing.place(orders)
    seen.wait(FIRST, number, worker)
    placing.shipped(orders)
    seen.wait(THEN, number, worker)
    seconds, cpu_s = now() - begun, worker.cpu_s - cpu_s
    took = _acknowledged(placing, seen, worker, soon)
    return {
        "per_s": number / seconds,
        "p99 s": percentile(took, 0.99),
        "p50 s": percentile(took, 0.5),
        "core ms an order": 1000 * cpu_s / number,
        "core used": cpu_s / seconds,
        "MiB": worker.rss_bytes / 2**20,
    }


def _acknowledged(placing: Placing, seen: Seen, worker: Worker, orders: Sequence[dict[str, object]]) -> list[float]:
    """Seconds from the intake of each order until the ERP has acknowledged it, at half of the rate."""
    placed = placing.place_evenly(orders, GOAL_PER_S / 2)
    seen.wait(FIRST, len(orders) - sum(id_of(one) in seen.booked for one in orders), worker)
    return [seen.booked[order_id] - at for order_id, at in placed.items()]


def _plain(bench: Bench, shop: Shop, environment: Environment, attempt: int) -> Sample:
    """Calls the targets one by one, as many calls as an order has writes."""
    shop.set(delay_ms=1000 * TARGET_S)
    number = bench.size(PLAIN, 5)
    asked = ["--url", shop.url, "--orders", number, "--calls", CALLS]
    log = bench.folder / f"plain-{attempt}.log"
    answer = answer_of(Program(environment.command("plain_orders", *asked), log, environment.environ), WITHIN_S)
    return {"per_s": number / answer["seconds"]}


def _result(bench: Bench, rounds: Rounds) -> Result:
    ideal = AT_ONCE / (TARGET_S * CALLS / len({target for target, *_ in (*FIRST.values(), *THEN.values())}))
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
            "of the ideal schedule": round(per_s / ideal, 3),
            "orders an hour and core": round(3_600_000 / core),
            **rounds.figures("ours"),
        },
        peers={"plain": rounds.figures("plain")},
        rounds=rounds.rounding(),
        notes=(
            f"ideal: {AT_ONCE} orders side by side at each target, {TARGET_S * 1000:g} ms a write: {ideal:.0f}/s",
            "both cores: worker on one; broker, registry, four simulators and generator on the other",
            f"scaled: plain makes {CALLS} writes an order for {PLAIN} orders, and keeps nothing",
        ),
    )
