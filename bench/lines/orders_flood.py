"""`orders-flood`: how much longer the ERP waits for an order while stock changes flood the same worker."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from bench.arithmetic import at_least, at_most, percentile
from bench.bench import Bench, result
from bench.lines.orders import GOAL_PER_S, TARGET_S
from bench.machine import busy_seconds, now, other_cores, wait
from bench.order_live import OrderLive
from bench.order_seen import WITHIN_S, Seen, acknowledged
from bench.result import Result
from bench.rounds import Rounds, Sample, interleaved
from bench.traffic import Traffic
from bench.workers import until
from streams.topics import DESIRED, STOCK_CHANGE

ABOUT = "intake to the ERP's acknowledgement, with 5,000 stock changes a second beside it and without them"
STOCKED, RATE = 5_000, 5_000
PER_S = GOAL_PER_S / 2
EVENLY_S, WARM_UP_S = 15.0, 2.0
RATIO = 1.5
MIB = 2**20


@dataclass(frozen=True)
class Flood:
    """One worker for orders and stock; the changes come, or do not."""

    live: OrderLive
    seen: Seen
    traffic: Traffic

    def open(self, records: int) -> None:
        """The first change of each row is no movement: so many as fast as they go, before anything is measured."""
        self.traffic.burst(records)
        self._wait_written()

    def _wait_written(self) -> None:
        """No change is under way to the shop."""
        live = self.live
        live.wait_read(STOCK_CHANGE.name, DESIRED.name)

        def written() -> bool:
            lane = live.worker.lane
            return lane is not None and lane["pending"] == 0

        until(written, within=WITHIN_S, what=lambda: f"nothing waits in the lane\n{live.worker.log[-2000:]}", step=0.2)

    def phase(self, rate: float, _attempt: int) -> Sample:
        """Orders at the same rate, whatever that of the changes; 0: none.  LineError where one is not acknowledged."""
        live, seconds = self.live, 3.0 if self.live.bench.is_trial else EVENLY_S
        orders = live.placing.shopped(int(PER_S * seconds))
        live.targets.slow(TARGET_S)
        with self.traffic.flowing(rate) if rate else nullcontext():
            wait(WARM_UP_S)
            cpu_s, busy_s, begun, before = live.worker.cpu_s, busy_seconds(other_cores()), now(), self._counts()
            took = acknowledged(live.placing, self.seen, live.worker, orders, PER_S)
            seconds, after = now() - begun, self._counts()
            cpu_s, busy_s = live.worker.cpu_s - cpu_s, busy_seconds(other_cores()) - busy_s
        self._wait_written()
        sample = {
            "p99 s": percentile(took, 0.99),
            "p50 s": percentile(took, 0.5),
            "core used": cpu_s / seconds,
            "other cores used": busy_s / seconds / len(other_cores()),
        }
        return sample | {f"changes {what} a second": (after[what] - before[what]) / seconds for what in after}

    def _counts(self) -> Mapping[str, int]:
        """Changes on their topic, and those of them that the worker is done with."""
        ends = self.live.watch.ends(STOCK_CHANGE.name)
        sent = sum(ends.values())
        return {"sent": sent, "folded": sent - self.live.watch.lag(STOCK_CHANGE.name, ends)}


def run(bench: Bench) -> Result:
    stocked = bench.size(STOCKED, 500)
    with OrderLive.begun(bench, stocked=stocked) as live:
        traffic = Traffic(live.stack, items=stocked, seed=bench.seed, behind_s=float("inf"))
        flood = Flood(live, Seen(live.targets), traffic)
        flood.open(4 * stocked)
        contenders = {"with": partial(flood.phase, RATE), "without": partial(flood.phase, 0)}
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
        rss = live.worker.rss_bytes / MIB
    return _result(bench, rounds, rss)


def _result(bench: Bench, rounds: Rounds, rss: float) -> Result:
    folded = rounds.median("with", "changes folded a second")
    return result(
        bench,
        "orders-flood",
        ABOUT,
        goals=(
            at_most("p99 with the flood against without", rounds.ratio("with", "without", "p99 s"), RATIO),
            at_least(f"changes folded a second beside it, of {RATE:,}", folded / RATE, 0.98),
        ),
        ours={**rounds.figures("with"), "MiB": round(rss)},
        peers={"without the flood": rounds.figures("without")},
        rounds=rounds.rounding(),
        notes=(
            f"the rate that was reached: {folded:,.0f} changes a second, the asked one {RATE:,}",
            f"{PER_S:.1f} orders a second in both, half of what 60,000 an hour need",
            f"every target answers in {TARGET_S * 1000:g} ms; the stock lane writes to the shop of the orders",
            "one worker has both flows and one core; broker, registry, four simulators and generators have the other",
        ),
    )
