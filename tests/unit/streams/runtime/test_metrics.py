"""What is declared is measured: a metric that nothing sets would read as health."""

import re
from pathlib import Path

from streams.runtime import metrics

SOURCES = Path(metrics.__file__).parents[1]


PERSONAL = {"sku", "order", "order_id", "key", "entity", "email", "customer", "name"}


def test_no_label_is_of_a_sku_an_order_or_a_person() -> None:
    labels = {label for one in metrics.REGISTRY._collector_to_names for label in getattr(one, "_labelnames", ())}

    assert labels
    assert not labels & PERSONAL


def test_the_page_tells_of_the_process_too() -> None:
    assert b"process_resident_memory_bytes " in metrics.exposition()


def test_every_declared_metric_is_set_somewhere() -> None:
    declared = re.findall(
        r"^([A-Z_]+) = _(?:counter|gauge|histogram)\(", Path(metrics.__file__).read_text(), re.MULTILINE
    )
    code = "\n".join(path.read_text() for path in SOURCES.rglob("*.py") if path.name != "metrics.py")

    assert [
        name
        for name in declared
        if not re.search(rf"(\b{name}\b[^\n]*\.(inc|set|observe|labels|track)|_show\({name}, )", code)
    ] == []
