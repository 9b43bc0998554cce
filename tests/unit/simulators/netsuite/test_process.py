"""The simulator as a process of its own."""

import json
import signal
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from simulators.netsuite.keys import pair_in
from simulators.netsuite.server import main

COMMAND = [sys.executable, "-m", "simulators.netsuite"]


def _get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=20) as response:
        return json.load(response)


def test_it_announces_its_address_serves_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    journal, key, state = (tmp_path / name for name in ("journal.jsonl", "keys/netsuite.pem", "state.json"))
    state.write_text('{"customers": ["C-9"]}', encoding="utf-8")
    arguments = ["--journal", str(journal), "--private-key", str(key), "--state", str(state), "--items", "2"]
    with subprocess.Popen(
        [*COMMAND, *arguments, "--settings", '{"concurrency": 15}'], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            shown = _get(f"{ready['url']}/_sim/state")
            assert isinstance(shown, dict)
            assert (shown["customers"], shown["items"]) == (["C-9"], ["SKU-00001", "SKU-00002"])
            assert shown["settings"]["concurrency"] == 15
            assert shown["settings"]["public_key"] == pair_in(key).public
            assert (ready["client_id"], ready["pid"]) == ("simulated-client", process.pid)
        finally:
            process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[0])["kind"] == "start"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("settings", ['{"colour": "red"}', "{", "[]", '{"concurrency": 0}'])
def test_a_wrong_setting_ends_it_with_2_and_a_reason(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--settings", settings]) == 2
    assert "netsuite simulator on port 0" in capsys.readouterr().err


def test_a_key_file_without_a_key_ends_it_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "netsuite.pem"
    file.write_text("canary", encoding="ascii")

    assert main(["--private-key", str(file)]) == 2
    assert "canary" not in capsys.readouterr().err
