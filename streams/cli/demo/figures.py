"""The figures of the demo, counted from outside: topics, the shop's journal, and the warehouse's truth."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from streams.cli.demo import topics
from streams.cli.demo.order_counts import NO_ORDERS, OrderCounts
from streams.cli.demo.salable import SalableCount
from streams.cli.demo.stage import Stage
from streams.topics import STOCK_CHANGE

WRITES = "/V1/inventory/source-items"


@dataclass
class Figures:
    """What the closing table shows."""

    records: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    accounted: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    refused_calls: int = 0
    rows: int = 0
    delays: list[float] = field(default_factory=list)
    calm_delays: list[float] = field(default_factory=list)
    pairs: int = 0
    equal: int = 0
    orders: OrderCounts = NO_ORDERS
    salable: Sequence[SalableCount] = ()

    @property
    def coalescing(self) -> float:
        """Accepted changes per row written."""
        return self.accounted["accepted"] / self.rows if self.rows else 0.0

    @property
    def is_accounted_for(self) -> bool:
        """Every record ended in exactly one way."""
        ended = self.accounted
        return ended["accepted"] + ended["ignored"] + ended["dead"] == self.records

    @property
    def holds(self) -> bool:
        """What the demo is to show, is so."""
        return self.is_equal and self.is_accounted_for and self.orders.holds and self.is_salable

    @property
    def is_salable(self) -> bool:
        """Whenever trade rested, as much could be sold as is there and not promised."""
        return bool(self.salable) and all(one.holds for one in self.salable)

    @property
    def is_equal(self) -> bool:
        return self.pairs > 0 and self.equal == self.pairs

    def as_json(self) -> dict[str, Any]:
        return {
            "records_in": self.records,
            "duplicates_sent": self.sent["duplicate"] + self.sent["duplicate-later"],
            "ignored": self.accounted["ignored"],
            "accepted": self.accounted["accepted"],
            "accounted_for": self.is_accounted_for,
            "dead_letters": dict(self.dead),
            "calls": self.calls,
            "calls_refused": self.refused_calls,
            "rows": self.rows,
            "coalescing": round(self.coalescing, 2),
            "delay_p50_s": quantile(self.delays, 0.5),
            "delay_p99_s": quantile(self.delays, 0.99),
            "calm_delay_p50_s": quantile(self.calm_delays, 0.5),
            "calm_delay_p99_s": quantile(self.calm_delays, 0.99),
            "pairs": self.pairs,
            "pairs_equal": self.equal,
            "salable": [one._asdict() for one in self.salable],
            **self.orders.as_json(),
        }


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which the share lies; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def equal_pairs(stage: Stage) -> tuple[int, int]:
    """How many (source, SKU) pairs the shop shows as the warehouses have them, of how many."""
    truth = {**stage.wms.truth().shown, **stage.orders.warehouse.truth()}
    shop = stage.shop_rows()
    equal = 0
    for (source, sku), wanted in truth.items():
        quantity, status = shop.get((source, sku), ("", -1))
        equal += bool(quantity) and Decimal(quantity) == wanted.quantity and status == wanted.status
    return equal, len(truth)


def gather(stage: Stage, calm: Sequence[tuple[float, float]]) -> Figures:
    """Everything, once the story is over; `calm` are the times (from, to) in which nothing was broken."""
    bootstrap = stage.stack.kafka.bootstrap
    found = Figures(records=topics.count(bootstrap, STOCK_CHANGE.name), dead=topics.dead_letters(bootstrap))
    found.sent = Counter(stage.wms.producer.deliveries().delivered)
    found.accounted = stage.accounted(STOCK_CHANGE.name)
    _count_calls(stage, found)
    for at, seconds in topics.delays(bootstrap):
        found.delays.append(seconds)
        if any(begin <= at <= end for begin, end in calm):
            found.calm_delays.append(seconds)
    found.equal, found.pairs = equal_pairs(stage)
    found.orders = stage.order_counts()
    found.salable = stage.salable
    return found


def _count_calls(stage: Stage, found: Figures) -> None:
    since = 0
    while True:
        entries, following = stage.journal(since)
        for entry in entries:
            if entry["method"] != "POST" or not entry["path"].endswith(WRITES):
                continue
            found.calls += 1
            found.refused_calls += entry["status"] != 200
            found.rows += sum(bool(row["applied"]) for row in (entry["detail"] or {}).get("rows", ()))
        if not entries or following == since:
            return
        since = following
