"""The orders of the demo: placed at the shop and by dealers, through their whole life, and counted at the end."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulators.channels.orders import Channels, Item
from simulators.channels.producer import OrderProducer, RecordProducer
from streams.cli.demo.erps import ERPS, environ
from streams.cli.demo.order_counts import ErpJournal, OrderCounts, ShopJournal, tally
from streams.cli.demo.processes import Child, answers, ask, free_port, now, pause, wait_until
from streams.cli.demo.salable import Placed, placed, promised, shipped
from streams.cli.demo.warehouse import OVER, SHIPS, OrderWarehouse
from streams.domain.order_id import unified_id
from streams.topics import ORDER_EVENT

ORDERS = 200
WEB = "web"
"""The shop's channel, where its connector names no other."""
DEALERS_SHARE = 5
"""One in so many comes from a dealer, the others are placed at the shop."""
CANCELLED = 15
"""One in so many is asked back …"""
ASKED_BACK_AFTER = 24
"""… when so many more were placed, or later where the ERP has none yet: some are picked by then, and stay."""
OVER_S = 55.0
"""The orders are placed over so many seconds."""
LIFE_S = 52.0
"""So long after the last one was placed every system has done what it does."""
REPEATS = 0.05
LOST_ANSWERS = 0.1
READY_WITHIN_S = 60.0
SALESFORCE = "STREAMS_CONNECTORS__SALESFORCE__"
POLL_EVERY_S = 3
POSTED_REST_S = 5
"""The simulated warehouse tells its stock and its shipments within a second of each other."""


def items() -> list[Item]:
    """Thirty goods, half of them in each place, every seventh made to order."""
    return [
        Item(f"ORD-{'NS'[number % 2]}-{number:03d}", Decimal(10 + number), made_to_order=number % 7 == 0)
        for number in range(1, 31)
    ]


