"""The lines, in the order in which they run."""

from types import ModuleType

from bench.lines import ingest, sink_client

LINES: dict[str, ModuleType] = {
    "ingest": ingest,
    "sink-client": sink_client,
}
