"""The process: options become settings, the plan runs to its end, exit codes tell how it went."""

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.wms.__main__ import main, parser, phases_of, settings_of
from simulators.wms.disturb import Disturbance
from simulators.wms.plan import Phase
from tests.fakes.registry import FakeRegistry
from tests.unit.simulators.wms.conftest import PATIENCE_S, wait_for

NOW = 1_763_700_000_000_000


def arguments(registry: str = "http://127.0.0.1:1", *more: str) -> list[str]:
    mock = ["--property", "test.mock.num.brokers=1", "--property", "log_level=0", "--no-recounts"]
    return ["--bootstrap", "127.0.0.1:1", "--registry", registry, *mock, *more]


def test_options_become_settings() -> None:
    chosen = parser().parse_args(
        arguments("http://r", "--skus", "7", "--seed", "3", "--duplicates", "0.1", "--late", "0.2", "--late-by", "5")
    )

    settings = settings_of(chosen, NOW)

    assert (settings.world.items, settings.seed, settings.registry) == (7, 3, "http://r")
    assert settings.disturbance == Disturbance(
        duplicate=0.1, duplicate_later=0.1, duplicate_after_s=5, late=0.2, late_s=5
    )
    assert settings.properties == {"test.mock.num.brokers": "1", "log_level": "0"}


def test_a_later_run_never_numbers_like_an_earlier_one() -> None:
    chosen = parser().parse_args(arguments())

    first, second = settings_of(chosen, NOW).world, settings_of(chosen, NOW + 60_000_000).world

    assert second.first_sequence >= first.first_sequence + 60_000
    assert first.run != second.run
    assert settings_of(parser().parse_args(arguments("r", "--first-sequence", "1")), NOW).world.first_sequence == 1


def test_without_a_length_the_plan_has_no_end() -> None:
    assert phases_of(parser().parse_args(arguments())) == [Phase(math.inf, 10)]


def test_a_plan_is_read_from_a_file(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"seconds": 1, "changes_per_s": 2, "name": "early shift"}]))

    assert phases_of(parser().parse_args(arguments("r", "--plan", str(plan)))) == [Phase(1, 2, "early shift")]


def test_a_run_prints_what_was_delivered_and_the_truth(
    registry: FakeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "journal.jsonl"
    more = ["--register", "--skus", "5", "--rate", "40", "--seconds", "0.5", "--poison", "3", "--truth"]

    code = main(arguments(registry.url, *more, "--journal", str(journal), "--port", "0"))

    printed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert printed["delivered"]["bad-magic"] == 1
    assert printed["verdicts"] == {"counted": printed["delivered"]["normal"]}
    assert len(journal.read_text().splitlines()) == sum(printed["delivered"].values())


def test_a_preload_fills_the_topic(registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(registry.url, "--register", "--preload", "2000")) == 0
    assert json.loads(capsys.readouterr().out)["preloaded"] == 2000


@pytest.mark.parametrize("more", [[], ["--property", "nonsense"], ["--plan", "/nowhere.json"]])
def test_what_cannot_run_exits_with_2(
    more: list[str], registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(registry.url, *more)) == 2
    assert "cannot run" in capsys.readouterr().err


def test_a_registry_that_is_down_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments("http://127.0.0.1:1")) == 2
    assert "cannot run" in capsys.readouterr().err


def test_a_signal_ends_a_plan_without_end_and_everything_is_accounted_for(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    more = ["--register", "--skus", "5", "--rate", "50", "--journal", str(journal)]
    command = [sys.executable, "-m", "simulators.wms", *arguments(registry.url, *more)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: journal.exists() and journal.stat().st_size > 0)

        process.send_signal(signal.SIGTERM)

        printed, _ = process.communicate(timeout=PATIENCE_S)
    delivered = json.loads(printed)["delivered"]
    assert process.returncode == 0
    assert len(journal.read_text().splitlines()) == sum(delivered.values())
