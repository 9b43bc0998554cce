"""What is written where for an order, and when the targets noted it."""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.order_targets import ERP_AT_ONCE, ORDERS_AT_ONCE, OrderTargets
from bench.placing import Placing, id_of
from bench.schedule import Share, ideal_seconds
from bench.simulator import Called
from bench.stack import LineError
from bench.workers import Worker, until
from simulators.channels.orders import Record

WITHIN_S = 600.0
LOOK_S = 0.2


class Write(NamedTuple):
    """One call that changes the target; a sink of its own works on so many orders at once."""

    target: str
    method: str
    path: str
    at_once: int = ORDERS_AT_ONCE

    def is_of(self, call: Called) -> bool:
        """Whether a call that its target noted is this write, made."""
        return call.is_effect and call.method == self.method and re.search(self.path, call.path) is not None


FIRST: Mapping[str, Write] = {
    "erp": Write("erp", "PUT", r"/salesOrder/", min(ERP_AT_ONCE, ORDERS_AT_ONCE)),
    "wms": Write("wms", "PUT", r"/v1/tasks/"),
    "crm": Write("crm", "PATCH", r"/composite/sobjects/OrderItem/"),
    "number": Write("shop", "POST", r"/V1/orders$"),
}
"""Of an order that was placed."""
THEN: Mapping[str, Write] = {
    "shipment": Write("shop", "POST", r"/ship$"),
    "invoice": Write("shop", "POST", r"/invoice$"),
}
"""Of one that was shipped and billed."""


SINKS: Mapping[str, Sequence[str]] = {
    "erp": ("erp",),
    "wms": ("wms",),
    "crm": ("crm",),
    "shop": ("number", "invoice"),
    "shipments": ("shipment",),
}
"""Who makes which of them; each works on its own orders."""


def ideal_s(orders: int, delay_s: float) -> float:
    """Seconds that the writes alone take, where every target answers after `delay_s`, all sinks side by side."""
    writes = {**FIRST, **THEN}
    shares = {sink: Share(len(made), writes[made[0]].at_once, delay_s) for sink, made in SINKS.items()}
    return ideal_seconds(orders, shares)


def _nothing() -> None:
    return


@dataclass
class Seen:
    """What the targets noted, read as it comes; the ERP's answers by the order's id."""

    targets: OrderTargets
    counted: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)
    """Every write is made once: so many in all that were waited for."""
    booked: dict[str, float] = field(default_factory=dict)
    tasked: set[str] = field(default_factory=set)
    """Orders that the warehouse has a task of."""

    def look(self) -> None:
        for name, simulator in self.targets.all.items():
            for effect in simulator.effects():
                for what, one in {**FIRST, **THEN}.items():
                    if one.target == name and one.is_of(effect):
                        self.counted[what] += 1
                        if what == "wms":
                            self.tasked.add(effect.path.rpartition("/")[2].rpartition("-")[0])
                        if what == "erp":
                            self.booked.setdefault(effect.path.rpartition("eid:")[2], effect.at)

    def wait(
        self, whats: Mapping[str, Write], number: int, worker: Worker, then: Callable[[], None] = _nothing
    ) -> None:
        """Until so many more of each were made, with `then` after each look.  LineError where they are not in time."""
        self.wanted.update(dict.fromkeys(whats, number))

        def done() -> bool:
            self.look()
            then()
            if not worker.running:
                raise LineError(f"the worker ended\n{worker.log[-2000:]}")
            return all(self.counted[what] >= count for what, count in self.wanted.items())

        until(
            done,
            within=WITHIN_S,
            what=lambda: f"{dict(self.wanted)}, have {dict(self.counted)}\n{worker.log[-2000:]}",
            step=LOOK_S,
        )


def acknowledged(placing: Placing, seen: Seen, worker: Worker, orders: Sequence[Record], per_s: float) -> list[float]:
    """Seconds from the intake of each order, at this rate, until the ERP has acknowledged it."""
    placed = placing.place_evenly(orders, per_s)
    seen.wait(FIRST, len(orders), worker)
    return [seen.booked[order_id] - at for order_id, at in placed.items()]


def streamed(placing: Placing, seen: Seen, worker: Worker, orders: Sequence[Record], ahead: int) -> None:
    """Every write of every order is made: shipped and billed when the warehouse has its task, `ahead` open at most."""
    begun = seen.counted["invoice"]
    to_place, to_ship = deque(orders), {id_of(order): order for order in orders}

    def go_on() -> None:
        ready = [to_ship.pop(order_id) for order_id in to_ship.keys() & seen.tasked]
        if ready:
            placing.shipped(ready)
        is_open = len(orders) - len(to_place) - (seen.counted["invoice"] - begun)
        placing.place([to_place.popleft() for _ in range(min(ahead - is_open, len(to_place)))])

    go_on()
    seen.wait({**FIRST, **THEN}, len(orders), worker, then=go_on)
