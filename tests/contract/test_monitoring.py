"""Alert rules and dashboard speak of metrics that exist, and every alert leads to a way out."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from streams.app import measured
from streams.runtime.metrics import REGISTRY
from streams.web.alert_rules import RULES as RULES_OF_PAGES

ROOT = Path(__file__).parents[2]
RULES = ROOT / "ops" / "prometheus" / "rules" / "commerce-streams.yml"
CASES = sorted((ROOT / "ops" / "prometheus" / "tests").glob("*.yml"))
DASHBOARD = ROOT / "ops" / "grafana" / "dashboards" / "commerce-streams.json"
ALWAYS = {"Watchdog"}
"""Fires without a reason: that is its purpose."""
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


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_an_alert_reads_metrics_that_exist_says_what_is_wrong_and_leads_to_its_runbook(alert: dict[str, Any]) -> None:
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ +(.+)$", (ROOT / page).read_text(), flags=re.MULTILINE)

    assert set(NAME.findall(alert["expr"])) <= _exposed()
    assert anchor in {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert anchor == alert["alert"].lower()
    assert alert["labels"]["severity"] in {"page", "ticket", "none"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert all(alert["annotations"].values())


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def test_the_pages_judge_the_same_alerts_with_the_same_weight_after_the_same_time() -> None:
    told = [(one["alert"], one["labels"]["severity"], _seconds(one.get("for", "0s"))) for one in ALERTS]

    assert [(rule.name, rule.severity, rule.for_s) for rule in RULES_OF_PAGES] == told


LIMITS = {
    "WorkerNotPolling": "> 60", "ConsumerStalled": "[5m]", "RecordUnfinished": "> 120", "StockNotApplied": "> 300",
    "TargetErrorRatio": "[10m])) > 0.1", "TargetThrottled": "[15m])) > 0.1", "TokenRefreshFailing": "[15m]",
    "DeadLetterRate": "> 0.001 *", "DeadLetterOrder": "[10m]", "DeadLetterAging": "> 86400", "SchemaUnknown": "[10m]",
    "OrdersHeld": "> 3600", "OrderCommandDead": "[10m]", "OrdersWaitForTarget": "> 900", "CutOffWillBeMissed": "> 0",
    "OrderEventParkedLong": "0.5 *", "OrdersFailing": "[30m]))) > 0.05", "OrdersNotTaken": "offset 15m",
    "ReconcileMissed": "> 2 *", "WarehouseDiffers": "[1h]",
    "RebalanceStorm": "[10m])) > 20", "StoreRebuilt": "[1h]", "CompletenessOverdue": "+ 7200",
}  # fmt: skip
"""As the pages have them (streams/web/alert_signs.py, each with tests at its limit)."""


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_that_the_pages_share_stands_in_the_rule(name: str) -> None:
    (expression,) = (" ".join(one["expr"].split()) for one in ALERTS if one["alert"] == name)

    assert LIMITS[name] in expression


def test_what_the_pages_measure_by_are_metrics_of_the_same_name() -> None:
    assert {f"streams_{name}" for name in measured.WATCHED} <= _exposed()
    assert all(metric._name == f"streams_{name}".removesuffix("_total") for name, metric in measured.WATCHED.items())


class Looks(NamedTuple):
    """What the cases of one alert and severity look at, as (case, minute)."""

    fires: set[tuple[str, float]]
    silent: set[tuple[str, float]]

    @property
    def is_silent_before(self) -> bool:
        return any(case == other and at < then for case, at in self.silent for other, then in self.fires)

    @property
    def resolves(self) -> bool:
        return any(case == other and at > then for case, at in self.silent for other, then in self.fires)


@cache
def _every_look() -> list[tuple[str, dict[str, Any]]]:
    """(case, look) of all files."""
    cases = [(file.name, case) for file in CASES for case in yaml.safe_load(file.read_text())["tests"]]
    return [(f"{file}: {case['name']}", look) for file, case in cases for look in case["alert_rule_test"]]


def _looks(alert: str, severity: str) -> Looks:
    found = Looks(set(), set())
    for case, look in _every_look():
        severities = {one["exp_labels"]["severity"] for one in look["exp_alerts"]}
        if look["alertname"] == alert:
            (found.fires if severity in severities else found.silent).add((case, _minutes(look["eval_time"])))
    return found


def _minutes(text: str) -> float:
    unit = {"m": 1, "h": 60, "d": 1440}[text[-1]]
    return float(text[:-1]) * unit


@pytest.mark.parametrize(
    ("alert", "severity"), sorted({(alert["alert"], alert["labels"]["severity"]) for alert in ALERTS})
)
def test_an_alert_has_cases_in_which_it_stays_silent_fires_and_resolves(alert: str, severity: str) -> None:
    looks = _looks(alert, severity)

    assert looks.fires
    assert looks.is_silent_before or alert in ALWAYS
    assert looks.resolves or alert in ALWAYS


def test_every_case_is_of_an_alert_that_exists() -> None:
    assert {look["alertname"] for _, look in _every_look()} == {alert["alert"] for alert in ALERTS}


def test_the_dashboard_reads_metrics_that_exist_with_labels_that_they_have() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {name for panel in panels for target in panel["targets"] for name in NAME.findall(target["expr"])}

    assert asked
    assert asked <= _exposed()


@needs_promtool
@pytest.mark.parametrize(
    "arguments", [("check", RULES), *(("test", file) for file in CASES)], ids=lambda arguments: arguments[1].name
)
def test_promtool_takes_the_rules_and_their_cases_hold(arguments: tuple[str, Path]) -> None:
    what, file = arguments
    done = subprocess.run([str(promtool), what, "rules", str(file)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_the_configuration_of_the_compose_file() -> None:
    config = ROOT / "ops" / "compose" / "prometheus.yml"

    done = subprocess.run([str(promtool), "check", "config", str(config)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
