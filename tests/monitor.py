"""A real Prometheus (and amtool) beside the workers of a test, with the alert rules of this project.

python -m tests.monitor    records anew what Prometheus says of the rules (tests/recordings/prometheus/rules.json)
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.processes import Process, free_port, until

ROOT = Path(__file__).parents[1]
RULES = ROOT / "ops" / "prometheus" / "rules" / "commerce-streams.yml"
ALERTS = tuple(
    alert for group in yaml.safe_load(RULES.read_text())["groups"] for alert in group["rules"] if "alert" in alert
)
RECORDED = ROOT / "tests" / "recordings" / "prometheus" / "rules.json"
JOB = "commerce-streams"
Series = Mapping[str, str]


class Prometheus(Process):
    """Scrapes these ports every second; `rules` is a file of rules, none where it is not given; `port` is its own."""

    def __init__(self, folder: Path, ports: Sequence[int], rules: Path | None = None, port: int | None = None) -> None:
        self._port = port or free_port()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)] if rules else [],
            "scrape_configs": [
                {"job_name": JOB, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
            ],
        }
        file = folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(config))
        arguments = [
            program("prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]
        super().__init__(arguments, folder / "prometheus.log")

    def query(self, expr: str) -> list[tuple[Series, float]]:
        """(labels, value) of each series of the answer."""
        found = self._ask("query", query=expr)["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def wait_scraped(self, times: int = 1) -> None:
        """Every target was read so often."""
        asked = f"min(count_over_time(up[10m])) >= {times} and min(up) == 1"
        until(lambda: self._has(asked), within=60, what=lambda: f"scraped {times} times\n{self.log}", step=0.2)

    def wait_for(self, expr: str, within: float = 60) -> None:
        """The expression has an answer."""
        until(lambda: self._has(expr), within=within, what=lambda: f"{expr}\n{self.firing()}", step=0.3)

    def firing(self) -> set[str]:
        """Names of the alerts that fire now."""
        return {labels["alertname"] for labels, _ in self.query('ALERTS{alertstate="firing"}')}

    def rules(self) -> Any:  # Any: JSON
        """Its whole answer about its alert rules, as the pages ask for it."""
        return self._ask("rules", type="alert")

    def _has(self, expr: str) -> bool:
        try:
            return bool(self.query(expr))
        except OSError:  # not listening yet
            return False

    def _ask(self, what: str, **parameters: str) -> Any:  # Any: JSON
        with urlopen(f"http://127.0.0.1:{self._port}/api/v1/{what}?{urlencode(parameters)}", timeout=10) as answer:
            return json.loads(answer.read())


def program(name: str) -> str:
    """Its path, or its name where it is not there: `is_there` says so before."""
    return shutil.which(name) or name


def is_there(name: str) -> bool:
    return shutil.which(name) is not None


def record() -> None:
    """Without a worker: only what must then hold does."""
    with tempfile.TemporaryDirectory(prefix="rules-") as folder:
        rules = Path(shutil.copy2(RULES, folder))
        prometheus = Prometheus(Path(folder), [], rules)
        prometheus.start()
        try:
            prometheus.wait_for('count(ALERTS{alertname=~"NoWorker|Watchdog"}) == 2')
            RECORDED.write_text(json.dumps(prometheus.rules(), indent=1, ensure_ascii=False) + "\n")
        finally:
            prometheus.end()


if __name__ == "__main__":
    record()
