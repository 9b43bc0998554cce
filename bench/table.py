"""The lines, in the order in which they run."""

from types import ModuleType

from bench.lines import (
    availability,
    catch_up,
    coalesce,
    drain,
    idle,
    ingest,
    latency,
    open_orders,
    orders,
    orders_flood,
    poison,
    rebalance_gap,
    reconcile,
    recovery,
    sink_client,
    state,
)

LINES: dict[str, ModuleType] = {
    "ingest": ingest,
    "state": state,
    "sink-client": sink_client,
    "coalesce": coalesce,
    "recovery": recovery,
    "poison": poison,
    "idle": idle,
    "catch-up": catch_up,
    "latency": latency,
    "orders": orders,
    "orders-flood": orders_flood,
    "drain": drain,
    "open-orders": open_orders,
    "availability": availability,
    "rebalance-gap": rebalance_gap,
    "reconcile": reconcile,
}
