"""Orders at all that they are written to: ERP, warehouse, CRM and shop are simulated, and what each made is counted."""

import json
import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from simulators.channels.orders import Record, catalogue
from simulators.channels.producer import RecordProducer
from streams.domain.order_id import unified_id
from streams.topics import ERP_ORDER_EVENT, FULFILMENT_EVENT
from tests.faults.order_system import ITEMS, OrderSystem
from tests.processes import Simulated, call

Entry = dict[str, Any]  # Any: a line of a simulator's journal
CONNECTORS = "STREAMS_CONNECTORS__"
WMS, CRM = f"{CONNECTORS}REST_WMS__", f"{CONNECTORS}SALESFORCE__"
LOCATION, SOURCE = "WH-NORTH", "north"
ENOUGH = {"quantity": 10_000, "status": 1}
REPEATS = 0.5
MINUTE = 60_000_000
STEPS = ("PICKED", "PACKED", "SHIPPED", "INVOICED", "REFUNDED")
"""What is said of every order, by warehouse and ERP, as it happens."""
AT_ONCE, WITH_A_TASK, ONCE_SHIPPED = ("PLACED", "PACKED", "INVOICED"), ("PICKED", "SHIPPED"), ("REFUNDED",)
"""What is said while the order comes, once its task is there, and once the shop has its shipment.

Of what has left no task is made, and the shop ships nothing that is refunded.
"""
ONE_OF_EACH = {"ship": 1, "invoice": 1, "refund": 1, "comments": 2}
"""What the shop makes of an order of which all is said."""


class Create(NamedTuple):
    """Calls that make something at a target."""

    target: str
    methods: Sequence[str]
    path: str


