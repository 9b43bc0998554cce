"""The warehouse of the demo's orders: it picks and ships by itself, tells every step, and its stock goes with it."""

import json
import threading
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulators.channels.orders import Item
from simulators.channels.producer import RecordProducer
from simulators.wms.truth import Shown
from streams.cli.demo.processes import Child, answers, ask, free_port, pause, wait_until
from streams.topics import STOCK_CHANGE

PLACES = {"north": "HALL-NORTH", "south": "HALL-SOUTH"}
"""Source → location; no other system of the demo uses these codes."""
LOCATIONS = {location: source for source, location in PLACES.items()}
OPENING = Decimal(1000)
SYSTEM = "wms:orders"
SHIPS = frozenset({"SHIPPED", "PARTIALLY_SHIPPED"})
OVER = frozenset({"DELIVERED", "CANCELLED"})
PLAN = [
    {"what": "allocate", "after_s": 2},
    {"what": "pick", "after_s": 7},
    {"what": "picked", "after_s": 8},
    {"what": "pack", "after_s": 9},
    {"what": "ship-part", "after_s": 10, "share": 0.3},
    {"what": "ship", "after_s": 14},
    {"what": "deliver", "after_s": 20},
]
TICK_S = 0.4
READY_WITHIN_S = 60.0
WMS = "STREAMS_CONNECTORS__REST_WMS__"


class OrderWarehouse:
    """`start` it, `open` its stock; from then on what it ships leaves its stock, until it is stopped."""

    def __init__(self, folder: Path, items: list[Item], *, seed: int) -> None:
        self._folder, self._items, self._seed = folder, items, seed
        self.url = f"http://127.0.0.1:{free_port()}"
        self._booked: set[str] = set()
        self._said: list[dict[str, Any]] = []
        self._reading = threading.Lock()
        self._stopping = threading.Event()
        self._booking: threading.Thread | None = None
        self.failure: BaseException | None = None

    def environ(self) -> dict[str, str]:
        """Every line goes where its SKU lies: an order of both places is two tasks and at least two shipments."""
        rules = [{"sources": ["south"], "skus": "ORD-S-*"}, {"sources": ["north"]}]
        return {
            "STREAMS_ORDERS__WMS": "rest_wms",
            "STREAMS_ORDERS__ROUTING": json.dumps(rules),
            f"{WMS}BASE_URL": self.url,
            f"{WMS}AUTH__KIND": "bearer",
            f"{WMS}AUTH__TOKEN": "simulated-wms-token-1",
            f"{WMS}SETTLE_S": "10",
            f"{WMS}TIMEOUT_S": "8",
        }

    def start(self, bootstrap: str, registry_url: str) -> Child:
        """Tells its steps on real Kafka, some of them twice and out of order."""
        settings = json.dumps({"life_plan": PLAN, "location_codes": PLACES})
        arguments = ["simulators.rest_wms", "--port", self.url.rpartition(":")[2], "--seed", str(self._seed)]
        arguments += ["--life", "--events", "--bootstrap", bootstrap, "--registry", registry_url]
        arguments += ["--duplicates", "0.05", "--reorder", "0.05", "--hold", "2", "--settings", settings]
        child = Child("order warehouse", arguments, self._folder / "order-warehouse.log")
        wait_until(lambda: answers(f"{self.url}/_sim/health"), READY_WITHIN_S, "the order warehouse answers")
        self._stock = RecordProducer(bootstrap, registry_url, STOCK_CHANGE.name, "sku", seed=self._seed)
        return child

    # ── stock ────────────────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """States everything once, then books what is shipped."""
        now = _micros()
        self._stock.send(
            self._record(f"open:{source}:{item.sku}", item.sku, PLACES[source], OPENING, now, kind="ABSOLUTE")
            for source in PLACES
            for item in self._items
        )
        self._booking = threading.Thread(target=self._book, daemon=True)
        self._booking.start()

    def _book(self) -> None:
        try:
            while not self._stopping.is_set():
                self._issue()
                pause(TICK_S)
            self._issue()
        except OSError:  # the warehouse has closed
            return
        except Exception as error:  # noqa: BLE001  told by whoever waits for the orders
            self.failure = error

    def _issue(self) -> None:
        new = [event for event in self.events() if event["step"] in SHIPS and event["event_id"] not in self._booked]
        for event in new:
            self._stock.send(
                self._record(
                    f"{event['event_id']}:{number}",
                    line["sku"],
                    event["location_code"],
                    -Decimal(line["quantity"]),
                    event["effective_at"],
                    kind="DELTA",
                )
                for number, line in enumerate(event["lines"])
            )
            self._booked.add(event["event_id"])

    def _record(
        self, event_id: str, sku: str, location: str, quantity: Decimal, at: int, *, kind: str
    ) -> dict[str, Any]:
        return {
            "event_id": event_id,
            "source_system": SYSTEM,
            "sku": sku,
            "uom": "EA",
            "location_code": location,
            "kind": kind,
            "bucket": "ON_HAND",
            "quantity": quantity,
            "reason": "SNAPSHOT" if kind == "ABSOLUTE" else "SHIP",
            "effective_at": at,
            "recorded_at": at,
        }

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """(source, SKU) of everything that it has."""
        return frozenset((source, item.sku) for source in PLACES for item in self._items)

    def truth(self) -> dict[tuple[str, str], Shown]:
        """(source, SKU) → what the shop shall show, by what was shipped."""
        left = dict.fromkeys(self.pairs, OPENING)
        for event in self.events():
            for line in event["lines"] if event["step"] in SHIPS else ():
                left[LOCATIONS[event["location_code"]], line["sku"]] -= Decimal(line["quantity"])
        return {pair: Shown(quantity, int(quantity > 0)) for pair, quantity in left.items()}

    # ── what became of the tasks ─────────────────────────────────────────────────────────────────

    def events(self) -> list[dict[str, Any]]:
        """Everything that was said, once each."""
        with self._reading:
            self._said += ask(f"{self.url}/_sim/events?since={len(self._said)}")["events"]
            return [*self._said]

    def tasks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(f"{self.url}/_sim/state")["tasks"]
        return found

    @staticmethod
    def units(tasks: list[dict[str, Any]]) -> Counter[str]:
        """Unified order id → units in tasks that were not cancelled."""
        found: Counter[str] = Counter()
        for task in tasks:
            if task["status"] != "CANCELLED":
                found[task["order_id"]] += sum(int(Decimal(line["quantity"])) for line in task["content"]["lines"])
        return found

    def shipments(self) -> Counter[str]:
        """Unified order id → shipments that left."""
        found: dict[str, set[str]] = defaultdict(set)
        for event in self.events():
            if event["step"] in SHIPS:
                found[event["order_id"]].add(event["shipment_id"])
        return Counter({order_id: len(shipments) for order_id, shipments in found.items()})

    def stop(self) -> None:
        self._stopping.set()
        if self._booking is not None:
            self._booking.join(5)
            self._stock.close()


def _micros() -> int:
    return time.time_ns() // 1000
