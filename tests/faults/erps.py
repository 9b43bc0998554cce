"""The simulated ERPs as processes, each with what a worker must be told and how its documents are counted."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from connectors.sap_s4hana.reference import reference
from simulators.channels.orders import ACCOUNTS, Item
from tests.processes import Simulated, call

NETSUITE = "STREAMS_CONNECTORS__NETSUITE__"
SAP = "STREAMS_CONNECTORS__SAP_S4HANA__"
PATIENCE = {"TIMEOUT_S": "3", "CONNECT_TIMEOUT_S": "2"}


class Erp(Protocol):
    """What a test needs of an ERP."""

    @property
    def orders_path(self) -> str:
        """Of the calls about orders, for faults."""
        ...

    @property
    def creates(self) -> Sequence[str]:
        """Methods of the calls that make orders."""
        ...

    @property
    def process(self) -> Simulated:
        """The simulator."""
        ...

    def seed(self, items: Sequence[Item]) -> None:
        """Accounts and items that the orders name."""
        ...

    def environ(self, settle_s: float) -> Mapping[str, str]:
        """The connector's settings."""
        ...

    def booked(self, order_ids: frozenset[str]) -> Counter[str]:
        """Unified order id → documents that carry it; what carries another id is counted under that."""
        ...


class NetSuite:
    """Upserts by our id."""

    orders_path, creates = "/salesOrder/", ("PUT",)

    def __init__(self, folder: Path) -> None:
        self._key = folder / "netsuite.pem"
        self.process = Simulated("netsuite", folder, "--private-key", str(self._key))

    def seed(self, items: Sequence[Item]) -> None:
        rows = [
            {"id": str(number), "external_id": item.sku, "made": item.made_to_order, "price": str(item.price)}
            for number, item in enumerate(items, start=501)
        ]
        self.process.seed(customers=list(ACCOUNTS), items=rows, terms=["NET30"], currencies=["USD"])

    def environ(self, settle_s: float) -> Mapping[str, str]:
        own = {
            "BASE_URL": self.process.url,
            "AUTH__KIND": "m2m",
            "AUTH__CLIENT_ID": "simulated-client",
            "AUTH__CERTIFICATE_ID": "simulated-certificate",
            "AUTH__PRIVATE_KEY_FILE": str(self._key),
            "SETTLE_S": str(settle_s),
            **PATIENCE,
        }
        return {f"{NETSUITE}{name}": value for name, value in own.items()}

    def booked(self, order_ids: frozenset[str]) -> Counter[str]:  # noqa: ARG002  it holds our ids as they are
        orders = call(f"{self.process.url}/_sim/orders", timeout=20)["orders"]
        return Counter(str(order["external_id"]) for order in orders)


class SapS4Hana:
    """Creates anew at every call; what is new may stay unseen by a search for a second."""

    orders_path, creates = "/A_SalesOrder", ("POST",)
    read_lag_s = 1

    def __init__(self, folder: Path) -> None:
        self.process = Simulated("sap_s4hana", folder)

    def seed(self, items: Sequence[Item]) -> None:
        known = {
            "customers": list(ACCOUNTS),
            "materials": [item.sku for item in items],
            "made_to_order": [item.sku for item in items if item.made_to_order],
            "read_lag_s": self.read_lag_s,
        }
        self.process.seed(settings=known)

    def environ(self, settle_s: float) -> Mapping[str, str]:
        own = {
            "BASE_URL": self.process.url,
            "AUTH__KIND": "basic",
            "AUTH__USERNAME": "SHOP_SYNC",
            "AUTH__PASSWORD": "simulated-password-1",
            "SALES_ORGANIZATION": "1710",
            "DISTRIBUTION_CHANNEL": "10",
            "ORGANIZATION_DIVISION": "00",
            "REJECTION_REASON": "50",
            "PAYMENT_TERMS": json.dumps({"NET30": "NT30"}),
            "WORK_ORDER_CATEGORY": "WO",
            "READ_LAG_S": str(self.read_lag_s + 1),
            "SETTLE_S": str(settle_s),
            **PATIENCE,
        }
        return {f"{SAP}{name}": value for name, value in own.items()}

    def booked(self, order_ids: frozenset[str]) -> Counter[str]:
        ours = {reference(order_id): order_id for order_id in order_ids}
        counted = call(f"{self.process.url}/_sim/state", timeout=20)["orders_by_reference"]
        return Counter({ours.get(known, known): int(number) for known, number in counted.items()})


ERPS: Mapping[str, Callable[[Path], Erp]] = {"netsuite": NetSuite, "sap_s4hana": SapS4Hana}
