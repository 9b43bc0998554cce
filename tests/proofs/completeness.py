"""One record deleted at each of five places drawn by lot: the next page names each, and nothing else.

Before that every order is delivered: what is held for another reason would hide what is missing.

    python -m tests.proofs.completeness [--orders 200] [--changes 400] [--places 5] [--seed N] [--all]

Real Kafka, a real worker, every target simulated.  Kafka deletes no single record in the midst of a log: of a topic
that is not compacted the first record of a partition's stretch is deleted (DeleteRecords up to the offset behind it),
of a changelog the entry gets a tombstone; at targets the document is deleted past their API (/_sim/forget).
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.catalogue import outcome_contract
from schemas.models.operations import Outcome
from simulators.channels.orders import Channels, Record, catalogue
from simulators.channels.producer import RecordProducer
from simulators.local_stack.registry import Registry
from streams.domain.order_id import unified_id
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.operating.wire import Wire
from streams.settings import read_settings
from tests.faults.every_target import STEPS, EveryTarget
from tests.faults.order_system import ITEMS
from tests.faults.system import APP_ID
from tests.faults.test_finance import Books, _invoice
from tests.processes import Worker, call, until

Run = dict[str, Any]  # Any: what the command printed as JSON
Finding = dict[str, Any]  # Any: of the page
SETTLE_S = 3
GONE_THERE = frozenset({"not-at-target"})


class Deleted(NamedTuple):
    """What was deleted, for people; and what the page must say of it: kind of finding, and a part of its place."""

    what: str
    entity: str
    kinds: frozenset[str]
    where: str
    key: str = ""
    """Of the record, as its topic has it."""


class Today(EveryTarget):
    """Orders of today, which come to the same at the shop as at their channel."""

    def start(self) -> "Today":
        super().start()
        self._channels = Channels(catalogue(ITEMS), seed=self.seed, now=int(time.time() * 1e6))  # noqa: TID251  as said
        self._invoices = RecordProducer(self.kafka.bootstrap, self.registry_url, "erp.order-event.v1", "erp_number")
        return self

    def _shopped(self, order: Record) -> Record:
        """At the prices of its channel; what is neither stands as shipping."""
        items = [
            {"sku": line["sku"], "qty": int(line["quantity"]), "price": str(line["price"])} for line in order["lines"]
        ]
        rest = str(order["totals"]["grand_total"] - _goods(order))
        body = {"items": items, "increment_id": order["number"], "force": True, "shipping_amount": rest}
        shown = call(f"{self.shop.url}/_sim/orders", method="POST", body=body)
        ids = [str(item["item_id"]) for item in shown["items"]]
        lines = [line | {"line_id": line_id} for line, line_id in zip(order["lines"], ids, strict=True)]
        self.entity_ids[int(shown["entity_id"])] = unified_id(order["channel"], order["number"])
        return order | {"lines": lines, "entity_id": str(shown["entity_id"])}

    def billed(self, order: Record, kind: str) -> Record:
        """With what it comes to: the books take no document without."""
        amount = _goods(order) if kind == "REFUNDED" else order["totals"]["grand_total"]
        return {**super().billed(order, kind), "amount": amount}

    def dealt(self, number: int) -> None:
        """Orders of dealers, each with an invoice for the books."""
        orders = [one for one in self.orders(number * 8) if one["channel"] == "dealer"][:number]
        self.send(orders)
        for one in orders:
            self._left_out[unified_id(one["channel"], one["number"])] = frozenset(STEPS)
        self._invoices.send([_invoice(one, "10.5", one["updated_at"] + 1_000_000, "first") for one in orders])


def _goods(order: Record) -> Decimal:
    return sum((line["price"] * line["quantity"] for line in order["lines"]), Decimal(0))


class Scene:
    """The system with the traffic behind it, and the places at which something can be deleted."""

    def __init__(self, system: Today, books: Books, chance: random.Random, before: Run, old: frozenset[str]) -> None:
        self.system, self.books, self.chance = system, books, chance
        self._admin = AdminClient(dict(system.kafka.client_config()))
        self.used = set(old)
        """Orders of pages before, and what something was deleted of already."""
        self.closed = {
            (log["topic"], log["partition"]): log["count"]["upto"] for page in before["pages"] for log in page["logs"]
        }

    @property
    def places(self) -> Mapping[str, Callable[[], Deleted]]:
        logs = {
            "an input record of stock": "wms.stock-change.v1",
            "an input record of orders": "commerce.order.v1",
            "what a warehouse said": "wms.fulfilment-event.v1",
            "an event of an order": "orders.event.v1",
            "a command to the ERP": "erp.command.v1",
            "a command to the WMS": "wms.command.v1",
            "a command to the books": "finance.command.v1",
            "a shipment to the shop": "commerce.shipment.v1",
            "an outcome of the ERP": "erp.outcome.v1",
            "an outcome of the CRM": "crm.outcome.v1",
            "an outcome of the shop": "commerce.outcome.v1",
        }
        tables = {
            "an entry of the table orders": "orders",
            "an entry of the table erp-work": "erp-work",
            "an entry of the table stock-ledger": "stock-ledger",
            "an entry of the table stock-write": "stock-write",
        }
        return {
            **{name: partial(self._log, topic) for name, topic in logs.items()},
            **{name: partial(self._entry, table) for name, table in tables.items()},
            "an order at the ERP": self._erp,
            "a task at the WMS": self._wms,
            "an order at the CRM": self._crm,
            "a document in the books": self._finance,
            "a shipment at the shop": self._shop,
        }

    # ── Kafka ────────────────────────────────────────────────────────────────────────────────────

    def _log(self, topic: str) -> Deleted:
        """The first record behind the page before, and with it what that page has closed."""
        records = [
            one for one in self.system.read(topic) if one.offset() >= self.closed.get((topic, one.partition()), 0)
        ]
        first: dict[int, Any] = {}  # Any: a record
        for record in records:
            first.setdefault(record.partition(), record)
        record = self.chance.choice(list(first.values()))
        part, offset = record.partition(), record.offset()
        [done] = self._admin.delete_records([TopicPartition(topic, part, offset + 1)]).values()
        done.result(30)
        key, where = (record.key() or b"").decode(), f"{topic}[{part}] offset {offset}"
        return Deleted(f"{where} (key {key})", "", frozenset({"record-gone"}), where, key)

    def _entry(self, table: str) -> Deleted:
        topic = f"{APP_ID}-{table}-changelog"
        newest: dict[bytes, Any] = {}
        for record in self.system.read(topic):
            if (record.key() or b"").startswith(b"e"):
                newest[record.key()] = record
        alive = [one for one in newest.values() if one.value() is not None and one.key()[1:].decode() not in self.used]
        record = self.chance.choice(alive)
        entity = record.key()[1:].decode()
        self.used.add(entity)
        producer = Producer(self.system.kafka.client_config())
        producer.produce(topic, key=record.key(), value=None, partition=record.partition())
        producer.flush(30)
        return Deleted(
            f"{topic}[{record.partition()}] key {entity}", entity, frozenset({"not-in-state"}), f"changelog of {table}"
        )

    # ── targets ──────────────────────────────────────────────────────────────────────────────────

    def _one_of(self, order_ids: Any) -> str:
        order_id: str = self.chance.choice(sorted(set(order_ids) - self.used))
        self.used.add(order_id)
        return order_id

    def _forget(self, url: str, reference: str) -> None:
        call(f"{url}/_sim/forget", method="POST", body={"reference": reference})

    def _erp(self) -> Deleted:
        order_id = self._one_of(self.system.booked)
        self._forget(self.system.erp.process.url, order_id)
        return Deleted(f"order {order_id} at netsuite", order_id, GONE_THERE, f"netsuite {order_id}")

    def _wms(self) -> Deleted:
        order_id = self._one_of(self.system.tasks())
        self._forget(self.system.warehouse.url, f"{order_id}-north")
        return Deleted(f"task {order_id}-north at rest_wms", order_id, GONE_THERE, f"rest_wms {order_id}-north")

    def _crm(self) -> Deleted:
        rows = call(f"{self.system.crm.url}/_sim/state", timeout=20)["Order"]
        ids = {one["Commerce_Id__c"]: one["Id"] for one in rows}
        order_id = self._one_of(ids)
        body = {"object": "Order", "id": ids[order_id], "fields": {}, "deleted": True}
        call(f"{self.system.crm.url}/_sim/records", method="POST", body=body)
        return Deleted(f"order {order_id} at salesforce", order_id, GONE_THERE, f"salesforce {order_id}")

    def _finance(self) -> Deleted:
        documents = call(f"{self.books.url}/_sim/state", timeout=20)["documents"]
        by_order = {one["content"]["order_id"]: one["reference"] for one in documents}
        order_id = self._one_of(by_order)
        self._forget(self.books.url, by_order[order_id])
        return Deleted(
            f"document {by_order[order_id]} of {order_id} at rest_finance",
            order_id,
            GONE_THERE,
            f"rest_finance {by_order[order_id]}",
        )

    def _shop(self) -> Deleted:
        made = self._shipments()
        order_id = self._one_of(made)
        self._forget(self.system.shop.url, f"shipments/{made[order_id]}")
        where = f"adobe_commerce shipment {made[order_id]}"
        return Deleted(f"shipment {made[order_id]} of {order_id} at adobe_commerce", order_id, GONE_THERE, where)

    def _shipments(self) -> dict[str, str]:
        """Order → the shop's id of its shipment, as the shop answered."""
        wire = Wire(OperatorRegistry(read_settings(self.system.environ).schema_registry))
        outcomes = [
            wire.decode(outcome_contract("commerce"), one.value()) for one in self.system.read("commerce.outcome.v1")
        ]
        return {
            one.entity: one.external_id
            for one in outcomes
            if isinstance(one, Outcome) and one.kind == "CREATE_SHIPMENT" and one.state == "APPLIED" and one.external_id
        }


