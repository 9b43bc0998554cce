"""The lines, in the order in which they run."""

from types import ModuleType

from bench.lines import coalesce, idle, ingest, poison, sink_client

LINES: dict[str, ModuleType] = {
    "ingest": ingest,
    "sink-client": sink_client,
    "coalesce": coalesce,
    "poison": poison,
    "idle": idle,
}
