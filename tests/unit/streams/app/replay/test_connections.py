"""A what-if connects to nobody; and the check that says so does say otherwise of one that would."""

import json
import socket
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, json
from pathlib import Path
from tests.proofs.watched import Connections
noted = Connections().install()
from tests.unit.streams.app.replay import test_connections as scene
scene.play(Path(sys.argv[1]), sys.argv[2])
print(json.dumps(noted.opened))
"""


def play(folder: Path, target: str) -> None:
    """Counts of a SKU through two mappings; with a target, a port that writes there in place of the recorder."""
    from decimal import Decimal  # noqa: PLC0415  in a process of its own, after the hook

    from streams.app.replay import pipeline  # noqa: PLC0415
    from streams.app.replay.recording_target import RecordingStockTarget  # noqa: PLC0415
    from streams.settings import InventorySettings  # noqa: PLC0415
    from tests.unit.streams.app.replay.logs import MemoryLogs  # noqa: PLC0415

    if target:
        host, port = target.split(":")

        class Writes(RecordingStockTarget):
            async def write_source_items(self, items: object) -> None:
                socket.create_connection((host, int(port))).close()

        vars(pipeline)["RecordingStockTarget"] = Writes
    logs = MemoryLogs()
    logs.change("A", location_code="W1", kind="ABSOLUTE", quantity=Decimal(3))
    today, moved = InventorySettings(locations={"W1": "east"}), InventorySettings(locations={"W1": "west"})
    found = logs.what_if(folder, today, moved)
    assert target or found.before.writes == 1


def _connections(folder: Path, target: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), target], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_two_settings_are_compared_without_one_connection(tmp_path: Path) -> None:
    assert _connections(tmp_path) == []


def test_a_connection_to_a_target_would_be_noticed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"127.0.0.1:{server.getsockname()[1]}"

        assert target in _connections(tmp_path, target)
