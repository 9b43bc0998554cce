"""Orders of the shop for a benchmark: placed there, put on their topic, shipped and billed when they are told to be."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice

from bench.machine import epoch, now, wait
from bench.order_targets import CUSTOMERS, OrderTargets
from bench.stack import Stack
from simulators.channels.orders import Channels, Item, Record
from simulators.channels.producer import OrderProducer, RecordProducer
from streams.domain.order_id import unified_id
from streams.topics import ERP_ORDER_EVENT, FULFILMENT_EVENT

MOST = 1_000_000
MINUTE = 60_000_000
LOCATION = "WH-NORTH"


class Placing:
    """`shopped` makes orders that the shop holds; `place` puts them on their topic; `shipped` tells what follows."""

    def __init__(self, stack: Stack, targets: OrderTargets, items: Sequence[Item], seed: int) -> None:
        at = (stack.bootstrap, stack.registry)
        self._targets = targets
        made = Channels(items, seed=seed, now=int(epoch() * 1_000_000), accounts=CUSTOMERS)
        self._simple = _simple(made)
        self._orders = OrderProducer(*at)
        self._steps = RecordProducer(*at, FULFILMENT_EVENT.name, "order_id")
        self._bills = RecordProducer(*at, ERP_ORDER_EVENT.name, "erp_number")

    def shopped(self, number: int) -> list[Record]:
        return [self._targets.shopped(order) for order in self.drawn(number)]

    def drawn(self, number: int) -> list[Record]:
        """Orders that the shop does not hold, for a line in which it is not called."""
        return list(islice(self._simple, number))

    def place(self, orders: Sequence[Record]) -> None:
        self._orders.send(orders)

    def place_evenly(self, orders: Sequence[Record], per_s: float) -> dict[str, float]:
        """Blocks; unified order id → when it was put on its topic (seconds since 1970)."""
        begun, found = now(), {}
        for number, order in enumerate(orders):
            wait(max(0.0, begun + number / per_s - now()))
            found[id_of(order)] = epoch()
            self._orders.send([order])
        return found

    def shipped(self, orders: Sequence[Record]) -> None:
        """The warehouse picked and shipped, the ERP billed."""
        self._steps.send(
            [_step(order, step, place) for place, step in enumerate(("PICKED", "SHIPPED")) for order in orders]
        )
        self._bills.send([_bill(order) for order in orders])

    def close(self) -> None:
        for one in (self._orders, self._steps, self._bills):
            one.close()


def id_of(order: Record) -> str:
    return unified_id(order["channel"], order["number"])


def _simple(channels: Channels) -> Iterator[Record]:
    """Of the shop, and of one task: what is made to order has one of its own, later."""
    for order in channels.orders(MOST):
        if order["channel"] == "web" and not any(line["make_to_order"] for line in order["lines"]):
            yield order


def _told(order: Record, step: str, place: int) -> Record:
    at = order["updated_at"] + place * MINUTE
    order_id = id_of(order)
    return {"event_id": f"{order_id}-{step}", "order_id": order_id, "effective_at": at, "recorded_at": at}


def _step(order: Record, step: str, place: int) -> Record:
    lines = [
        {"order_line": line["line_id"], "sku": line["sku"], "quantity": Decimal(line["quantity"])}
        for line in order["lines"]
    ]
    cartons = [{"carrier_code": "ups", "service": "UPS", "tracking_number": f"1Z{order['number']}"}]
    own = {
        "source_system": "wms:main",
        "shipment_id": f"SHP-{order['number']}",
        "step": step,
        "location_code": LOCATION,
        "lines": lines,
        "packages": cartons if step == "SHIPPED" else [],
    }
    return {**_told(order, step, place + 1), **own}


def _bill(order: Record) -> Record:
    lines = [{name: line[name] for name in ("line_id", "sku", "quantity")} for line in order["lines"]]
    number = order["number"]
    own = {
        "source_system": "erp",
        "erp_number": f"ERP-{number}",
        "kind": "INVOICED",
        "document": f"INV-{number}",
        "lines": lines,
    }
    return {**_told(order, "INVOICED", 3), **own}
