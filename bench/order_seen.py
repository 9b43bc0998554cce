"""What is written where for an order, and when the targets noted it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.order_targets import ERP_AT_ONCE, ORDERS_AT_ONCE, OrderTargets
from bench.placing import Placing
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
    "crm": Write("crm", "PATCH", r"/sobjects/Order/"),
    "number": Write("shop", "POST", r"/V1/orders$"),
}
"""Of an order that was placed."""
THEN: Mapping[str, Write] = {
    "shipment": Write("shop", "POST", r"/ship$"),
    "invoice": Write("shop", "POST", r"/invoice$"),
}
"""Of one that was shipped and billed."""


def ideal_s(orders: int, delay_s: float) -> float:
    """Seconds that the writes alone take, where every target answers after `delay_s`: placed first, then shipped."""
    return ideal_seconds(
        orders,
        [{what: Share(1, one.at_once, delay_s) for what, one in phase.items()} for phase in (FIRST, THEN)],
    )


@dataclass
class Seen:
    """What the targets noted, read as it comes; the ERP's answers by the order's id."""

    targets: OrderTargets
    counted: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)
    """Every write is made once: so many in all that were waited for."""
    booked: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    """When each was made last."""

    def look(self) -> None:
        for name, simulator in self.targets.all.items():
            for effect in simulator.effects():
                for what, one in {**FIRST, **THEN}.items():
                    if one.target == name and one.is_of(effect):
                        self.counted[what] += 1
                        self.last[what] = effect.at
                        if what == "erp":
                            self.booked.setdefault(effect.path.rpartition("eid:")[2], effect.at)

    def wait(self, whats: Mapping[str, Write], number: int, worker: Worker) -> None:
        """Until so many more of each were made.  LineError where they are not in time."""
        self.wanted.update(dict.fromkeys(whats, number))

        def done() -> bool:
            self.look()
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
