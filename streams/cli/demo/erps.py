"""The simulated ERPs of the demo: how each is started, seeded, spoken to and counted."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from simulators.channels.orders import ACCOUNTS, Item
from streams.cli.demo.processes import ask

PATIENCE = {"SETTLE_S": "10", "TIMEOUT_S": "8"}
RATE = 3
"""So many times faster than the plan of the simulator."""


class Erp(Protocol):
    """`name` is the connector's; `module` the simulator's; creates are the calls that make orders."""

    name: str
    module: str
    creates: tuple[str, str]
    """Method and path."""

    def arguments(self) -> list[str]:
        """Of the simulator, beside its port."""
        ...

    def seed(self, items: Sequence[Item]) -> dict[str, Any]:
        """Accounts and items that the orders name, as PUT /_sim/state takes them."""
        ...

    def settings(self) -> Mapping[str, str]:
        """Of the connector, without its address."""
        ...

    def booked(self, url: str) -> Counter[str]:
        """Unified order id → documents that carry it."""
        ...


def environ(erp: Erp, url: str) -> dict[str, str]:
    """What a worker is told of it."""
    prefix = f"STREAMS_CONNECTORS__{erp.name.upper()}__"
    own = {"BASE_URL": url, **PATIENCE, **erp.settings()}
    return {"STREAMS_ORDERS__ERP": erp.name, **{f"{prefix}{name}": value for name, value in own.items()}}


def _steps(*steps: tuple[str, float, float]) -> list[dict[str, Any]]:
    return [{"what": what, "after_s": after_s, "share": share} for what, after_s, share in steps]


class NetSuite:
    """Upserts by our id.  The plan is the simulator's own without the orders that it would reject or cancel."""

    name, module = "netsuite", "simulators.netsuite"
    creates = ("PUT", "/salesOrder/")
    plan = _steps(
        ("hold", 2, 0.1),
        ("release", 8, 1),
        ("approve", 10, 1),
        ("move-date", 15, 0.15),
        ("open-work-order", 16, 1),
        ("finish-work-order", 30, 1),
        ("fulfil", 50, 1),
        ("bill", 60, 1),
        ("authorise-return", 130, 0.1),
        ("credit", 140, 1),
    )

    def __init__(self, folder: Path, seed: int) -> None:
        self._key, self._seed = folder / "netsuite.pem", seed

    def arguments(self) -> list[str]:
        life = json.dumps({"life": True, "life_rate": RATE, "life_plan": self.plan})
        return ["--private-key", str(self._key), "--seed", str(self._seed), "--settings", life]

    def seed(self, items: Sequence[Item]) -> dict[str, Any]:
        rows = [
            {"id": str(number), "external_id": item.sku, "made": item.made_to_order}
            for number, item in enumerate(items, start=501)
        ]
        return {"customers": list(ACCOUNTS), "items": rows, "terms": ["NET30"], "currencies": ["USD"]}

    def settings(self) -> Mapping[str, str]:
        return {
            "AUTH__KIND": "m2m",
            "AUTH__CLIENT_ID": "simulated-client",
            "AUTH__CERTIFICATE_ID": "simulated-certificate",
            "AUTH__PRIVATE_KEY_FILE": str(self._key),
            "GUEST_ACCOUNT": ACCOUNTS[0],
        }

    def booked(self, url: str) -> Counter[str]:
        return Counter(str(order["external_id"]) for order in ask(f"{url}/_sim/orders")["orders"])


class SapS4Hana:
    """Creates anew at every call; what is new may stay unseen by a search for a second."""

    name, module = "sap_s4hana", "simulators.sap_s4hana"
    creates = ("POST", "/A_SalesOrder")
    plan = _steps(
        ("hold", 2, 0.1),
        ("release", 8, 1),
        ("confirm", 10, 1),
        ("move-date", 15, 0.15),
        ("finish-work-order", 30, 1),
        ("deliver", 50, 1),
        ("bill-part", 55, 0.2),
        ("bill", 60, 1),
        ("authorise-return", 130, 0.1),
        ("credit", 140, 1),
    )

    def __init__(self, folder: Path, seed: int) -> None:  # noqa: ARG002  as the other one
        self._seed = seed

    def arguments(self) -> list[str]:
        life = json.dumps({"life": True, "life_rate": RATE, "life_plan": self.plan})
        return ["--seed", str(self._seed), "--settings", life]

    def seed(self, items: Sequence[Item]) -> dict[str, Any]:
        known = {
            "customers": list(ACCOUNTS),
            "materials": [item.sku for item in items],
            "made_to_order": [item.sku for item in items if item.made_to_order],
            "read_lag_s": 1,
        }
        return {"settings": known}

    def settings(self) -> Mapping[str, str]:
        return {
            "AUTH__KIND": "basic",
            "AUTH__USERNAME": "SHOP_SYNC",
            "AUTH__PASSWORD": "simulated-password-1",
            "SALES_ORGANIZATION": "1710",
            "DISTRIBUTION_CHANNEL": "10",
            "ORGANIZATION_DIVISION": "00",
            "REJECTION_REASON": "50",
            "PAYMENT_TERMS": json.dumps({"NET30": "NT30"}),
            "WORK_ORDER_CATEGORY": "WO",
            "READ_LAG_S": "2",
            "DEFAULT_ACCOUNT": ACCOUNTS[0],
        }

    def booked(self, url: str) -> Counter[str]:
        """By reference: the ids of the demo are short enough to be their own."""
        return Counter(
            {known: int(number) for known, number in ask(f"{url}/_sim/state")["orders_by_reference"].items()}
        )


ERPS: Mapping[str, Callable[[Path, int], Erp]] = {"netsuite": NetSuite, "sap_s4hana": SapS4Hana}
