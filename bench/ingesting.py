"""The stock flow of one worker over a preloaded topic: what each round of `ingest` and `poison` runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.machine import now
from bench.stack import LineError, Offsets, Stack, Watch
from bench.stock_load import Shown, differences, last_snapshots
from bench.workers import Worker, until
from streams.topics import DESIRED, STOCK_CHANGE

LONGEST_S = 900.0
READY_S = 120.0
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ingested:
    """Seconds between the first and the last snapshot by the broker's clock; CPU of the worker meanwhile."""

    seconds: float
    cpu_s: float
    snapshots: int
    rss: int
    wrong: int


def ingest(
    stack: Stack, folder: Path, app_id: str, *, ends: Offsets, shown: Shown, more: Mapping[str, str] = NOTHING
) -> Ingested:
    """Reads everything below `ends` with a new group, a new table and an empty disk; `more` are settings.

    LineError where the worker ends, or is not done in time.
    """
    stack.apply(app_id)
    watch = stack.watch(app_id)
    before = watch.ends(DESIRED.name)
    worker = Worker(app_id, folder, stack.environ(app_id, **more))
    try:
        seconds, cpu_s = _worked_off(worker, watch, ends, before)
        rss = worker.rss_bytes
        code = worker.stop()
        if code:
            raise LineError(f"the worker ended with {code}\n{worker.log[-2000:]}")
        found, count = last_snapshots(watch, before)
    finally:
        worker.end()
        worker.forget()
        watch.close()
    stack.delete(f"{app_id}-")
    return Ingested(seconds, cpu_s, count, rss, differences(shown, found))


def _worked_off(worker: Worker, watch: Watch, ends: Offsets, before: Offsets) -> tuple[float, float]:
    """Wall and CPU seconds, from just before the first snapshot until the last is written and all is committed."""
    idle_at, idle_cpu = now(), worker.cpu_s
    last_at = idle_at
    snapshots = before

    def begun() -> bool:
        nonlocal idle_at, idle_cpu
        if not worker.running:
            raise LineError(f"the worker ended\n{worker.log[-2000:]}")
        at, cpu = now(), worker.cpu_s
        if watch.ends(DESIRED.name) != before:
            return True
        idle_at, idle_cpu = at, cpu
        return False

    def done() -> bool:
        nonlocal last_at, snapshots
        if not worker.running:
            raise LineError(f"the worker ended\n{worker.log[-2000:]}")
        found = watch.ends(DESIRED.name)
        if found != snapshots:
            snapshots, last_at = found, now()
        return watch.lag(STOCK_CHANGE.name, ends) == 0

    until(begun, within=READY_S, what=lambda: f"a first snapshot\n{worker.log[-2000:]}")
    until(done, within=LONGEST_S, what=lambda: f"everything committed\n{worker.log[-2000:]}")
    return last_at - idle_at, worker.cpu_s - idle_cpu