@dataclass
class EveryTarget(OrderSystem):
    """`shopped` has a shopper place an order, and things are said of it in any order, some twice."""

    settle_s: float = 4
    timeout_s: float = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.warehouse, self.crm = Simulated("rest_wms", self.folder), Simulated("salesforce", self.folder)
        self.targets: Mapping[str, Simulated] = {
            "erp": self.erp.process,
            "wms": self.warehouse,
            "crm": self.crm,
            "shop": self.shop,
        }
        self.creates: Mapping[str, Create] = {
            "order": Create("erp", self.erp.creates, self.erp.orders_path),
            "task": Create("wms", ("PUT",), "/v1/tasks/"),
            "record": Create("crm", ("PATCH",), "/sobjects/Order/"),
            "number, comment": Create("shop", ("POST",), r"/V1/orders(/[0-9]+/comments)?$"),
            "shipment": Create("shop", ("POST",), r"/V1/order/[0-9]+/ship$"),
            "invoice": Create("shop", ("POST",), r"/V1/order/[0-9]+/invoice$"),
            "credit memo": Create("shop", ("POST",), r"/V1/order/[0-9]+/refund$"),
        }
        self.entity_ids: dict[int, str] = {}
        """The shop's entity id → unified order id."""
        self.sent: list[tuple[str, str]] = []
        """(order id, what was said of it) as it was sent; "PLACED" is the order itself."""
        self._left_out: dict[str, frozenset[str]] = {}
        self._chance = random.Random(self.seed)

    def start(self) -> "EveryTarget":
        for target in (self.warehouse, self.crm):
            target.start()
        super().start()
        for target in (self.warehouse, self.crm):
            target.wait_ready()
        self.crm.seed(products=[item.sku for item in catalogue(ITEMS)])
        self.shop.seed(source_items=ENOUGH)
        at = (self.kafka.bootstrap, self.registry_url)
        self._steps = RecordProducer(*at, FULFILMENT_EVENT.name, "order_id", repeats=REPEATS, seed=self.seed)
        self._bills = RecordProducer(*at, ERP_ORDER_EVENT.name, "erp_number", repeats=REPEATS, seed=self.seed)
        return self

    def end(self) -> None:
        super().end()
        for target in (self.warehouse, self.crm):
            target.end()

    @property
    def environ(self) -> dict[str, str]:
        own = {
            "STREAMS_ORDERS__SHOP": "true",
            "STREAMS_ORDERS__WMS": "rest_wms",
            "STREAMS_ORDERS__CRM": "salesforce",
            "STREAMS_ORDERS__ROUTING": json.dumps([{"sources": [SOURCE]}]),
            f"{WMS}BASE_URL": self.warehouse.url,
            f"{WMS}AUTH__KIND": "bearer",
            f"{WMS}AUTH__TOKEN": "simulated-wms-token-1",
            f"{CRM}BASE_URL": self.crm.url,
            f"{CRM}AUTH__KIND": "client_credentials",
            f"{CRM}AUTH__CONSUMER_KEY": "simulated-consumer-key",
            f"{CRM}AUTH__CONSUMER_SECRET": "simulated-consumer-secret",
            f"{CRM}PRICE_BOOK_ID": "01s000000000000001",
        }
        for name in ("ADOBE_COMMERCE", "REST_WMS", "SALESFORCE", self.erp_name.upper()):
            own[f"{CONNECTORS}{name}__SETTLE_S"] = str(self.settle_s)
            own[f"{CONNECTORS}{name}__TIMEOUT_S"] = str(self.timeout_s)
        return {**super().environ, **own, **self.overrides}

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def shopped(self, without: Collection[str] = ()) -> str:
        """One order, of which all is said at its time but that; its unified id."""
        order = self._shopped(next(one for one in self._channels.orders(1000) if _is_simple(one)))
        order_id = unified_id(order["channel"], order["number"])
        self.placed.append(order)
        self._left_out[order_id] = frozenset(without)
        self.say(order_id, *(step for step in AT_ONCE if step not in without))
        return order_id

    def at_the_shop_only(self) -> str:
        """An order that a shopper placed and nobody tells of; its unified id."""
        order = self._shopped(next(one for one in self._channels.orders(1000) if _is_simple(one)))
        return unified_id(order["channel"], order["number"])

    def say(self, order_id: str, *steps: str) -> None:
        """In any order, some twice."""
        order = next(one for one in self.placed if unified_id(one["channel"], one["number"]) == order_id)
        self._send(order, list(steps))

    def say_all(self, order_id: str) -> None:
        """Nothing is left out any more."""
        self.say(order_id, *(step for step in AT_ONCE if step in self._left_out[order_id]))
        self._left_out[order_id] = frozenset()
        self.go_on()

    def go_on(self) -> bool:
        """Says what can be said now; whether that was all."""
        told, tasks = set(self.sent), self.tasks()
        shipped = {order_id for order_id, made in self.documents().items() if made["ship"]}
        unsaid = {
            order_id: [
                step
                for step in (*WITH_A_TASK, *ONCE_SHIPPED)
                if (order_id, step) not in told and step not in self._left_out[order_id]
            ]
            for order_id in self.wanted
        }
        for order_id, steps in unsaid.items():
            can_be = (WITH_A_TASK if order_id in tasks else ()) + (ONCE_SHIPPED if order_id in shipped else ())
            self.say(order_id, *(step for step in steps if step in can_be))
        return not any(unsaid.values())

    def _shopped(self, order: Record) -> Record:
        items = [{"sku": line["sku"], "qty": int(line["quantity"])} for line in order["lines"]]
        body = {"items": items, "increment_id": order["number"], "force": True}
        shown = call(f"{self.shop.url}/_sim/orders", method="POST", body=body)
        ids = [str(item["item_id"]) for item in shown["items"]]
        lines = [line | {"line_id": line_id} for line, line_id in zip(order["lines"], ids, strict=True)]
        self.entity_ids[int(shown["entity_id"])] = unified_id(order["channel"], order["number"])
        return order | {"lines": lines, "entity_id": str(shown["entity_id"])}

    def _send(self, order: Record, steps: list[str]) -> None:
        self._chance.shuffle(steps)
        order_id = unified_id(order["channel"], order["number"])
        for step in steps:
            at = order["updated_at"] + (STEPS.index(step) + 1 if step in STEPS else 0) * MINUTE
            told = {"event_id": f"{order_id}-{step}", "order_id": order_id, "effective_at": at, "recorded_at": at}
            if step == "PLACED":
                self._producer.send([order])
            elif step in {"INVOICED", "REFUNDED"}:
                self._bills.send([{**told, **self.billed(order, step)}])
            else:
                self._steps.send([{**told, **step_of(order, step)}])
            self.sent.append((order_id, step))

    def billed(self, order: Record, kind: str) -> Record:
        """What the ERP says of an invoice or a refund; without id and times."""
        return bill_of(order, kind)

    def everywhere(self, **rule: object) -> dict[str, int]:
        """The same fault at every create; kind of create → the rule's id."""
        return {name: self.broken(name, **rule) for name in self.creates}

    def broken(self, name: str, **rule: object) -> int:
        create = self.creates[name]
        return self.targets[create.target].fault(methods=list(create.methods), path=create.path, **rule)

    def hit(self, rules: Mapping[str, int]) -> dict[str, int]:
        """Kind of create → how often its fault was met."""
        return {name: self.targets[self.creates[name].target].hits(rule) for name, rule in rules.items()}

    def heal(self) -> None:
        for target in self.targets.values():
            target.heal()

    # ── what the targets have ────────────────────────────────────────────────────────────────────

    def journals(self) -> dict[str, list[Entry]]:
        """Target → its requests, as they ended."""
        return {
            name: [entry for entry in target.journal() if entry["kind"] == "request"]
            for name, target in self.targets.items()
        }

    def tasks(self) -> Counter[str]:
        """Unified order id → how many tasks the warehouse made."""
        return Counter(
            entry["path"].rpartition("/")[2].removesuffix(f"-{SOURCE}")
            for entry in self.warehouse.journal()
            if entry["method"] == "PUT" and entry["detail"].get("made")
        )

    def records(self) -> Counter[str]:
        """Unified order id → how many records the CRM made."""
        return Counter(
            entry["path"].rpartition("/")[2]
            for entry in self.crm.journal()
            if "/sobjects/Order/" in entry["path"] and entry["detail"].get("created")
        )

    def recorded(self) -> dict[str, str]:
        """Unified order id → its state as the CRM shows it."""
        orders = call(f"{self.crm.url}/_sim/state", timeout=20)["Order"]
        return {one["Commerce_Id__c"]: one["Commerce_Status__c"] for one in orders}

    def documents(self) -> dict[str, Counter[str]]:
        """Unified order id → how many documents of each kind the shop made."""
        found: dict[str, Counter[str]] = {order_id: Counter() for order_id in self.entity_ids.values()}
        for entry in self.shop.journal():
            kind = str(entry["path"]).rpartition("/")[2]
            if kind in ONE_OF_EACH and entry["effect"] and entry["method"] == "POST":
                found[self.entity_ids[entry["detail"]["entity_id"]]][kind] += 1
        return found

    def numbers(self) -> Counter[str]:
        """Unified order id → how often the shop was given a number of the ERP."""
        return Counter(
            self.entity_ids[entry["detail"]["entity_id"]]
            for entry in self.shop.journal()
            if entry["method"] == "POST" and entry["effect"] and str(entry["path"]).endswith("/V1/orders")
            if entry["body"]["entity"]["ext_order_id"]
        )


def _is_simple(order: Record) -> bool:
    """The shop's, and of one task: what is made to order has one of its own, later."""
    return order["channel"] == "web" and not any(line["make_to_order"] for line in order["lines"])


def step_of(order: Record, step: str) -> Record:
    """What the warehouse says; without id and times."""
    lines = [
        {"order_line": line["line_id"], "sku": line["sku"], "quantity": Decimal(line["quantity"])}
        for line in order["lines"]
    ]
    cartons = [{"carrier_code": "ups", "service": "UPS", "tracking_number": f"1Z{order['number']}"}]
    return {
        "source_system": "wms:main",
        "shipment_id": f"SHP-{order['number']}",
        "step": step,
        "location_code": LOCATION,
        "lines": lines,
        "packages": cartons if step == "SHIPPED" else [],
    }


def bill_of(order: Record, kind: str) -> Record:
    """What the ERP says; without id and times."""
    lines = [{name: line[name] for name in ("line_id", "sku", "quantity")} for line in order["lines"]]
    number = order["number"]
    return {
        "source_system": "erp",
        "erp_number": f"ERP-{number}",
        "kind": kind,
        "document": f"{kind[:3]}-{number}",
        "lines": lines,
    }
