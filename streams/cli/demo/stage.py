"""Sets the stage: Kafka, registry, shop, warehouse, two workers; and clears it away again."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from simulators.local_stack import LocalStack
from simulators.local_stack.progress import Progress
from simulators.wms.disturb import Disturbance
from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.plan import Phase
from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from simulators.wms.traffic import WorldSettings
from simulators.wms.truth import Shown
from streams.cli.demo.order_counts import OrderCounts
from streams.cli.demo.orders import OrderStage
from streams.cli.demo.processes import Child, DemoError, answers, ask, free_port, now, pause, wait_until
from streams.cli.demo.salable import SalableCount, ShopSalable, compared, modelled
from streams.cli.demo.warehouse import LOCATIONS

READY_WITHIN_S = 60.0
SALABLE_WITHIN_S = 180.0
SALABLE_TICK_S = 0.5
DISTURBANCE = Disturbance(
    duplicate=0.01, duplicate_later=0.005, duplicate_after_s=5, reorder=0.02, late=0.005, late_s=8
)
Say = Callable[[str], None]


class Stage:
    """Everything that the story plays on; a context manager."""

    def __init__(self, folder: Path, say: Say, *, items: int, seed: int, erp: str) -> None:
        self.folder, self._say, self._items, self._seed = folder, say, items, seed
        self.token = secrets.token_urlsafe(12)
        self.workers: dict[str, Child] = {}
        self.ports: dict[str, int] = {}
        self.orders = OrderStage(folder, erp=erp, seed=seed)
        self.salable: list[SalableCount] = []
        """One of each time when trade rested."""
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        try:
            self._set()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._say("stopping everything")
        for worker in self.workers.values():
            worker.stop()
        self._open.close()

    def _set(self) -> None:
        self.stack = self._open.enter_context(LocalStack(self.folder / "stack", progress=self._progress))
        self._start_shop()
        self._start_erp()
        for arguments in (("topics", "apply"), ("schemas", "apply")):
            self._command(*arguments)
        self._open_warehouses()
        self._say("starting the warehouse of the orders, and the poll")
        for child in self.orders.open(self.stack.kafka.bootstrap, self.stack.registry.url, self.environ):
            self._open.callback(child.stop)
        for name in ("worker-1", "worker-2"):
            self.start_worker(name)
        for name in self.workers:
            self.wait_ready(name)

    def _progress(self, progress: Progress) -> None:
        total = f" of {progress.total / 1e6:.0f}" if progress.total else ""
        done = f" {progress.done / 1e6:.0f}{total} MB" if progress.done else ""
        self._say(f"{progress.text}{done}")

    def _start_shop(self) -> None:
        self._say("starting the simulated Adobe Commerce")
        port = free_port()
        self.shop_url = f"http://127.0.0.1:{port}"
        self._shop_salable = ShopSalable(self.shop_url)
        settings = json.dumps({"deadlock_chance": 0.05, "call_base_ms": 20, "call_per_row_ms": 0.2})
        arguments = ["simulators.adobe_commerce", "--port", str(port), "--settings", settings]
        shop = Child("shop", arguments, self.folder / "shop.log")
        self._open.callback(shop.stop)
        wait_until(lambda: answers(f"{self.shop_url}/_sim/health"), READY_WITHIN_S, "the shop answers")
        sources = sorted({warehouse.source_code for warehouse in WAREHOUSES})
        products = [f"SKU-{number:05d}" for number in range(1, self._items + 1)]
        products += [item.sku for item in self.orders.items]
        ask(f"{self.shop_url}/_sim/state", "PUT", {"products": products, "sources": ["default", *sources]})

    def _start_erp(self) -> None:
        self._say("starting the simulated ERP")
        self._open.callback(self.orders.start().stop)
        self._open.callback(self.orders.stop)

    def place_orders(self) -> None:
        """They come in for the next minute."""
        self.orders.begin(self.shop_url)

    def order_counts(self) -> OrderCounts:
        return self.orders.counts(self.shop_url, self.facts())

    def story_of(self, order_id: str) -> str:
        """The time line of one order, as the command prints it."""
        return self._command("trace", order_id)

    def _command(self, *arguments: str) -> str:
        self._say(f"commerce-streams {' '.join(arguments)}")
        done = subprocess.run(  # noqa: S603  ourselves
            [sys.executable, "-m", "streams", *arguments],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"commerce-streams {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _open_warehouses(self) -> None:
        settings = SimulatorSettings(
            self.stack.kafka.bootstrap,
            self.stack.registry.url,
            seed=self._seed,
            world=WorldSettings(items=self._items),
            disturbance=DISTURBANCE,
            properties={"log_level": 0},
        )
        self.wms = WmsSimulator(settings)
        self._open.callback(self.wms.close)

    # ── workers ──────────────────────────────────────────────────────────────────────────────────

    @property
    def environ(self) -> dict[str, str]:
        """What every worker is told: the variables of docs/configuration.md, and nothing else."""
        commerce = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
        return {
            **self.stack.environment(),
            "STREAMS_INVENTORY__LOCATIONS": json.dumps({**locations_of(WAREHOUSES), **LOCATIONS}),
            "STREAMS_INVENTORY__UNITS": json.dumps({"EA": 1, "M": 1, "KG": 1}),
            "STREAMS_KAFKA__SESSION_TIMEOUT_S": "6",
            "STREAMS_WEB__TOKEN": self.token,
            f"{commerce}BASE_URL": self.shop_url,
            f"{commerce}AUTH__KIND": "token",
            f"{commerce}AUTH__USERNAME": "integration",
            f"{commerce}AUTH__PASSWORD": "simulated-password-1",
            f"{commerce}SETTLE_S": "10",
            f"{commerce}TIMEOUT_S": "8",
            **self.orders.environ(),
        }

    def start_worker(self, name: str) -> None:
        """A new process in the place of the name: same data directory, same port."""
        port = self.ports.setdefault(name, free_port())
        own = {
            "STREAMS_DATA_DIR": str(self.folder / f"{name}-data"),
            "STREAMS_WEB__PORT": str(port),
            "STREAMS_WORKER_ID": name,
        }
        log = self.folder / f"{name}.log"
        self.workers[name] = Child(name, ["streams", "worker"], log, {**self.environ, **own})

    def wait_ready(self, name: str) -> None:
        """DemoError with the worker's last words where it does not come up."""
        worker = self.workers[name]
        self._say(f"waiting for {name}")
        wait_until(lambda: self.is_ready(name) or not worker.running, READY_WITHIN_S, f"{name} is ready")
        if not worker.running:
            raise DemoError(f"{name} ended:\n{worker.last_lines()}")

    def is_ready(self, name: str) -> bool:
        return answers(f"{self.page(name)}readyz")

    def page(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}/"

    # ── the shop ─────────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """The shop answers 503 to everything."""
        ask(f"{self.shop_url}/_sim/faults", "POST", {"kind": "status", "status": 503, "path": ".*"})
        try:
            yield
        finally:
            ask(f"{self.shop_url}/_sim/faults", "DELETE")

    def shop_rows(self) -> dict[tuple[str, str], tuple[str, int]]:
        """(source, SKU) → (quantity as text, status)."""
        rows = ask(f"{self.shop_url}/_sim/state/source-items")["rows"]
        return {(source, sku): (quantity, status) for source, sku, quantity, status in rows}

    def settle_salable(self) -> None:
        """Nobody buys or counts, until as much may be sold as the model says, or for so long; kept in `salable`."""
        self.wms.drain()
        truth = self.wms.truth().shown
        begun, found = now(), SalableCount()
        with self.orders.resting():
            while not found.holds and now() - begun < SALABLE_WITHIN_S:
                pause(SALABLE_TICK_S)
                found = self.count_salable(truth)
        self.salable.append(found)

    def count_salable(self, truth: Mapping[tuple[str, str], Shown]) -> SalableCount:
        """Read between two looks at the model: what happens meanwhile is no difference."""
        before = self._model(truth)
        shop = self._shop_salable.read()
        return (
            compared(before, shop) if before == self._model(truth) else SalableCount(0, len(before), ("orders came",))
        )

    def _model(self, truth: Mapping[tuple[str, str], Shown]) -> dict[str, Decimal]:
        promises = self.orders.promised(self.shop_url)
        return modelled({**truth, **self.orders.warehouse.truth()}, promises)

    def journal(self, since: int) -> tuple[list[dict[str, Any]], int]:
        """The shop's own record of what was asked of it, from a number on; and the next number."""
        page = ask(f"{self.shop_url}/_sim/journal?since={since}&limit=1000")
        return page["items"], page["next"]

    # ── how it stands ────────────────────────────────────────────────────────────────────────────

    def facts(self) -> list[dict[str, Any]]:
        """Of every worker that answers."""
        found = []
        for name in self.workers:
            with contextlib.suppress(OSError, ValueError):
                found.append(ask(f"{self.page(name)}api/v1/worker", token=self.token)["data"])
        return found

    def accounted(self, topic: str) -> Counter[str]:
        """Outcome → records, over all workers."""
        total: Counter[str] = Counter()
        for facts in self.facts():
            total.update(facts["accounted"].get(topic, {}))
        return total

    def standing(self) -> str:
        """One line: lag, rows that wait, rows applied."""
        facts = self.facts()
        lag = sum(intake["lag_records"] for one in facts for intake in one["intakes"])
        lanes = [one["lane"] for one in facts if one["lane"]]
        waiting = f"{sum(lane['pending'] for lane in lanes):,} rows wait" if lanes else "no worker has the lane"
        states = {
            target["state"]
            for one in facts
            if one["lane"]
            for target in one["targets"]
            if target["name"] == "adobe_commerce"
        }
        shop = f"Commerce {'/'.join(sorted(states))}" if states else "Commerce unknown"
        return f"{len(facts)} of {len(self.workers)} workers answer; {lag:,} records behind; {waiting}; {shop}"

    def is_idle(self) -> bool:
        """Every worker answers, nothing is behind, nothing waits."""
        facts = self.facts()
        lanes = [one["lane"] for one in facts if one["lane"]]
        behind = sum(intake["lag_records"] for one in facts for intake in one["intakes"])
        waiting = sum(lane["pending"] + lane["frozen_calls"] for lane in lanes)
        return len(facts) == len(self.workers) and bool(lanes) and behind == 0 and waiting == 0

    def trade_on(self) -> None:
        """Normal trade until the warehouse is stopped."""
        self.wms.run(Phase(float("inf"), 50))
