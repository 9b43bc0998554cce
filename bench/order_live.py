"""The way of orders for a whole line: broker, simulated targets, who places orders, and a worker between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from bench.bench import Bench
from bench.order_targets import OrderTargets
from bench.placing import Placing
from bench.stack import LineError, Offsets, Stack, Watch
from bench.workers import Worker, until
from simulators.channels.orders import catalogue

APP = "bench-orders"
ITEMS = 50
READY_S, READ_S = 120.0, 600.0


@dataclass(frozen=True)
class OrderLive:
    """Everything runs; the worker is ready, and stopped with the `with` block."""

    bench: Bench
    stack: Stack
    targets: OrderTargets
    placing: Placing
    worker: Worker
    watch: Watch

    @classmethod
    @contextmanager
    def begun(cls, bench: Bench, *, stocked: int = 0, **settings: str) -> Iterator[Self]:
        """`stocked` products at the shop, where those that orders name are not enough.  Raises LineError."""
        items = catalogue(ITEMS)
        with Stack(bench.folder) as stack:
            stack.apply(APP)
            targets, watch = OrderTargets(bench.folder, items, stocked=stocked), stack.watch(APP)
            try:
                targets.begin()
                worker = Worker("orders", bench.folder, stack.environ(APP, **{**targets.environ, **settings}))
                try:
                    until(worker.is_ready, within=READY_S, what=lambda: worker.log[-3000:])
                    placing = Placing(stack, targets, items, bench.seed)
                    yield cls(bench, stack, targets, placing, worker, watch)
                    placing.close()
                    worker.stop()
                finally:
                    worker.end()
                    worker.forget()
            finally:
                targets.end()
                watch.close()

    def wait_read(self, *topics: str) -> None:
        """Until the worker has read each of them, in this sequence, as far as they go by then."""
        for topic in topics:
            self._wait_read(topic, self.watch.ends(topic))

    def _wait_read(self, topic: str, ends: Offsets) -> None:
        def is_read() -> bool:
            if not self.worker.running:
                raise LineError(f"the worker ended\n{self.worker.log[-2000:]}")
            return self.watch.lag(topic, ends) == 0

        until(is_read, within=READ_S, what=lambda: f"{topic} is read\n{self.worker.log[-2000:]}", step=0.2)