class OrderStage:
    """`start` the ERP, `open` the rest once topics are there, `begin` to place, `counts` at any time, `stop`."""

    def __init__(self, folder: Path, *, erp: str, seed: int) -> None:
        self.items = items()
        self.erp = ERPS[erp](folder, seed)
        self.warehouse = OrderWarehouse(folder, self.items, seed=seed)
        self._channels = Channels(self.items, seed=seed, now=time.time_ns() // 1000)  # placed today
        self._folder, self._seed = folder, seed
        self.url = f"http://127.0.0.1:{free_port()}"
        self._crm_url = f"http://127.0.0.1:{free_port()}"
        """Nobody listens there."""
        self.entities: dict[int, str] = {}
        """The shop's entity id → unified order id."""
        self.placed: dict[str, Placed] = {}
        """Of the shop, by unified order id."""
        self._units: Counter[str] = Counter()
        self._asked_back: set[str] = set()
        self._shop, self._erp_did = ShopJournal(), ErpJournal()
        self._placing: threading.Thread | None = None
        self._placed_at = 0.0
        self._stopping = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self.failure: BaseException | None = None

    def environ(self) -> dict[str, str]:
        return {
            **environ(self.erp, self.url),
            **self.warehouse.environ(),
            "STREAMS_ORDERS__CHANNELS": '["dealer"]',
            "STREAMS_ORDERS__CRM": "salesforce",
            f"{SALESFORCE}BASE_URL": self._crm_url,
            f"{SALESFORCE}AUTH__KIND": "client_credentials",
            f"{SALESFORCE}AUTH__CONSUMER_KEY": "simulated-key",
            f"{SALESFORCE}AUTH__CONSUMER_SECRET": "simulated-secret",
            f"{SALESFORCE}PRICE_BOOK_ID": "01s000000000001",
            "STREAMS_INVENTORY__POSTED_REST_S": str(POSTED_REST_S),
            "STREAMS_POLL__INTERVAL_S": str(POLL_EVERY_S),
            "STREAMS_POLL__OVERLAP_S": "10",
        }

    # ── start and stop ───────────────────────────────────────────────────────────────────────────

    def start(self) -> Child:
        """The simulated ERP; it loses one answer in ten of those that make an order."""
        port = self.url.rpartition(":")[2]
        erp = Child("erp", [self.erp.module, "--port", port, *self.erp.arguments()], self._folder / "erp.log")
        wait_until(lambda: answers(f"{self.url}/_sim/health"), READY_WITHIN_S, "the ERP answers")
        ask(f"{self.url}/_sim/state", "PUT", self.erp.seed(self.items))
        method, path = self.erp.creates
        lost = {"kind": "drop-answer", "path": path, "methods": [method], "rate": LOST_ANSWERS}
        self._lost = ask(f"{self.url}/_sim/faults", "POST", lost)["id"]
        return erp

    def open(self, bootstrap: str, registry_url: str, told: dict[str, str]) -> list[Child]:
        """Warehouse and poll, as processes; `told` is what a worker is told."""
        self._dealers = OrderProducer(bootstrap, registry_url, repeats=REPEATS, seed=self._seed)
        self._events = RecordProducer(bootstrap, registry_url, ORDER_EVENT.name, "order_id", seed=self._seed)
        warehouse = self.warehouse.start(bootstrap, registry_url)
        self.warehouse.open()
        own = {**told, "STREAMS_POLL__PORT": str(free_port()), "STREAMS_WEB__PORT": "0"}
        poll = Child("poll", ["streams", "poll"], self._folder / "poll.log", own)
        return [warehouse, poll]

    def stop(self) -> None:
        self._stopping.set()
        self._open.set()
        if self._placing is not None:
            self._placing.join(5)
        self.warehouse.stop()

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def begin(self, shop_url: str) -> None:
        """Orders come in, one by one, while the story goes on."""
        self._placing = threading.Thread(target=self._place, args=(shop_url,), daemon=True)
        self._placing.start()

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """Nobody buys; what was bought goes its way."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def _place(self, shop_url: str) -> None:
        try:
            wait_until(lambda: self._can_be_sold(shop_url), READY_WITHIN_S, "the shop has the goods of the orders")
            placed: list[str] = []
            while len(placed) < ORDERS:
                self._open.wait()
                if self._stopping.is_set():
                    return
                is_dealer = (len(placed) + 1) % DEALERS_SHARE == 0
                placed.append(self._dealer() if is_dealer else self._shopper(shop_url))
                if len(placed) % CANCELLED == 0 and len(placed) > ASKED_BACK_AFTER:
                    self._ask_back(placed[:-ASKED_BACK_AFTER])
                pause(OVER_S / ORDERS)
            self._placed_at = now()
        except Exception as error:  # noqa: BLE001  told by whoever waits for the orders
            self.failure = error
        finally:
            self._dealers.close()
            self._events.close()

    def _can_be_sold(self, shop_url: str) -> bool:
        rows = ask(f"{shop_url}/_sim/state/source-items")["rows"]
        return {(source, sku) for source, sku, _quantity, _status in rows} >= self.warehouse.pairs

    def _shopper(self, shop_url: str) -> str:
        lines = self._order(is_dealer=False)["lines"]
        goods = [{"sku": line["sku"], "qty": int(line["quantity"]), "price": str(line["price"])} for line in lines]
        shown = ask(f"{shop_url}/_sim/orders", "POST", {"items": goods})
        order_id = unified_id(WEB, shown["increment_id"])
        self.entities[int(shown["entity_id"])] = order_id
        self._units[order_id] = sum(int(line["quantity"]) for line in lines)
        self.placed[order_id] = placed(shown)
        return order_id

    def _dealer(self) -> str:
        order = self._order(is_dealer=True)
        self._dealers.send([order])
        order_id = unified_id(order["channel"], order["number"])
        self._units[order_id] = sum(int(line["quantity"]) for line in order["lines"])
        return order_id

    def _order(self, *, is_dealer: bool) -> dict[str, Any]:
        """The next one that the channels would place so."""
        return next(one for one in self._channels.orders(1000) if (one["channel"] == "dealer") == is_dealer)

    def _ask_back(self, placed: list[str]) -> None:
        """The last one that the ERP has: what is asked back before that never gets there."""
        booked = self.erp.booked(self.url)
        order_id = next((one for one in reversed(placed) if booked[one] and one not in self._asked_back), None)
        if order_id is None:
            return
        at = time.time_ns() // 1000
        self._asked_back.add(order_id)
        event = {"event_id": f"ask-back-{order_id}", "order_id": order_id, "kind": "CANCEL_REQUESTED"}
        self._events.send([{**event, "source_system": "service-desk", "effective_at": at, "recorded_at": at}])

    def outage(self, seconds: float) -> None:
        """The ERP answers 503 to everything for so long, and comes back by itself."""
        rule = {"kind": "status", "status": 503, "path": "/(services|sap)/", "seconds": seconds}
        ask(f"{self.url}/_sim/faults", "POST", rule)

    @property
    def are_over(self) -> bool:
        """Every order was placed and lived as long as systems do something with it."""
        if not self._placed_at or now() - self._placed_at < LIFE_S:
            return False
        return all(task["status"] in OVER for task in self.warehouse.tasks())

    # ── what every system has ────────────────────────────────────────────────────────────────────

    def counts(self, shop_url: str, workers: list[dict[str, Any]]) -> OrderCounts:
        _read(self._shop, shop_url)
        _read(self._erp_did, self.url)
        booked = self.erp.booked(self.url)
        web = frozenset(self.entities.values())
        tasks = self.warehouse.units(self.warehouse.tasks())
        rules = ask(f"{self.url}/_sim/faults")["items"]
        numbers = Counter({self.entities[entity]: len(known) for entity, known in self._shop.numbers.items()})
        return OrderCounts(
            placed=len(self._units),
            erp=tally(Counter(dict.fromkeys(self._units, 1)), booked),
            units=tally(self._wanted_units(tasks), tasks),
            numbers=tally(Counter(dict.fromkeys(web, 1)), numbers),
            shop={
                "shipments": self._documents("shipments", self.warehouse.shipments(), web),
                "invoices": self._documents("invoices", self._erp_did.of("bill", "bill-part"), web),
                "credit memos": self._documents("credit memos", self._erp_did.of("credit"), web),
            },
            crm_waiting=sum(sink["pending"] for one in workers for sink in one["order_sinks"] if sink["role"] == "crm"),
            cancelled=sum(order_id not in tasks for order_id in self._asked_back),
            returned=len(self._erp_did.of("authorise-return")),
            made=len(self._erp_did.of("open-work-order", "finish-work-order")),
            lost_answers=next(int(rule["hits"]) for rule in rules if rule["id"] == self._lost),
        )

    def promised(self, shop_url: str) -> Counter[str]:
        """Units by SKU that the shop's orders wait for, by what was placed, what left, and the shop's journal."""
        _read(self._shop, shop_url)
        orders = dict(self.placed)
        numbers = dict(self.entities)
        refunded: dict[str, Counter[str]] = {}
        for entity, rows in self._shop.refunded.items():
            order = orders[numbers[entity]]
            units = refunded.setdefault(numbers[entity], Counter())
            for row, quantity in rows.items():
                units[order.sku_of_row[row]] += quantity
        cancelled = frozenset(numbers[entity] for entity in self._shop.cancelled)
        return promised(orders, shipped(self.warehouse.events(), SHIPS), refunded, cancelled)

    def _wanted_units(self, tasks: Counter[str]) -> Counter[str]:
        """Of an order that was asked back, whatever was too late to be let go of."""
        return Counter(
            {
                order_id: min(units, tasks[order_id]) if order_id in self._asked_back else units
                for order_id, units in self._units.items()
            }
        )

    def _documents(self, name: str, wanted: Counter[str], web: frozenset[str]) -> Any:  # noqa: ANN401  a Tally
        made = Counter({self.entities[entity]: number for entity, number in self._shop.made[name].items()})
        return tally(Counter({order_id: number for order_id, number in wanted.items() if order_id in web}), made)

    @property
    def longest_story(self) -> str:
        """The order of the shop with the most shipments: its time line is worth a look."""
        shipments = self.warehouse.shipments()
        return max(self.entities.values(), key=lambda order_id: shipments[order_id])


def _read(journal: ShopJournal | ErpJournal, url: str) -> None:
    while True:
        page = ask(f"{url}/_sim/journal?since={journal.next}&limit=1000")
        if not page["items"] or page["next"] == journal.next:
            return
        journal.take(page["items"], page["next"])
