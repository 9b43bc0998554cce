"""What is forecast of a queue, and what then happens: the ERP is down, is slow, takes less at once.

    python -m tests.proofs.three_outages [--orders 200] [--save-ms 400]

Real Kafka, a real worker, the simulated NetSuite.  Each part lets orders wait, writes down what the worker forecasts at
the moment that the ERP is as it is going to be, and when so many orders were made as waited then.  Ends with exit code
0 where every order was made exactly once.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from simulators.local_stack.registry import Registry
from tests.faults.order_system import OrderSystem
from tests.processes import Worker, until

AT_ONCE, LESS_AT_ONCE = 4, 2
SLOWER = 4
AWAY_S = 30.0
CUT_OFF_IN = timedelta(minutes=4)


class Result(NamedTuple):
    """Of one part."""

    name: str
    waiting: int
    said_s: float | None
    took_s: float


class Proof:
    """One worker, one ERP; `play` runs the parts."""

    def __init__(self, system: OrderSystem, worker: Worker, orders: int, save_ms: float) -> None:
        self.system, self.worker, self.orders, self.save_ms = system, worker, orders, save_ms
        self.results: list[Result] = []

    @property
    def sink(self) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.worker.facts()["order_sinks"] if one["role"] == "erp")
        return found

    @property
    def waiting(self) -> int:
        return int(self.sink["queue"]["waiting"])

    def play(self) -> list[Result]:
        self.system.place(self.orders // 4)
        self._done()
        say(f"warm: {self._rate()} orders/s, {self.sink['target']['at_once']} at once")
        self._part("the ERP was down", self._down, self._healed)
        self._part("the ERP is slow", self._slow, None)
        self.system.erp.process.seed(settings={"save_ms": self.save_ms})
        self._warm()
        self._part("the ERP takes less at once", self._less, None)
        return self.results

    def _part(self, name: str, begins: Callable[[], None], ends: Callable[[], None] | None) -> None:
        say(f"── {name}")
        begins()
        if ends is not None:
            ends()
        else:
            self._warm()  # so that the new pace is known
            self.system.place(self.orders)
            until(lambda: self.waiting >= self.orders // 2, within=60, what="orders wait", step=0.2)
        say(self._line())
        queue, begun, before = self.sink["queue"], now(), len(self.system.booked)
        waiting, rate = int(queue["waiting"]), queue["per_s"]
        said = waiting / rate if rate else None
        until(lambda: self._are_gone(before + waiting), within=900, what="what waited is made", step=0.2)
        self.results.append(Result(name, waiting, said, now() - begun))
        self._done()
        say(self._line())

    def _are_gone(self, booked: int) -> bool:
        """Facts are up to a second old, so that the last of them can be gone already."""
        return len(self.system.booked) >= booked or not self.waiting

    def _down(self) -> None:
        rule = self.system.erp.process.fault(kind="outage")
        self.system.place(self.orders)
        until(lambda: self.waiting >= self.orders * 9 // 10, within=120, what="orders wait", step=0.2)
        begun = now()
        until(lambda: now() - begun > AWAY_S, within=2 * AWAY_S, what="the ERP is away", step=1)
        say(self._line())
        say(f"calls that met the outage: {self.system.erp.process.hits(rule)}")

    def _healed(self) -> None:
        self.system.erp.process.heal()
        before = len(self.system.booked)
        until(lambda: len(self.system.booked) > before, within=90, what="the ERP is back", step=0.05)

    def _slow(self) -> None:
        self.system.erp.process.seed(settings={"save_ms": SLOWER * self.save_ms})

    def _less(self) -> None:
        self.system.erp.process.seed(settings={"concurrency": LESS_AT_ONCE})

    def _warm(self) -> None:
        """Enough orders for the rate to be that of now."""
        self.system.place(self.orders // 2)
        self._done()
        say(f"warm: {self._rate()} orders/s, {self.sink['target']['at_once']} at once")

    def _done(self) -> None:
        self.system.wait_booked(within=900)

    def _rate(self) -> str:
        rate = self.sink["queue"]["per_s"]
        return "unknown" if rate is None else f"{rate:.1f}"

    def _line(self) -> str:
        """What the first lines of `status` say of the queue."""
        told = self.system.command("status", "--url", self.worker.url, expect=None)
        lines = [line for line in told.splitlines() if "safe in queue" in line or "forecast" in line]
        return "\n".join(lines) or "nothing waits"


def now() -> float:
    return time.monotonic()  # noqa: TID251  real time is the matter


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--save-ms", type=float, default=400.0)
    options = parser.parse_args()
    cut_off = datetime.now(UTC) + CUT_OFF_IN  # noqa: TID251  as the wall clock has it
    overrides = {
        "STREAMS_ORDERS__CUT_OFFS": f'{{"*": {{"at": ["{cut_off:%H:%M}"]}}}}',
        "STREAMS_CONNECTORS__NETSUITE__MAX_CONNECTIONS": str(AT_ONCE),
        "STREAMS_CONNECTORS__NETSUITE__TIMEOUT_S": "20",
    }
    with tempfile.TemporaryDirectory(prefix="outages-") as folder, Registry(Path(folder) / "registry") as registry:
        system = OrderSystem(Path(folder), registry.url, overrides=overrides, partitions=2)
        with contextlib.closing(_Ends(system)):
            system.start()
            system.erp.process.seed(settings={"save_ms": options.save_ms, "concurrency": AT_ONCE})
            worker = system.worker("a").wait_ready()
            proof = Proof(system, worker, options.orders, options.save_ms)
            for one in proof.play():
                said = "unknown" if one.said_s is None else f"{one.said_s:.1f} s"
                off = "" if one.said_s is None else f", {(one.took_s - one.said_s) / one.took_s:+.0%}"
                say(f"{one.name}: {one.waiting} waited, said {said}, took {one.took_s:.1f} s{off}")
            twice = {order: number for order, number in system.booked.items() if number != 1}
            left = system.wanted - system.booked.keys()
            say(f"{len(system.booked)} orders made, {len(twice)} twice, {len(left)} in limbo")
            say("\n".join(line for line in worker.log.splitlines() if "forecast-compared" in line))
    return 1 if twice or left else 0


class _Ends:
    def __init__(self, system: OrderSystem) -> None:
        self._system = system

    def close(self) -> None:
        self._system.end()


if __name__ == "__main__":
    sys.exit(main())
