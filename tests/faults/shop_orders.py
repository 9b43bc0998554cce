"""Orders that shoppers placed in the simulated shop, what systems say of them, and what the shop has of each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Producer

from schemas.catalogue import ORDER_EVENT
from schemas.codec import frame
from schemas.models.order_event import EventLine, OrderEvent, OrderEventKind, Track
from schemas.projection import encoder
from simulators.channels.orders import Record
from simulators.wms.producer import producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import schema_of
from streams.domain.order_id import unified_id
from tests.faults.order_system import NOW, OrderSystem
from tests.processes import call

SOURCE = "default"
ENOUGH = {"quantity": 10_000, "status": 1}
DOCUMENTS = {"/ship": "shipments", "/invoice": "invoices", "/comments": "comments"}
MICROS = 1_000_000
MINUTE = 60 * MICROS
TOLD: tuple[tuple[OrderEventKind, str], ...] = (("PICKED", "wms"), ("SHIPPED", "wms"), ("INVOICED", "erp"))
"""What is said of every order, and by whom."""


@dataclass
class ShopOrders(OrderSystem):
    """`place` has a shopper place each order at the shop before its record is sent."""

    def start(self) -> "ShopOrders":
        super().start()
        self.shop.seed(source_items=ENOUGH)
        self._events = Producer(producer_config(self.kafka.bootstrap, {}))
        self._schema_id = resolve(
            Registry(self.registry_url), ORDER_EVENT.topic, schema_of(ORDER_EVENT.topic)
        ).schema_id
        self.entity_ids: dict[str, int] = {}
        """By unified order id."""
        return self

    def end(self) -> None:
        self._events.close()
        super().end()

    @property
    def environ(self) -> dict[str, str]:
        return {**super().environ, "STREAMS_ORDERS__SHOP": "true", **self.overrides}

    def place(self, number: int) -> None:
        """Orders of the web only: of other channels the shop knows nothing."""
        web = (order for order in self._channels.orders(10 * number) if order["channel"] == "web")
        orders = [self._shopped(order) for order, _ in zip(web, range(number), strict=False)]
        self._producer.send(orders)
        self.placed += orders

    def _shopped(self, order: Record) -> Record:
        items = [{"sku": line["sku"], "qty": int(line["quantity"])} for line in order["lines"]]
        body = {"items": items, "increment_id": order["number"], "force": True}
        shown = call(f"{self.shop.url}/_sim/orders", method="POST", body=body)
        ids = [str(item["item_id"]) for item in shown["items"]]
        lines = [line | {"line_id": line_id} for line, line_id in zip(order["lines"], ids, strict=True)]
        self.entity_ids[unified_id(order["channel"], order["number"])] = int(shown["entity_id"])
        return order | {"lines": lines, "entity_id": str(shown["entity_id"])}

    def say(self) -> None:
        """Everything of `TOLD` of every order, in one shipment; what comes too early waits."""
        encode = encoder(ORDER_EVENT)
        for order in self.placed:
            for event in _events(order):
                value = frame(self._schema_id, encode(event))
                self._events.produce(ORDER_EVENT.topic, value, event.order_id.encode())
        assert self._events.flush(30) == 0

    # ── what the shop has ────────────────────────────────────────────────────────────────────────

    def made(self) -> dict[str, Counter[str]]:
        """Unified order id → how many documents of each kind the shop made, by its journal."""
        names = {entity_id: order_id for order_id, entity_id in self.entity_ids.items()}
        found: dict[str, Counter[str]] = {order_id: Counter() for order_id in self.entity_ids}
        for entry in self.shop.journal():
            kind = next((kind for end, kind in DOCUMENTS.items() if str(entry.get("path", "")).endswith(end)), None)
            if kind is not None and entry["effect"] and entry["method"] == "POST":
                found[names[entry["detail"]["entity_id"]]][kind] += 1
        return found

    def external_ids(self) -> Mapping[str, str | None]:
        """Unified order id → the ERP's number that the shop shows."""
        shown: dict[int, Any] = {}
        for entry in self.shop.journal():
            if entry["method"] == "POST" and entry["effect"] and str(entry["path"]).endswith("/V1/orders"):
                shown[entry["detail"]["entity_id"]] = entry["body"]["entity"]["ext_order_id"]
        return {order_id: shown.get(entity_id) for order_id, entity_id in self.entity_ids.items()}


def _events(order: Record) -> Iterable[OrderEvent]:
    order_id = unified_id(order["channel"], order["number"])
    lines = tuple(
        EventLine(line_id=line["line_id"], sku=line["sku"], quantity=int(line["quantity"]) * MICROS)
        for line in order["lines"]
    )
    for place, (kind, system) in enumerate(TOLD, 1):
        yield OrderEvent(
            event_id=f"{order_id}-{kind}",
            order_id=order_id,
            kind=kind,
            source_system=system,
            effective_at=NOW + place * MINUTE,
            recorded_at=NOW + place * MINUTE,
            lines=lines,
            part=f"SHP-{order['number']}" if system == "wms" else None,
            source_code=SOURCE if system == "wms" else None,
            tracks=(Track(carrier_code="ups", title="UPS", number=f"1Z{order['number']}"),)
            if kind == "SHIPPED"
            else (),
            document=f"INV-{order['number']}" if kind == "INVOICED" else None,
        )
