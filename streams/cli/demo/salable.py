"""What may be sold, by a model of its own: what warehouses have, less what the shop's orders are still promised.

The model knows what the demo published and placed, what its warehouse shipped, and the shop's own journal of
cancellations and credit memos; nothing of the product.  The shop is asked over its REST API.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from simulators.wms.truth import Shown
from streams.cli.demo.processes import ask

SHOWN = 5
LOGIN = {"username": "integration", "password": "simulated-password-1"}
EXPORT = "/rest/V1/inventory/export-stock-salable-qty/website/base?searchCriteria[pageSize]=5000"
Pair = tuple[str, str]


class SalableCount(NamedTuple):
    """How many SKUs may be sold as often as the model says, of how many; and some of those that may not."""

    equal: int = 0
    skus: int = 0
    amiss: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.skus > 0 and self.equal == self.skus

    def __str__(self) -> str:
        told = f"salable stock equals the model for {self.equal:,} of {self.skus:,} SKUs"
        return told if self.holds else f"{told} (not: {'; '.join(self.amiss)})"


@dataclass(slots=True)
class Placed:
    """An order of the shop: units by SKU, and which SKU each of its rows is."""

    ordered: Counter[str] = field(default_factory=Counter)
    sku_of_row: dict[int, str] = field(default_factory=dict)


def placed(shown: Mapping[str, Any]) -> Placed:
    """As the shop answered when it was placed."""
    made = Placed()
    for row in shown["items"]:
        made.ordered[row["sku"]] += int(row["qty_ordered"])
        made.sku_of_row[int(row["item_id"])] = row["sku"]
    return made


def shipped(events: Iterable[Mapping[str, Any]], steps: frozenset[str]) -> dict[str, Counter[str]]:
    """Unified order id → units by SKU that left the warehouse."""
    found: dict[str, Counter[str]] = {}
    for event in events:
        if event["step"] in steps:
            units = found.setdefault(event["order_id"], Counter())
            for line in event["lines"]:
                units[line["sku"]] += int(Decimal(line["quantity"]))
    return found


def promised(
    orders: Mapping[str, Placed],
    left: Mapping[str, Counter[str]],
    refunded: Mapping[str, Counter[str]],
    cancelled: frozenset[str],
) -> Counter[str]:
    """Units by SKU that orders of the shop still wait for; what is given back before it left is not waited for."""
    total: Counter[str] = Counter()
    for order_id, order in orders.items():
        if order_id not in cancelled:
            gone = left.get(order_id, Counter[str]()) | refunded.get(order_id, Counter[str]())
            total += order.ordered - gone
    return total


def modelled(on_hand: Mapping[Pair, Shown], promises: Counter[str]) -> dict[str, Decimal]:
    """SKU → what may be sold: 0 where no source has any in stock, as the shop says it."""
    there: dict[str, Decimal] = {}
    for (_source, sku), one in on_hand.items():
        there[sku] = there.get(sku, Decimal(0)) + (one.quantity if one.status else 0)
    return {sku: quantity - promises[sku] if quantity > 0 else Decimal(0) for sku, quantity in there.items()}


def compared(model: Mapping[str, Decimal], shop: Mapping[str, Decimal]) -> SalableCount:
    """Each SKU once."""
    amiss = [sku for sku, quantity in model.items() if shop.get(sku) != quantity]
    told = tuple(f"{sku} {shop.get(sku, 'unknown')} instead of {model[sku]}" for sku in sorted(amiss)[:SHOWN])
    return SalableCount(len(model) - len(amiss), len(model), told)


class ShopSalable:
    """Signs in once."""

    def __init__(self, shop_url: str) -> None:
        self._url, self._token = shop_url, ""

    def read(self) -> dict[str, Decimal]:
        """SKU → what the shop says may be sold."""
        if not self._token:
            self._token = ask(f"{self._url}/rest/V1/integration/admin/token", "POST", LOGIN)
        rows = ask(f"{self._url}{EXPORT}", token=self._token)["items"]
        return {row["sku"]: Decimal(str(row["qty"])) for row in rows}