def main() -> int:
    """Exit code 1 where anything was missed or invented."""
    options = _options()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="completeness-") as folder, Registry(Path(folder) / "registry") as registry:
        books = Books("rest_finance", Path(folder))
        books.start()
        books.wait_ready()
        overrides = {
            **books.environ(),
            "STREAMS_ORDERS__CHANNELS": json.dumps(["dealer"]),
            "STREAMS_COMPLETENESS__SETTLE_S": str(SETTLE_S),
            "STREAMS_COMPLETENESS__AT": "",
            "STREAMS_COMPLETENESS__ORDERS_AT": "",
            "STREAMS_RECONCILE__FULL_AT": "",
        }
        system: Today = Today(Path(folder), registry.url, overrides=overrides, seed=options.seed)
        try:
            return _proof(system, books, options, chance)
        finally:
            system.end()
            books.end()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--changes", type=int, default=400, help="Of stock, a second for some seconds.")
    parser.add_argument("--places", type=int, default=5)
    parser.add_argument("--all", action="store_true", help="One record at every kind of place.")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)  # noqa: TID251  printed
    return parser.parse_args()


def _proof(system: Today, books: Books, options: argparse.Namespace, chance: random.Random) -> int:
    _say(f"seed {options.seed}")
    system.start()
    worker = system.worker("a").wait_ready(300)
    system.open_stock()
    first = _page(system, worker)
    _say(f"first page: {_told(first)}")
    _traffic(system, options)
    _settled(system)
    before = _page(system, worker)
    _say(f"before: {_told(before)}")
    wrong = sum(page["found"] for page in before["pages"]) + _undelivered(before)
    old = system.wanted
    _traffic(system, options)
    _settled(system)
    scene = Scene(system, books, chance, before, old)
    names = sorted(scene.places)
    chosen = names if options.all else chance.sample(names, options.places)
    deleted = {}
    for name in chosen:
        deleted[name] = scene.places[name]()
        _say(f"deleted: {name}: {deleted[name].what}")
    after = _page(system, worker)
    _say(f"after: {_told(after)}")
    wrong += _judged(after, deleted)
    _say("held" if not wrong else "NOT HELD")
    return 1 if wrong else 0


