"""The lines, in the order in which they run."""

from types import ModuleType

from bench.lines import catch_up, coalesce, idle, ingest, latency, poison, recovery, sink_client

LINES: dict[str, ModuleType] = {
    "ingest": ingest,
    "sink-client": sink_client,
    "coalesce": coalesce,
    "recovery": recovery,
    "poison": poison,
    "idle": idle,
    "catch-up": catch_up,
    "latency": latency,
}
