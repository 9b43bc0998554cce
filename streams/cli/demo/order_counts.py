"""What was asked of every system for the orders, and what each has: counted in the systems, not in the product."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DOCUMENTS = {"/ship": "shipments", "/invoice": "invoices", "/refund": "credit memos"}
SHOWN = 5
Entry = Mapping[str, Any]  # a line of a simulator's journal


class Tally(NamedTuple):
    """So many are wanted; `there` counts those that are, each once."""

    wanted: int = 0
    there: int = 0
    missing: int = 0
    doubled: int = 0
    amiss: tuple[str, ...] = ()
    """Some of the orders that are missing or doubled."""

    @property
    def holds(self) -> bool:
        return self.missing == self.doubled == 0

    def __str__(self) -> str:
        return f"{self.there:,} of {self.wanted:,}, {self.missing} missing, {self.doubled} doubled"


NONE = Tally()


def tally(wanted: Counter[str], there: Counter[str]) -> Tally:
    """By order: more than wanted is doubled, less is missing."""
    return Tally(
        wanted.total(),
        (wanted & there).total(),
        (wanted - there).total(),
        (there - wanted).total(),
        tuple(sorted((wanted - there) + (there - wanted))[:SHOWN]),
    )


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """`crm_waiting` orders wait for a CRM that is down all the time; `lost_answers` are those of the ERP."""

    placed: int = 0
    erp: Tally = NONE
    units: Tally = NONE
    numbers: Tally = NONE
    shop: Mapping[str, Tally] = field(default_factory=dict)
    crm_waiting: int = 0
    cancelled: int = 0
    returned: int = 0
    made: int = 0
    lost_answers: int = 0

    @property
    def holds(self) -> bool:
        return self.placed > 0 and all(one.holds for one in self._documents()) and self.crm_waiting == self.placed

    def __str__(self) -> str:
        erp = self.erp
        return f"{self.placed} orders: {erp.there} ERP orders, {erp.missing} missing, {erp.doubled} doubled"

    @property
    def amiss(self) -> list[str]:
        """Orders of which something is missing or doubled somewhere."""
        return sorted({order_id for one in self._documents() for order_id in one.amiss})

    def _documents(self) -> list[Tally]:
        return [self.erp, self.units, self.numbers, *self.shop.values()]

    def lines(self) -> list[tuple[str, str]]:
        """For the closing table."""
        return [
            ("orders", f"{self.placed} ({self.cancelled} cancelled, {self.returned} with returns)"),
            ("  ERP orders", str(self.erp)),
            ("  work orders of made-to-order lines", f"{self.made:,}"),
            ("  units in pick tasks of the WMS", str(self.units)),
            ("  ERP numbers at Commerce", str(self.numbers)),
            *((f"  {name} at Commerce", str(one)) for name, one in self.shop.items()),
            ("  waiting for the CRM, which is down", f"{self.crm_waiting:,}"),
        ]

    def as_json(self) -> dict[str, Any]:
        systems = {"erp": self.erp, "units": self.units, "numbers": self.numbers, **self.shop}
        return {
            "orders": self.placed,
            "orders_booked": self.erp.there,
            "orders_missing": self.erp.missing,
            "orders_doubled": self.erp.doubled,
            "orders_cancelled": self.cancelled,
            "orders_returned": self.returned,
            "orders_waiting_for_crm": self.crm_waiting,
            "erp_answers_lost": self.lost_answers,
            "documents": {name: one._asdict() for name, one in systems.items()},
        }


NO_ORDERS = OrderCounts()


class ShopJournal:
    """The shop's own record of documents and numbers, read once and kept."""

    def __init__(self) -> None:
        self.made: dict[str, Counter[int]] = {name: Counter() for name in DOCUMENTS.values()}
        """Entity id → documents that the shop made."""
        self.numbers: dict[int, set[str]] = {}
        self.cancelled: set[int] = set()
        """Entity ids of what the shop cancelled."""
        self.refunded: dict[int, Counter[int]] = {}
        """Entity id → units by row that the shop gave the money back for."""
        self.next = 0

    def take(self, entries: Sequence[Entry], following: int) -> None:
        for entry in entries:
            if entry.get("method") != "POST" or not entry["effect"]:
                continue
            path = str(entry["path"])
            name = next((name for end, name in DOCUMENTS.items() if path.endswith(end)), None)
            if name is not None:
                self.made[name][entry["detail"]["entity_id"]] += 1
            if path.endswith("/refund"):
                rows = self.refunded.setdefault(entry["detail"]["entity_id"], Counter())
                rows.update({int(row["order_item_id"]): int(row["qty"]) for row in entry["body"].get("items") or ()})
            if path.endswith("/cancel"):
                self.cancelled.add(entry["detail"]["entity_id"])
            elif path.endswith("/V1/orders"):
                number = str(entry["body"]["entity"]["ext_order_id"])
                self.numbers.setdefault(entry["detail"]["entity_id"], set()).add(number)
        self.next = following


class ErpJournal:
    """What the ERP did with orders by itself: bills, credits, work orders, returns."""

    def __init__(self) -> None:
        self.done: dict[str, Counter[str]] = {}
        """Step → unified order id → how often."""
        self.next = 0

    def take(self, entries: Sequence[Entry], following: int) -> None:
        for entry in entries:
            if entry.get("kind") == "life" and entry["effect"]:
                order_id = str(entry["detail"].get("reference") or entry["detail"]["of"])
                self.done.setdefault(entry["detail"]["what"], Counter())[order_id] += 1
        self.next = following

    def of(self, *steps: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for step in steps:
            found += self.done.get(step, Counter())
        return found