def _traffic(system: Today, options: argparse.Namespace) -> None:
    """Orders of which all is said, and stock that changes beside them."""
    for _ in range(options.orders // 2):
        system.shopped()
    system.dealt(options.orders // 10)
    system.trade(4, options.changes / 8)
    until(lambda: system.go_on() and system.wanted <= system.booked.keys(), within=600, what="all is said", step=1)


def _settled(system: Today) -> None:
    """Nothing is left to do."""
    system.wms.drain()
    until(lambda: system.lag() == 0 and system.order_lag() == 0, within=300, what="everything is taken", step=0.5)
    until(lambda: _waiting(system) == 0, within=300, what="no command waits", step=1)


def _waiting(system: Today) -> int:
    facts = call(f"{system.workers[0].url}/api/v1/worker", timeout=10)["data"]
    sinks = sum(one["pending"] for one in facts["order_sinks"])
    return int(sinks) + int(facts["lane"]["pending"] if facts["lane"] and "pending" in facts["lane"] else 0)


def _page(system: Today, worker: Worker) -> Run:
    """Behind the last one; what is younger than the settle time is left to the next."""
    time.sleep(SETTLE_S + 1)  # noqa: TID251  the stretch ends so long ago
    done = subprocess.run(
        [sys.executable, "-m", "streams", "completeness", "--now", "--json", "--url", worker.url],
        env={**os.environ, **system.environ},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode in (0, 1), f"exit {done.returncode}\n{done.stdout}{done.stderr}\n{worker.log[-4000:]}"
    found: Run = json.loads(done.stdout)
    return {**found, "exit": done.returncode}


def _told(run: Run) -> str:
    lines = [f"exit code {run['exit']}"]
    for page in run["pages"]:
        records = sum(log["count"]["seen"] for log in page["logs"])
        lines.append(f"  {page['flow']}: {sum(page['states'].values())} entities {page['states']}, {records} records")
        lines += [f"    {number} {why}" for why, number in _whys(page).most_common()]
        lines += [f"    at {one['target']}: {one['there']} of {one['wanted']} {one['why']}" for one in page["targets"]]
        lines += [f"    {one['kind']} {one['entity']} {one['where']} {one['detail']}" for one in page["findings"]]
    return "\n".join(lines)


def _undelivered(run: Run) -> int:
    states = next(page["states"] for page in run["pages"] if page["flow"] == "orders")
    return sum(number for state, number in states.items() if state != "delivered")


def _whys(page: Run) -> Counter[str]:
    """Why entities are open, as far as the page names them: the oldest hundred."""
    return Counter(f"{one['state']}: {one['why']}" for one in page["open"])


def _judged(run: Run, deleted: Mapping[str, Deleted]) -> int:
    """How many deletions the page does not name."""
    findings = [one for page in run["pages"] for one in page["findings"]]
    missed = 0
    for name, one in deleted.items():
        named = [finding for finding in findings if _is_it(finding, one)]
        told = [f"{each['kind']} {each['entity']} {each['where']}" for each in (*named, *_about(findings, one.key))]
        missed += not named
        _say(f"  {'named' if named else 'MISSED'}: {name}: {'; '.join(dict.fromkeys(told)) or one.what}")
    return missed


def _is_it(finding: Finding, one: Deleted) -> bool:
    is_there = finding["kind"] in one.kinds and one.where in finding["where"]
    return is_there and (not one.entity or finding["entity"] == one.entity)


def _about(findings: list[Finding], key: str) -> list[Finding]:
    """What the page says of the order or SKU itself."""
    return [finding for finding in findings if key and key in finding["entity"]]


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  the proof's words


if __name__ == "__main__":
    sys.exit(main())
