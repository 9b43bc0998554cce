"""A whole way under live traffic: broker, a stub shop, a stream of changes, and a worker between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from bench.bench import Bench
from bench.machine import now
from bench.shop import Shop
from bench.stack import LineError, Offsets, Stack, Watch
from bench.traffic import Traffic
from bench.workers import Worker, until
from streams.topics import DESIRED, STOCK_CHANGE

APP = "bench-live"
READY_S, LAG_S, QUIET_WITHIN_S = 90.0, 600.0, 600.0


@dataclass(frozen=True)
class Live:
    """One application and one stream of changes for a whole line; workers may come and go."""

    bench: Bench
    stack: Stack
    shop: Shop
    traffic: Traffic
    watch: Watch
    workers: list[Worker] = field(default_factory=list)
    """Those that run now: who waits for their work need not wait for a dead one."""

    @classmethod
    @contextmanager
    def begun(cls, bench: Bench, *, items: int) -> Iterator[Self]:
        """Everything but the worker; ended with the `with` block."""
        with Stack(bench.folder) as stack:
            stack.apply(APP)
            shop, watch = Shop(bench.folder), stack.watch(APP)
            try:
                yield cls(bench, stack, shop, Traffic(stack, items=items, seed=bench.seed), watch)
            finally:
                shop.end()
                watch.close()

    @contextmanager
    def worker(self, name: str, **settings: str) -> Iterator[Worker]:
        """Ready; stopped with the `with` block.  All of them have one data directory."""
        data = {"STREAMS_DATA_DIR": str(self.bench.folder / "data")}
        environ = self.stack.environ(APP, **self.shop.environ, **data, **settings)
        worker = Worker(name, self.bench.folder, environ)
        self.workers.append(worker)
        try:
            until(worker.is_ready, within=READY_S, what=lambda: f"the worker is ready\n{worker.log[-2000:]}")
            yield worker
            worker.stop()
        finally:
            worker.end()
            self.workers.remove(worker)

    def _check(self) -> None:
        for worker in self.workers:
            if not worker.running:
                raise LineError(f"the worker ended\n{worker.log[-2000:]}")

    def _is_read(self, topic: str, ends: Offsets) -> bool:
        self._check()
        return self.watch.lag(topic, ends) == 0

    def wait_folded(self) -> None:
        """All changes are snapshots, and the lane has all of them."""
        for topic in (STOCK_CHANGE.name, DESIRED.name):
            ends = self.watch.ends(topic)
            told = f"{topic} is read".__str__
            until(partial(self._is_read, topic, ends), within=LAG_S, what=told, step=0.2)

    def wait_written(self) -> None:
        """All changes are folded, and no row waits for its window."""
        self.wait_folded()

        def written() -> bool:
            self._check()
            return any(lane["pending"] == 0 for worker in self.workers if (lane := worker.lane))

        until(written, within=QUIET_WITHIN_S, what=lambda: "nothing waits in the lane", step=0.5)

    def wait_quiet(self, seconds: float) -> float:
        """No call for so long; when the last one was seen (`machine.now`)."""
        calls, since = -1, now()

        def quiet() -> bool:
            nonlocal calls, since
            self._check()
            found = self.shop.count()["calls"]
            if found != calls:
                calls, since = found, now()
            return now() - since > seconds

        until(quiet, within=QUIET_WITHIN_S, what=lambda: "the shop is left alone", step=0.2)
        return since
