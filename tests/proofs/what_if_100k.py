"""What-if on 100,000 records with one location mapped to another source: `python -m tests.proofs.what_if_100k`.

Real Kafka and registry, records of the simulated warehouses with repeats and overtaking.  What must be found is worked
out by the simulator's own oracle, which shares nothing with the application: every row that differs, with both values,
and no other.  The command runs twice, each in a process that notes its connections, with credentials that cannot be
read and a target that counts who comes.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from simulators.local_stack import LocalStack
from simulators.wms.disturb import Disturbance
from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.plan import Phase
from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from simulators.wms.traffic import WorldSettings
from simulators.wms.truth import Shown, Truth
from tests.proofs.watched import endpoints

MOVED, TO = "WH-SOUTH-2", "north"
LOCATIONS = "STREAMS_INVENTORY__LOCATIONS"
LOOK_S = 0.2
Pairs = dict[tuple[str, str], tuple[str | None, str | None]]
"""(source, SKU) → (with today's settings, with the changed ones)."""


class Run(NamedTuple):
    """One run of the command."""

    code: int
    output: bytes
    seconds: float
    cpu_s: float
    peak_mib: int
    heard: list[str]
    seen: set[str]
    errors: str


class Nobody:
    """Listens where the target would be; `came` counts connections."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.came = 0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _listen(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self.came += 1
            connection.close()


# ── the records, and what must be found ──────────────────────────────────────────────────────────


def trade(environ: Mapping[str, str], records: int, items: int) -> tuple[Truth, Truth]:
    """Sends the records; what the shop must show with today's mapping, and with the changed one."""
    settings = SimulatorSettings(
        environ["STREAMS_KAFKA__BOOTSTRAP_SERVERS"],
        environ["STREAMS_SCHEMA_REGISTRY__URL"],
        seed=11,
        world=WorldSettings(items=items),
        disturbance=Disturbance(duplicate=0.02, reorder=0.05),
    )
    simulator = WmsSimulator(settings)
    try:
        opened = simulator.opening().counts.total()
        simulator.run(Phase(10, (records - opened) / 10))
        simulator.drain()
        rules = simulator.rules()
        moved = replace(rules, locations={**rules.locations, MOVED: TO})
        return simulator.truth(rules), simulator.truth(moved)
    finally:
        simulator.close()


def expected(today: Truth, changed: Truth) -> Pairs:
    pairs = sorted({*today.shown, *changed.shown})
    found = {pair: (_shown(today.shown.get(pair)), _shown(changed.shown.get(pair))) for pair in pairs}
    return {pair: both for pair, both in found.items() if both[0] != both[1]}


def _shown(row: Shown | None) -> str | None:
    if row is None:
        return None
    plain = row.quantity.normalize()
    quantity = plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain
    return f"{quantity} {'in stock' if row.status else 'out of stock'}"


def reported(document: Mapping[str, Any]) -> Pairs:
    """The rows that end differently, of the command's report."""
    found: Pairs = {}
    for group in document["groups"]:
        if group["kind"] in {"row-new", "row-gone", "quantity", "status"}:
            for one in group["examples"]:
                found[one["place"], one["name"]] = (_value(one["before"]), _value(one["after"]))
    return found


def _value(text: str | None) -> str | None:
    return None if text is None else text.rpartition(",")[0]


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def environment(stack: LocalStack, folder: Path, target: str) -> dict[str, str]:
    commerce = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
    return {
        **stack.environment(),
        "STREAMS_APP_ID": "what-if-proof",
        "STREAMS_DATA_DIR": str(folder / "data"),
        LOCATIONS: json.dumps(locations_of(WAREHOUSES)),
        "STREAMS_INVENTORY__ALLOCATIONS": '{"wms:main": "other", "wms:3pl": "other"}',
        f"{commerce}BASE_URL": f"http://{target}",
        f"{commerce}AUTH__KIND": "token",
        f"{commerce}AUTH__USERNAME": "integration",
    }


def apply(environ: Mapping[str, str]) -> None:
    for command in (("topics", "apply"), ("schemas", "apply")):
        with_password = {**os.environ, **environ, "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD": "unused-1"}
        subprocess.run([sys.executable, "-m", "streams", *command], env=with_password, check=True, capture_output=True)


def what_if(environ: Mapping[str, str], folder: Path, name: str) -> Run:
    changed = json.dumps({**locations_of(WAREHOUSES), MOVED: TO})
    command = ("replay", "what-if", "wms.stock-change.v1", "--from", "earliest", "--set", f"{LOCATIONS}={changed}")
    secret = {"STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD_FILE": str(folder / "no-such-secret")}
    heard = folder / f"{name}.json"
    began = time.monotonic()  # noqa: TID251  a figure for people
    with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.watched", str(heard), *command, "--examples", "1000000", "--json"],
            env={**os.environ, **environ, **secret},
            stdout=out,
            stderr=err,
        )
        seen: set[str] = set()
        peak, before = 0, resource.getrusage(resource.RUSAGE_CHILDREN)
        while process.poll() is None:
            seen |= endpoints(process.pid)
            peak = max(peak, memory_mib(process.pid))
            time.sleep(LOOK_S)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    seconds = time.monotonic() - began  # noqa: TID251  as above
    output, errors = (folder / f"{name}.out").read_bytes(), (folder / f"{name}.err").read_text()
    return Run(process.returncode, output, seconds, cpu, peak, json.loads(heard.read_text()), seen, errors)


