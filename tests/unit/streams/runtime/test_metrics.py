"""What is declared is measured: a metric that nothing sets would read as health."""

import re
from pathlib import Path

from streams.runtime import metrics

SOURCES = Path(metrics.__file__).parents[1]


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
