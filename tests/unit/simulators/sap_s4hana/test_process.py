"""The simulator as a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from simulators.sap_s4hana.server import main

COMMAND = [sys.executable, "-m", "simulators.sap_s4hana"]


def _get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=20) as response:
        return json.load(response)


def test_it_announces_its_address_serves_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    arguments = ["--journal", str(journal), "--settings", '{"first_number": 7}']
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            state = _get(f"{ready['url']}/_sim/state")
            assert isinstance(state, dict)
            assert state["settings"]["first_number"] == 7
            assert ready["base_url"] == ready["url"]
            assert ready["token_url"] == f"{ready['url']}/sap/bc/sec/oauth2/token"
            assert ready["pid"] == process.pid
        finally:
            process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[0])["kind"] == "start"


@pytest.mark.parametrize("settings", ['{"colour": "red"}', "{", '{"confirm": "maybe"}'])
def test_a_wrong_setting_ends_it_with_2_and_a_reason(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--settings", settings]) == 2
    assert "simulator on port 0" in capsys.readouterr().err


def test_a_port_that_is_taken_ends_it_with_2_and_names_the_port(capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["url"].rpartition(":")[2]
        try:
            assert main(["--port", port]) == 2
        finally:
            process.terminate()
            process.wait(20)

    assert port in capsys.readouterr().err
