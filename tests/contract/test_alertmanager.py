"""The example for Alertmanager: every alert goes to whom it is for, and what it silences exists."""

import os
import re
import shutil
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitor import ALERTS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "ops" / "alertmanager" / "alertmanager.yml"
CONFIG: dict[str, Any] = yaml.safe_load(FILE.read_text())
MATCHER = re.compile(r'(\w+) (=~?) "([^"]+)"')
RECEIVERS = {"page": "page", "ticket": "ticket"}
NAMES = {alert["alert"] for alert in ALERTS}

amtool = shutil.which("amtool")
needs_amtool = pytest.mark.skipif(
    amtool is None, reason="2026-11-22: amtool is not installed: apt-get install prometheus-alertmanager"
)


def _amtool(*arguments: str) -> str:
    done = subprocess.run(
        [str(amtool), *arguments], capture_output=True, text=True, check=False, env={**os.environ, "HOME": "/nowhere"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_amtool
def test_alertmanager_takes_it() -> None:
    assert "SUCCESS" in _amtool("check-config", str(FILE))


@needs_amtool
@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_an_alert_goes_to_whom_its_severity_says(alert: dict[str, Any]) -> None:
    labels = {"alertname": alert["alert"], **alert["labels"]}

    told = _amtool("config", "routes", "test", f"--config.file={FILE}", *(f"{k}={v}" for k, v in labels.items()))

    assert told.split() == [RECEIVERS.get(alert["labels"]["severity"], "dead-mans-switch")]


def _rules(side: str) -> list[tuple[str, str, str]]:
    return [found for rule in CONFIG["inhibit_rules"] for text in rule[side] for found in MATCHER.findall(text)]


def test_what_inhibits_and_what_is_inhibited_are_alerts_that_exist() -> None:
    matchers = [*_rules("source_matchers"), *_rules("target_matchers")]
    named = chain.from_iterable(value.split("|") for label, _, value in matchers if label == "alertname")
    written = [
        text for rule in CONFIG["inhibit_rules"] for text in (*rule["source_matchers"], *rule["target_matchers"])
    ]

    assert len(matchers) == len(written)
    assert set(named) <= NAMES
    assert {label for label, _, _ in matchers} == {"alertname", "severity"}


def test_no_page_is_silenced_by_a_ticket() -> None:
    severity = {alert["alert"]: alert["labels"]["severity"] for alert in ALERTS}
    for rule in CONFIG["inhibit_rules"]:
        sources, targets = (
            [
                name
                for text in rule[side]
                for label, _, value in MATCHER.findall(text)
                if label == "alertname"
                for name in value.split("|")
            ]
            for side in ("source_matchers", "target_matchers")
        )
        if any(severity[name] == "page" for name in targets):
            assert {severity[name] for name in sources} == {"page"}


def test_the_watchdog_is_told_again_and_again() -> None:
    (route,) = [one for one in CONFIG["route"]["routes"] if one["receiver"] == "dead-mans-switch"]

    assert route["repeat_interval"] == "1m"
    assert route["matchers"] == ['alertname = "Watchdog"']


def test_it_names_no_address_of_anybody() -> None:
    """What would be invented here would be believed."""
    used = "\n".join(line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#"))

    assert not re.search(r"https?://|@|\.com|\.org", used)
    assert {tuple(one) for one in CONFIG["receivers"]} == {("name",)}
