"""What the grid is played on: stock, or orders.  The faults are the same; trade, targets and checks are not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.faults.grid import invariants, order_checks
from tests.faults.grid.claims import CLAIMS, INVARIANTS, ORDER_CLAIMS, ORDER_INVARIANTS, Claims
from tests.faults.grid.invariants import Check
from tests.faults.system import System
from tests.faults.traded_orders import TradedOrders


@dataclass(frozen=True)
class Flow:
    """`patience` stretches the limits in seconds of every run."""

    name: str
    system: Callable[..., System]
    claims: Claims
    means: Mapping[str, str]
    """What each invariant says of this flow."""
    checks: Mapping[str, Check]
    patience: float = 1.0


STOCK = Flow("stock", System, CLAIMS, INVARIANTS, invariants.CHECKS)
ORDERS = Flow("orders", TradedOrders, ORDER_CLAIMS, ORDER_INVARIANTS, order_checks.CHECKS, patience=2.0)
FLOWS: Mapping[str, Flow] = {one.name: one for one in (STOCK, ORDERS)}
