"""What an orders fault test adds to the system: an ERP, channels that place orders, and the count of documents."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulators.channels.orders import Channels, Record, catalogue
from simulators.channels.producer import OrderProducer
from streams.domain.order_id import unified_id
from streams.topics import ORDERS_READ
from tests.faults.erps import ERPS, Erp
from tests.faults.system import SETTLE_S, System
from tests.processes import until

ITEMS = 12
NOW = 1_772_400_000_000_000
REPEATS = 0.15


@dataclass
class OrderSystem(System):
    """`place` sends orders; `wait_booked` returns when the ERP has every one of them and nothing is left to do.

    The shop does not hold these orders, so that it is told nothing of them.
    """

    erp_name: str = "netsuite"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.erp: Erp = ERPS[self.erp_name](self.folder)
        self._channels = Channels(catalogue(ITEMS), seed=self.seed, now=NOW)
        self.placed: list[Record] = []

    def start(self) -> "OrderSystem":
        self.erp.process.start()
        self.erp.process.wait_ready()
        self.erp.seed(catalogue(ITEMS))
        super().start()
        self._producer = OrderProducer(self.kafka.bootstrap, self.registry_url, repeats=REPEATS, seed=self.seed)
        return self

    def end(self) -> None:
        super().end()
        self.erp.process.end()

    @property
    def environ(self) -> dict[str, str]:
        own = {"STREAMS_ORDERS__ERP": self.erp_name, "STREAMS_ORDERS__SHOP": "false", **self.erp.environ(SETTLE_S)}
        return {**super().environ, **own, **self.overrides}

    def break_creates(self, **rule: object) -> int:
        """A fault of the calls that make orders; its id."""
        return self.erp.process.fault(path=self.erp.orders_path, methods=list(self.erp.creates), **rule)

    def hits(self, rule: int) -> int:
        return self.erp.process.hits(rule)

    def place(self, number: int) -> None:
        """Blocks until the broker has them; some are sent twice."""
        self.send(list(self._channels.orders(number)))

    def orders(self, number: int) -> list[Record]:
        """Orders that are not placed yet."""
        return list(self._channels.orders(number))

    def send(self, orders: list[Record]) -> None:
        """Blocks until the broker has them; some are sent twice."""
        self._producer.send(orders)
        self.placed += orders

    def wait_booked(self, within: float = 150) -> None:
        until(self._is_booked, within=within, what=self._what_is_missing, step=0.3)

    def _is_booked(self) -> bool:
        return self.wanted <= self.booked.keys() and self.order_lag() == 0

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(unified_id(order["channel"], order["number"]) for order in self.placed)

    @property
    def booked(self) -> Mapping[str, int]:
        """Unified order id → how many documents the ERP has of it."""
        return self.erp.booked(self.wanted)

    def order_lag(self) -> int:
        return sum(end - done for topic in ORDERS_READ for done, end in self.committed(topic.name).values())

    def _what_is_missing(self) -> str:
        logs = "\n".join(f"── {worker.name}\n{worker.log[-3000:]}" for worker in self.workers)
        missing = sorted(self.wanted - self.booked.keys())
        return f"every order is booked; missing {missing[:5]} of {len(missing)}; lag {self.order_lag()}\n{logs}"
