"""`commerce-streams reconcile stock` over 100,000 SKUs at three sources, 1 % drifted, with live trade beside it.

    python -m tests.proofs.reconcile_100k [--skus 100000] [--share 0.01] [--latency-ms 0] [--seed 7]

Real Kafka, a real worker, the real command, the simulated shop; ends with exit code 0 where every planted difference
was found, none was invented, and a second run after `--repair` finds the orphans only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from simulators.local_stack.registry import Registry
from simulators.wms.model import WAREHOUSES
from tests.faults.system import System
from tests.processes import Worker
from tests.proofs.drift import Catalogue, Planted, chosen, lay_out, plant

ROWS_PER_CALL = 1000
LIVE_PER_S = 100.0
Run = dict[str, Any]
"""What the command printed as JSON."""


class Memory:
    """The most that a process had in memory, looked at a few times a second."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.most_mib = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            self.most_mib = max(self.most_mib, self.now_mib())

    def now_mib(self) -> float:
        line = next(one for one in self._status.read_text().splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return self.most_mib


def main() -> int:
    """Exit code 1 where anything was missed or invented."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="reconcile-") as folder, Registry(Path(folder) / "registry") as registry:
        overrides = {
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__ROWS_PER_CALL": str(ROWS_PER_CALL),
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__TIMEOUT_S": "30",
            "STREAMS_RECONCILE__EVERY_S": "0",
            "STREAMS_RECONCILE__FULL_AT": "",
        }
        system = System(Path(folder), registry.url, overrides=overrides, seed=options.seed)
        try:
            return _proof(system.start(), options)
        finally:
            system.end()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--latency-ms", type=float, default=0.0, help="Of every read at the shop.")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def _proof(system: System, options: argparse.Namespace) -> int:
    catalogue = Catalogue(options.skus)
    live = [f"SKU-{n:05d}" for n in range(1, system.items + 1)]
    system.shop.seed(
        products=[*live, *catalogue.names],
        sources=["default", *catalogue.sources, *sorted({one.source_code for one in WAREHOUSES})],
    )
    worker = system.worker("a").wait_ready(300)
    planted = chosen(catalogue, options.share, options.seed)
    stale = [pair for pair, kind in planted.items() if kind == "stale"]
    _say(f"seed {options.seed}: {catalogue.skus:,} SKUs at {len(catalogue.sources)} sources, live trade beside them")
    began = time.monotonic()  # noqa: TID251  a proof takes real time
    lay_out(system, catalogue, stale, within=1800)
    system.open_stock()
    _say(f"written by the worker in {time.monotonic() - began:.0f} s")  # noqa: TID251  as above
    plant(system, catalogue, planted)
    _say(f"planted: {len(planted):,} ({_by_kind(planted)})")
    if options.latency_ms:
        system.shop.fault(kind="latency", methods=["GET"], delay_s=options.latency_ms / 1000)
    first = _compared(system, worker, "--full")
    wrong = _judged(first, planted)
    second = _compared(system, worker, "--full", "--repair")
    wrong += _judged(second, planted)
    system.wait_equal()
    orphans = {pair: kind for pair, kind in planted.items() if kind == "orphan"}
    third = _compared(system, worker, "--full")
    _say("after the repair only the orphans are left:")
    wrong += _judged(third, orphans)
    assert worker.stop() == 0
    _say("held" if not wrong else "NOT HELD")
    return 1 if wrong else 0


def _compared(system: System, worker: Worker, *arguments: str) -> Run:
    """The command, with trade while it runs; its table goes to the screen by `_judged`."""
    over = threading.Event()
    trade = threading.Thread(target=_trade, args=(system, over))
    memory = Memory(worker.pid)
    before = memory.now_mib()
    trade.start()
    began = time.monotonic()  # noqa: TID251  as above
    done = subprocess.run(
        [sys.executable, "-m", "streams", "reconcile", "stock", *arguments, "--json", "--url", worker.url],
        env={**os.environ, **system.environ},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    took = time.monotonic() - began  # noqa: TID251  as above
    over.set()
    trade.join()
    _say(f"\n$ commerce-streams reconcile stock {' '.join(arguments)}   → exit code {done.returncode}, {took:.1f} s")
    if done.stderr:
        _say(done.stderr.strip())
    found: Run = json.loads(done.stdout)
    _say(
        f"  {found['state']}: {found['compared']:,} pairs compared, {found['agree']:,} agree, "
        f"{found['unsettled']:,} not at rest; {found['seconds']:.1f} s, {found['calls']:,} calls, "
        f"{found['listed']:,} rows read"
    )
    _say(f"  memory of the worker: {before:.0f} MiB before, {memory.end():.0f} MiB at most meanwhile")
    assert done.returncode == 1
    return found


def _trade(system: System, over: threading.Event) -> None:
    while not over.is_set():
        system.trade(1, LIVE_PER_S)


def _judged(found: Run, planted: Planted) -> int:
    """How many pairs were missed, invented, or called by another name."""
    told = {(one["source_code"], one["sku"]): one["kind"] for one in found["drift"]}
    missed = planted.keys() - told.keys()
    invented = told.keys() - planted.keys()
    renamed = {pair for pair in told.keys() & planted.keys() if told[pair] != planted[pair]}
    _say(
        f"  planted {len(planted):,}, found {len(told.keys() & planted.keys()):,}, missed {len(missed)}, "
        f"false {len(invented)}, by another name {len(renamed)}; told {_by_kind(told)}; "
        f"due again {sum(found['repaired'].values()):,}"
    )
    for name, pairs in (("missed", missed), ("false", invented), ("by another name", renamed)):
        for pair in sorted(pairs)[:5]:
            _say(f"    {name}: {pair} planted {planted.get(pair)} told {told.get(pair)}")
    assert sum(found["found"].values()) == len(told) == len(found["drift"])
    return len(missed) + len(invented) + len(renamed)


def _by_kind(told: Planted) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in sorted(Counter(told.values()).items()))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  the proof's words


if __name__ == "__main__":
    sys.exit(main())
