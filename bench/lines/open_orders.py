"""`open-orders`: what a worker holds in memory for each order that is open."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from bench.arithmetic import at_most
from bench.bench import Bench, result
from bench.environments import Environment
from bench.machine import now
from bench.order_live import OrderLive
from bench.result import Figures, Result, Rounding
from bench.stack import LineError
from bench.workers import Program, answer_of, until
from schemas.catalogue import COMMERCE_ORDER as CONTRACT
from streams.topics import COMMANDS, COMMERCE_ORDER, ORDER_EVENT

ABOUT = "memory of a worker whose ERP takes nothing: orders stay open, and grow to 100,000"
OPEN, CHUNK = 100_000, 5_000
FILL_S, OPEN_S = 180.0, 20.0
LIMIT_MIB, OF_DICTIONARY = 1024, 1.0
MIB = 2**20
WAITING = 'streams_pending_keys{sink="erp"}'


class Held(NamedTuple):
    """Open orders, and the bytes that the worker held with them."""

    orders: int
    rss: int


class Growth(NamedTuple):
    """Bytes for each further order: over all that was filled after the first quarter, and over the last one."""

    each: float
    last: float

    @classmethod
    def of(cls, held: Sequence[Held]) -> "Growth":
        """The first quarter is left out: caches and write buffers fill.  At least two looks are needed."""
        quarters = [held[max(0, round(len(held) * part / 4) - 1)] for part in (1, 3, 4)]
        return cls(_slope(quarters[0], held[-1]), _slope(*quarters[1:]))

    def whole(self, last: Held, orders: int) -> float:
        """Bytes with so many orders, by the steeper of both."""
        return last.rss + max(self.each, self.last, 0.0) * max(0, orders - last.orders)


def _slope(before: Held, after: Held) -> float:
    return (after.rss - before.rss) / max(1, after.orders - before.orders)


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    with OrderLive.begun(bench, STREAMS_SINKS__MODE="paused") as live:
        begun = now()
        held = _filled(live)
        seconds, peak = now() - begun, live.worker.peak_rss_bytes
        _check_open(live, held[-1].orders)
        dictionary = _dictionary(live, environment, held[-1].orders)
    return _result(bench, held, {"orders a second": held[-1].orders / seconds, "rss MiB peak": peak / MIB}, dictionary)


def _filled(live: OrderLive) -> Sequence[Held]:
    """Until all are open, or the time is over; looked at after each chunk."""
    number, chunk = live.bench.size(OPEN, 80), live.bench.size(CHUNK, 20)
    begun, held = now(), [Held(0, live.worker.rss_bytes)]
    while held[-1].orders < number and now() - begun < FILL_S:
        live.placing.place(live.placing.drawn(chunk))
        live.wait_read(COMMERCE_ORDER.name, ORDER_EVENT.name, COMMANDS["erp"].name)
        held.append(Held(held[-1].orders + chunk, live.worker.rss_bytes))
        live.bench.say(f"{held[-1].orders:,} open orders, {held[-1].rss / MIB:.0f} MiB")
    return held


def _check_open(live: OrderLive, orders: int) -> None:
    """LineError where the ERP has one of them, or a command does not wait for it."""
    if booked := sum(1 for _ in live.targets.erp.effects()):
        raise LineError(f"{booked} orders are at the ERP, though sinks are paused")

    def wait_for_erp() -> str:
        return f"{live.worker.metric(WAITING):,.0f} of {orders:,} orders wait for the ERP\n{live.worker.log[-2000:]}"

    until(lambda: live.worker.metric(WAITING) == orders, within=OPEN_S, what=wait_for_erp, step=0.5)


def _dictionary(live: OrderLive, environment: Environment, orders: int) -> Figures:
    schema = live.bench.folder / "order.avsc"
    schema.write_text(json.dumps(json.loads(CONTRACT.schema_text)), encoding="utf-8")
    asked = ["--bootstrap", live.stack.bootstrap, "--group", "bench-order-dict", "--topic", COMMERCE_ORDER.name]
    asked += ["--schema", str(schema), "--records", str(orders)]
    program = Program(environment.command("order_dict", *asked), live.bench.folder / "dict.log", environment.environ)
    try:
        answer = answer_of(program, FILL_S)
    finally:
        program.end()
    return {
        "orders": answer["orders"],
        "bytes an order": answer["bytes"] / answer["orders"],
        "topic bytes an order": answer["topic_bytes"] / answer["orders"],
    }


def _result(bench: Bench, held: Sequence[Held], found: Figures, dictionary: Figures) -> Result:
    last, growth = held[-1], Growth.of(held[1:])
    is_whole = last.orders >= OPEN
    theirs = float(dictionary["bytes an order"] or 0)
    name = f"resident MiB with {OPEN:,} open orders" + ("" if is_whole else " (computed)")
    return result(
        bench,
        "open-orders",
        ABOUT,
        goals=(
            at_most("bytes an order against a dictionary of the same orders", growth.each / theirs, OF_DICTIONARY),
            at_most(name, growth.whole(last, OPEN) / MIB, LIMIT_MIB),
        ),
        ours={
            "orders": last.orders,
            "bytes an order": round(growth.each),
            "bytes an order, last quarter": round(growth.last),
            "rss MiB before": round(held[0].rss / MIB),
            "rss MiB": round(last.rss / MIB),
            **found,
        },
        peers={"dictionary": dictionary},
        rounds=Rounding(1),
        notes=(
            "sinks are paused: every order is open, and its command waits for the ERP in the same worker",
            f"filled for {FILL_S:.0f} s at most, {last.orders:,} orders; beyond them by the steeper of both growths",
            "bytes an order: growth of resident memory after the first quarter, in which caches and write buffers fill",
            "the dictionary holds the decoded orders alone: no table, no queue, nothing that outlives it",
        ),
    )
