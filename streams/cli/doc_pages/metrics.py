"""docs/metrics.md: every metric, from its declaration."""

from collections.abc import Sequence

from prometheus_client import Metric

from streams.cli.doc_pages.markdown import page, table
from streams.runtime.metrics import REGISTRY


def metrics() -> str:
    families = sorted(REGISTRY.collect(), key=lambda family: family.name)
    return page(
        "Metrics",
        "Every worker serves these at `/metrics`, in Prometheus' text form.\n"
        "Base units; no SKU and no order id stands in a label.\n"
        "Beside them, on Linux, what the client library tells of the process: `process_resident_memory_bytes`, "
        "`process_cpu_seconds_total`, `process_open_fds` and their like.",
        table(("metric", "kind", "labels", "what it says"), [_metric_row(family) for family in families]),
    )


def _metric_row(family: Metric) -> list[str]:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return [f"`{name}`", family.type, _labels(family.name), family.documentation]


def _labels(name: str) -> str:
    """From the declaration: a metric without a value has no sample to show them."""
    collectors = REGISTRY._names_to_collectors  # noqa: SLF001  prometheus_client shows labels nowhere else
    found: Sequence[str] = getattr(collectors.get(name), "_labelnames", ())
    return ", ".join(f"`{label}`" for label in found) or "–"
