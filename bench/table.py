"""The lines, in the order in which they run."""

from types import ModuleType

from bench.lines import (
    catch_up,
    coalesce,
    idle,
    ingest,
    latency,
    orders,
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
    "rebalance-gap": rebalance_gap,
    "reconcile": reconcile,
}
