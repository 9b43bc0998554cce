"""The dashboard keeps the rules of dashboard-linter (https://github.com/grafana/dashboard-linter, docs/rules).

Sixteen rules, one test or one parameter each.  The linter is a Go program that no package here brings.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "ops" / "grafana" / "dashboards").glob("*.json"))
SOURCE = "${datasource}"
UNITS = {"short", "percentunit", "s", "cps", "bytes"}
"""Those of Grafana's that are used here: a further one is looked up in its list before it is added."""
SELECTOR = re.compile(r"\b(?:streams|process)_\w+(\{[^}]*\})?(\[[^\]]+\])?")
RATE = re.compile(r"\bi?rate\(\s*(?:streams|process)_\w+(?:\{[^}]*\})?\[([^\]]+)\]")
COUNTER = re.compile(r"(\w+)?\(?\s*\b(?:streams|process)_\w+_total\b")
CALLS_OF_COUNTERS = {"rate", "irate", "increase"}
VARIABLES = {"$__rate_interval": "1m", "$job": ".+", "$instance": ".+"}

promtool = shutil.which("promtool")


def _board(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _panels(path: Path) -> list[Any]:
    return [pytest.param(panel, id=panel["title"]) for panel in _board(path)["panels"]]


PANELS = [panel for path in BOARDS for panel in _panels(path)]
TARGETS = [
    pytest.param(target["expr"], id=f"{panel.id} {target['refId']}")
    for panel in PANELS
    for target in panel.values[0]["targets"]
]
each_board = pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
each_panel = pytest.mark.parametrize("panel", PANELS)
each_target = pytest.mark.parametrize("expr", TARGETS)


def _variable(path: Path, name: str) -> dict[str, Any]:
    (found,) = [one for one in _board(path)["templating"]["list"] if one["name"] == name]
    return dict(found)


@each_board
def test_the_data_source_is_a_variable(path: Path) -> None:
    source = _variable(path, "datasource")

    assert (source["type"], source["query"], source["label"]) == ("datasource", "prometheus", "Data source")


@each_board
@pytest.mark.parametrize("name", ["job", "instance"])
def test_job_and_instance_are_variables_of_which_all_can_be_chosen(path: Path, name: str) -> None:
    chosen = _variable(path, name)

    assert chosen["type"] == "query"
    assert chosen["datasource"]["uid"] == SOURCE
    assert chosen["label"] == name.capitalize()
    assert (chosen["multi"], chosen["includeAll"], chosen["allValue"]) == (True, True, ".+")


@each_board
def test_variables_ask_for_labels_of_metrics_and_anew_when_the_time_changes(path: Path) -> None:
    queries = [one for one in _board(path)["templating"]["list"] if one["type"] == "query"]

    for one in queries:
        assert re.fullmatch(r"label_values\(streams_\w+(\{[^}]*\})?, \w+\)", one["query"])
        assert one["refresh"] == 2


@each_board
def test_the_dashboard_is_changed_in_its_file_alone(path: Path) -> None:
    assert _board(path)["editable"] is False


@each_board
def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other(path: Path) -> None:
    panels = _board(path)["panels"]
    places = {
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    }

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(places) == sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in panels)


@each_panel
def test_a_panel_uses_the_variable_data_source(panel: dict[str, Any]) -> None:
    assert panel["datasource"] == {"type": "prometheus", "uid": SOURCE}
    assert all(target.get("datasource", panel["datasource"])["uid"] == SOURCE for target in panel["targets"])


@each_panel
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["title"].strip()
    assert panel["description"].strip()


@each_panel
def test_a_panel_has_a_unit_that_grafana_knows(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


@each_panel
def test_a_panel_has_targets_that_ask_in_promql(panel: dict[str, Any]) -> None:
    """No target speaks LogQL: both rules of it hold with that."""
    assert panel["targets"]
    assert all(SELECTOR.search(target["expr"]) for target in panel["targets"])


@each_target
def test_every_selector_of_a_target_matches_job_and_instance(expr: str) -> None:
    labels = [found[0] for found in SELECTOR.findall(expr)]

    assert labels
    assert all('job=~"$job"' in one and 'instance=~"$instance"' in one for one in labels)


@each_target
def test_a_rate_is_taken_over_the_interval_that_fits_the_screen(expr: str) -> None:
    assert set(RATE.findall(expr)) <= {"$__rate_interval"}


@each_target
def test_a_counter_is_shown_as_its_rise(expr: str) -> None:
    assert set(COUNTER.findall(expr)) <= CALLS_OF_COUNTERS


@pytest.mark.skipif(promtool is None, reason="2026-11-22: promtool is not installed: apt-get install prometheus")
def test_every_target_is_valid_promql(tmp_path: Path) -> None:
    """As rules, which promtool parses."""
    rules = [{"record": f"panel:{number}", "expr": _filled(one.values[0])} for number, one in enumerate(TARGETS)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

    done = subprocess.run([str(promtool), "check", "rules", str(file)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def _filled(expr: Any) -> str:  # Any: the values of a param
    text = str(expr)
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text
