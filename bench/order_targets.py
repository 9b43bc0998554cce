"""The simulated ERP, warehouse, CRM and shop as processes that answer after a stated time, and what they noted."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.workers import Program, free_port, until
from simulators.channels.orders import ACCOUNTS, Item, Record

ANSWER_S = 60.0
PAGE = 2000
CONNECTORS = "STREAMS_CONNECTORS__"
SOURCE = "north"
ENOUGH = {"quantity": 1_000_000, "status": 1}
Entry = dict[str, Any]  # Any: a line of a simulator's journal


class Effect(NamedTuple):
    """A call that made or changed something; `at` is when it was answered, by the clock of this machine."""

    at: float
    method: str
    path: str


class Simulator:
    """Not pinned: it shares the cores of broker and generator."""

    def __init__(self, name: str, folder: Path, *arguments: str) -> None:
        port = free_port()
        self.url, self._since = f"http://127.0.0.1:{port}", 0
        command = [sys.executable, "-m", f"simulators.{name}", "--port", str(port), *arguments]
        self._program = Program(command, folder / f"{name}.log", {}, pin=False)

    def wait_ready(self) -> None:
        """Raises LineError."""
        until(lambda: "base_url" in self._program.log, within=30, what=lambda: self._program.log)

    def ask(self, path: str, method: str = "GET", body: object = None) -> Any:  # Any: JSON
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return json.loads(answer.read() or b"null")

    def seed(self, **parts: object) -> None:
        self.ask("/_sim/state", "PUT", parts)

    def slow(self, seconds: float) -> None:
        """From now on every answer takes so much longer."""
        self.ask("/_sim/faults", "DELETE")
        methods = ["GET", "POST", "PUT", "PATCH"]
        self.ask("/_sim/faults", "POST", {"kind": "latency", "path": ".*", "methods": methods, "delay_s": seconds})

    def effects(self) -> Iterator[Effect]:
        """Those since it was asked last."""
        while True:
            page = self.ask(f"/_sim/journal?since={self._since}&limit={PAGE}")
            for entry in page["items"]:
                if entry["effect"] and entry["ended_at"] is not None:
                    yield Effect(entry["ended_at"], entry["method"], entry["path"])
            if page["next"] == self._since:
                return
            self._since = page["next"]

    def end(self) -> None:
        self._program.end()


class OrderTargets:
    """All four; `begin` once, `end` at the latest with the line."""

    def __init__(self, folder: Path, items: Sequence[Item]) -> None:
        self._key = folder / "netsuite.pem"
        self.erp = Simulator("netsuite", folder, "--private-key", str(self._key))
        self.wms, self.crm = Simulator("rest_wms", folder), Simulator("salesforce", folder)
        self.shop = Simulator("adobe_commerce", folder, "--settings", json.dumps({"deadlock_chance": 0}))
        self._items = items

    @property
    def all(self) -> Mapping[str, Simulator]:
        return {"erp": self.erp, "wms": self.wms, "crm": self.crm, "shop": self.shop}

    def begin(self) -> None:
        """Raises LineError."""
        for one in self.all.values():
            one.wait_ready()
        rows = [
            {"id": str(number), "external_id": item.sku, "made": item.made_to_order, "price": str(item.price)}
            for number, item in enumerate(self._items, start=501)
        ]
        self.erp.seed(customers=list(ACCOUNTS), items=rows, terms=["NET30"], currencies=["USD"])
        skus = [item.sku for item in self._items]
        self.crm.seed(products=skus)
        self.shop.seed(products=skus, sources=["default", SOURCE])
        self.shop.seed(source_items=ENOUGH)

    def slow(self, seconds: float) -> None:
        for one in self.all.values():
            one.slow(seconds)

    def shopped(self, order: Record) -> Record:
        """The order as the shop holds it: its lines and itself have the shop's ids."""
        items = [{"sku": line["sku"], "qty": int(line["quantity"])} for line in order["lines"]]
        shown = self.shop.ask("/_sim/orders", "POST", {"items": items, "increment_id": order["number"], "force": True})
        ids = [str(item["item_id"]) for item in shown["items"]]
        lines = [line | {"line_id": line_id} for line, line_id in zip(order["lines"], ids, strict=True)]
        return order | {"lines": lines, "entity_id": str(shown["entity_id"])}

    @property
    def environ(self) -> dict[str, str]:
        """What a worker is told of them."""
        shop, erp = f"{CONNECTORS}ADOBE_COMMERCE__", f"{CONNECTORS}NETSUITE__"
        wms, crm = f"{CONNECTORS}REST_WMS__", f"{CONNECTORS}SALESFORCE__"
        return {
            "STREAMS_SINKS__MODE": "run",
            "STREAMS_ORDERS__ERP": "netsuite",
            "STREAMS_ORDERS__WMS": "rest_wms",
            "STREAMS_ORDERS__CRM": "salesforce",
            "STREAMS_ORDERS__ROUTING": json.dumps([{"sources": [SOURCE]}]),
            f"{shop}BASE_URL": self.shop.url,
            f"{erp}BASE_URL": self.erp.url,
            f"{erp}AUTH__KIND": "m2m",
            f"{erp}AUTH__CLIENT_ID": "simulated-client",
            f"{erp}AUTH__CERTIFICATE_ID": "simulated-certificate",
            f"{erp}AUTH__PRIVATE_KEY_FILE": str(self._key),
            f"{wms}BASE_URL": self.wms.url,
            f"{wms}AUTH__KIND": "bearer",
            f"{wms}AUTH__TOKEN": "simulated-wms-token-1",
            f"{crm}BASE_URL": self.crm.url,
            f"{crm}AUTH__KIND": "client_credentials",
            f"{crm}AUTH__CONSUMER_KEY": "simulated-consumer-key",
            f"{crm}AUTH__CONSUMER_SECRET": "simulated-consumer-secret",
            f"{crm}PRICE_BOOK_ID": "01s000000000000001",
        }

    def end(self) -> None:
        for one in self.all.values():
            one.end()