def memory_mib(pid: int) -> int:
    """The most that the process has held; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)


# ── the proof ────────────────────────────────────────────────────────────────────────────────────


def prove(folder: Path, records: int, items: int) -> list[str]:
    """What does not hold; nothing where all does."""
    nobody = Nobody()
    with LocalStack(folder / "stack") as stack:
        environ = environment(stack, folder, nobody.address)
        apply(environ)
        today, changed = trade(environ, records, items)
        wanted = expected(today, changed)
        say(f"{len(today.verdicts):,} records of {items:,} SKUs; {MOVED} is mapped to {TO} instead of south")
        say(f"the oracle: {len(wanted):,} rows must differ")
        runs = [what_if(environ, folder, name) for name in ("first", "second")]
    for number, run in enumerate(runs, 1):
        took = f"{run.seconds:.1f} s ({run.cpu_s:.1f} s of CPU), at most {run.peak_mib} MiB"
        say(f"run {number}: exit code {run.code}, {took}, {len(run.output):,} bytes of report")
    if any(run.code != 1 for run in runs):
        return [f"exit code {run.code}, not 1: {run.errors[-2000:]}" for run in runs if run.code != 1]
    found = reported(json.loads(runs[0].output))
    say(f"the report: {len(found):,} rows differ, {len(wanted.items() & found.items()):,} of them as the oracle says")
    tell_groups(json.loads(runs[0].output))
    allowed = {urlsplit(f"//{environ['STREAMS_KAFKA__BOOTSTRAP_SERVERS']}").netloc, _netloc(environ)}
    say(f"brokers and registry: {', '.join(sorted(allowed))}; the target: {nobody.address}")
    say(f"connections that Python's audit hook heard: {_counted([one for run in runs for one in run.heard])}")
    say(f"connections that the kernel listed:         {', '.join(sorted({one for run in runs for one in run.seen}))}")
    say(f"the target was connected to {nobody.came} times")
    return judged(runs, wanted, found, allowed, nobody)


def judged(runs: list[Run], wanted: Pairs, found: Pairs, allowed: set[str], nobody: Nobody) -> list[str]:
    wrong = []
    if not wanted:
        wrong.append("the change that was planted changes nothing: nothing was proven")
    if found != wanted:
        odd = sorted({*found.items()} ^ {*wanted.items()})[:10]
        wrong.append(f"report and oracle differ: {odd}")
    if runs[0].output != runs[1].output:
        wrong.append("the two reports are not the same, byte for byte")
    elsewhere = {one for run in runs for one in (*run.heard, *run.seen)} - allowed
    if elsewhere:
        wrong.append(f"connected to {sorted(elsewhere)}")
    if nobody.came:
        wrong.append("the target was connected to")
    return wrong


def tell_groups(document: Mapping[str, Any]) -> None:
    for group in document["groups"]:
        say(f"    {group['number']:>6,} × {group['about']}: {group['what']}")


def _netloc(environ: Mapping[str, str]) -> str:
    return urlsplit(environ["STREAMS_SCHEMA_REGISTRY__URL"]).netloc


def _counted(heard: list[str]) -> str:
    return ", ".join(f"{one} ({heard.count(one)})" for one in sorted(set(heard))) or "none"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.what_if_100k", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=2_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="what-if-proof-") as folder:
        wrong = prove(Path(folder), chosen.records, chosen.items)
    for one in wrong:
        say(f"WRONG: {one}")
    say("FAILED" if wrong else "PROVEN: found in full, the same twice, no connection to a target")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
