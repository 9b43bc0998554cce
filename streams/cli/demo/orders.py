"""The orders of the demo: channels that place them, an ERP that loses answers and goes down, and the final count."""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from simulators.channels.orders import ACCOUNTS, Channels, Item, catalogue
from simulators.channels.producer import OrderProducer
from streams.cli.demo.processes import Child, answers, ask, free_port, pause, wait_until
from streams.domain.order_id import unified_id

ORDERS = 200
OVER_S = 70.0
"""The orders are placed over so many seconds."""
REPEATS = 0.05
LOST_ANSWERS = 0.1
READY_WITHIN_S = 60.0
CREATES = "/salesOrder/"
ERP = "STREAMS_CONNECTORS__NETSUITE__"


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """What was placed, and what the ERP has of it."""

    placed: int
    booked: int
    missing: int
    doubled: int
    lost_answers: int

    @property
    def holds(self) -> bool:
        return self.placed > 0 and self.missing == self.doubled == 0 and self.booked == self.placed

    def __str__(self) -> str:
        return f"{self.placed} orders: {self.booked} ERP orders, {self.missing} missing, {self.doubled} doubled"


NO_ORDERS = OrderCounts(0, 0, 0, 0, 0)


class OrderStage:
    """`start` the ERP, `begin` to place, `counts` at any time, `stop` at the end."""

    def __init__(self, folder: Path, *, items: int, seed: int) -> None:
        self._items: tuple[Item, ...] = catalogue(items)
        self._channels = Channels(self._items, seed=seed, now=time.time_ns() // 1000)  # placed today
        self._folder, self._seed = folder, seed
        self._key = folder / "netsuite.pem"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._wanted: set[str] = set()
        self._placing: threading.Thread | None = None
        self._stopping = threading.Event()
        self.failure: BaseException | None = None

    def start(self) -> Child:
        """The simulated NetSuite; from the first order on it loses one answer in ten."""
        port = self.url.rpartition(":")[2]
        arguments = ["simulators.netsuite", "--port", port, "--private-key", str(self._key), "--seed", str(self._seed)]
        erp = Child("erp", arguments, self._folder / "erp.log")
        wait_until(lambda: answers(f"{self.url}/_sim/health"), READY_WITHIN_S, "the ERP answers")
        items = [
            {"id": str(number), "external_id": item.sku, "made": item.made_to_order}
            for number, item in enumerate(self._items, start=501)
        ]
        seed = {"customers": list(ACCOUNTS), "items": items, "terms": ["NET30"], "currencies": ["USD"]}
        ask(f"{self.url}/_sim/state", "PUT", seed)
        lost = {"kind": "drop-answer", "path": CREATES, "methods": ["PUT"], "rate": LOST_ANSWERS}
        self._lost = ask(f"{self.url}/_sim/faults", "POST", lost)["id"]
        return erp

    def environ(self) -> dict[str, str]:
        return {
            "STREAMS_ORDERS__ERP": "netsuite",
            "STREAMS_ORDERS__SHOP": "false",  # these orders are not placed in the simulated shop
            f"{ERP}BASE_URL": self.url,
            f"{ERP}AUTH__KIND": "m2m",
            f"{ERP}AUTH__CLIENT_ID": "simulated-client",
            f"{ERP}AUTH__CERTIFICATE_ID": "simulated-certificate",
            f"{ERP}AUTH__PRIVATE_KEY_FILE": str(self._key),
            f"{ERP}SETTLE_S": "10",
            f"{ERP}TIMEOUT_S": "8",
        }

    def begin(self, bootstrap: str, registry_url: str) -> None:
        """Orders come in, one by one, while the story goes on."""
        producer = OrderProducer(bootstrap, registry_url, repeats=REPEATS, seed=self._seed)
        self._placing = threading.Thread(target=self._place, args=(producer,), daemon=True)
        self._placing.start()

    def _place(self, producer: OrderProducer) -> None:
        try:
            for order in self._channels.orders(ORDERS):
                if self._stopping.is_set():
                    return
                producer.send([order])
                self._wanted.add(unified_id(order["channel"], order["number"]))
                pause(OVER_S / ORDERS)
        except Exception as error:  # noqa: BLE001  told by whoever waits for the orders
            self.failure = error
        finally:
            producer.close()

    def outage(self, seconds: float) -> None:
        """The ERP answers 503 to everything for so long, and comes back by itself."""
        rule = {"kind": "status", "status": 503, "path": "/services/", "seconds": seconds}
        ask(f"{self.url}/_sim/faults", "POST", rule)

    @property
    def are_placed(self) -> bool:
        return self._placing is not None and not self._placing.is_alive()

    def counts(self) -> OrderCounts:
        rows = ask(f"{self.url}/_sim/orders")["orders"]
        booked = Counter(str(row["external_id"]) for row in rows)
        wanted = set(self._wanted)
        rules = ask(f"{self.url}/_sim/faults")["items"]
        return OrderCounts(
            placed=len(wanted),
            booked=len(booked.keys() & wanted),
            missing=len(wanted - booked.keys()),
            doubled=sum(number > 1 for number in booked.values()),
            lost_answers=next(int(rule["hits"]) for rule in rules if rule["id"] == self._lost),
        )

    def stop(self) -> None:
        self._stopping.set()
        if self._placing is not None:
            self._placing.join(5)
