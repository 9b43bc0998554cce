"""The simulator as a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from simulators.rest_wms.server import main

COMMAND = [sys.executable, "-m", "simulators.rest_wms"]


def test_it_announces_its_address_serves_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    arguments = ["--journal", str(journal), "--settings", '{"last_cancellable": "PICKED"}']
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            with urllib.request.urlopen(f"{ready['url']}/_sim/state", timeout=20) as response:
                assert json.load(response)["settings"]["last_cancellable"] == "PICKED"
            assert ready["pid"] == process.pid
        finally:
            process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[0])["kind"] == "start"


@pytest.mark.parametrize("settings", ['{"colour": "red"}', "{", '{"last_cancellable": "SHIPPED"}'])
def test_a_wrong_setting_ends_it_with_2_and_a_reason(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--settings", settings]) == 2
    assert "rest-wms simulator on port 0" in capsys.readouterr().err
