"""Alert rules and dashboard speak of metrics that exist, and every alert leads to a way out."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.runtime.metrics import REGISTRY

ROOT = Path(__file__).parents[2]
RULES = ROOT / "ops" / "prometheus" / "rules" / "commerce-streams.yml"
CASES = sorted((ROOT / "ops" / "prometheus" / "tests").glob("*.yml"))
DASHBOARD = ROOT / "ops" / "grafana" / "dashboards" / "commerce-streams.json"
NAME = re.compile(r"\bstreams_\w+")
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
]

promtool = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    promtool is None, reason="promtool is not installed: apt-get install --no-install-recommends prometheus"
)


def _exposed() -> set[str]:
    """Names as Prometheus sees them, histogram parts included."""
    found: set[str] = set()
    for family in REGISTRY.collect():
        if family.type == "histogram":
            found |= {family.name + part for part in ("_bucket", "_sum", "_count")}
        else:
            found.add(family.name + ("_total" if family.type == "counter" else ""))
    return found


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_reads_metrics_that_exist_and_leads_to_its_runbook(alert: dict[str, Any]) -> None:
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ +(.+)$", (ROOT / page).read_text(), flags=re.MULTILINE)

    assert set(NAME.findall(alert["expr"])) <= _exposed()
    assert anchor in {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert anchor == alert["alert"].lower()
    assert alert["labels"]["severity"] in {"page", "ticket", "none"}


def test_the_dashboard_reads_metrics_that_exist_with_labels_that_they_have() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {name for panel in panels for target in panel["targets"] for name in NAME.findall(target["expr"])}

    assert asked
    assert asked <= _exposed()


@needs_promtool
@pytest.mark.parametrize(
    "arguments", [("check", "rules", str(RULES)), ("test", "rules", *map(str, CASES))], ids=["form", "cases"]
)
def test_promtool_takes_the_rules_and_their_cases_hold(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([str(promtool), *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_the_configuration_of_the_compose_file() -> None:
    config = ROOT / "ops" / "compose" / "prometheus.yml"

    done = subprocess.run([str(promtool), "check", "config", str(config)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
