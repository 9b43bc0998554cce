"""The simulated ERP, warehouse, CRM and shop, and what a worker is told of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.simulator import Simulator
from simulators.channels.orders import Item, Record

CONNECTORS = "STREAMS_CONNECTORS__"
SOURCES = ("default", "north", "south", "dropship")
SOURCE = SOURCES[1]
CUSTOMERS = tuple(f"C-{number}" for number in range(2000, 2500))
"""Orders of one customer wait for each other at the CRM, whose row they all touch."""
ENOUGH = {"quantity": 1_000_000, "status": 1}
ORDERS_AT_ONCE, ERP_AT_ONCE = 16, 4
"""Orders that are worked on side by side at a target, and calls at once of the ERP's account: the defaults, stated."""


class OrderTargets:
    """All four; `begin` once, `end` at the latest with the line.

    The shop has as many products as `stocked` says, of which `items` are the first that orders may name.
    """

    def __init__(self, folder: Path, items: Sequence[Item], *, stocked: int = 0) -> None:
        self._key = folder / "netsuite.pem"
        self.erp = Simulator("netsuite", folder, "--private-key", str(self._key))
        self.wms, self.crm = Simulator("rest_wms", folder), Simulator("salesforce", folder)
        self.shop = Simulator("adobe_commerce", folder, "--settings", json.dumps({"deadlock_chance": 0}))
        self._items, self._stocked = items, stocked or len(items)

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
        self.erp.seed(customers=list(CUSTOMERS), items=rows, terms=["NET30"], currencies=["USD"])
        self.crm.seed(products=[item.sku for item in self._items])
        self.shop.seed(products=self._stocked, sources=SOURCES)
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
            "STREAMS_ORDERS__AT_ONCE": str(ORDERS_AT_ONCE),
            "STREAMS_ORDERS__ERP": "netsuite",
            "STREAMS_ORDERS__WMS": "rest_wms",
            "STREAMS_ORDERS__CRM": "salesforce",
            "STREAMS_ORDERS__ROUTING": json.dumps([{"sources": [SOURCE]}]),
            f"{shop}BASE_URL": self.shop.url,
            f"{erp}BASE_URL": self.erp.url,
            f"{erp}MAX_CONNECTIONS": str(ERP_AT_ONCE),
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
