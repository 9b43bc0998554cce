"""`idle`: nothing comes for a minute; what a worker costs then."""

import shutil
from contextlib import ExitStack

from bench.arithmetic import at_most, ratio, spread
from bench.bench import Bench, result
from bench.environments import Environment
from bench.machine import now, wait
from bench.result import Result, Rounding
from bench.stack import Stack
from bench.workers import Program, Worker, free_port, until
from streams.topics import STOCK_CHANGE

ABOUT = "no traffic; CPU of a core and resident memory, beside stock Faust with one agent and one table"
SETTLE_S, WINDOW_S = 20.0, 12.0
RSS_LIMIT_MIB = 150


def run(bench: Bench) -> Result:
    """Both are idle at the same time, on the same core; each window of time is a round."""
    environment = Environment("faust", bench.say).ready()
    windows = 5 if not bench.is_trial else 1
    with Stack(bench.folder) as stack, ExitStack() as open_:
        stack.apply("bench-idle")
        programs: dict[str, Program] = {}
        ours = Worker("bench-idle", bench.folder, stack.environ("bench-idle"))
        open_.callback(ours.end)
        schema = bench.folder / "none"
        asked = ["--bootstrap", stack.bootstrap, "--group", "bench-faust-idle", "--topic", STOCK_CHANGE.name]
        port = free_port()
        asked += ["--schema", str(schema), "--records", str(port)]
        faust = Program(environment.command("faust_idle", *asked), bench.folder / "faust.log", environment.environ)
        open_.callback(faust.end)
        programs = {"ours": ours, "faust": faust}
        until(ours.is_recovered, within=60, what=lambda: f"the worker is ready\n{ours.log[-2000:]}")
        until(lambda: stack.is_listed("bench-faust-idle-ledger-changelog"), within=60, what=lambda: faust.log[-2000:])
        wait(SETTLE_S if not bench.is_trial else 3.0)
        shares = _shares(bench, programs, windows)
        memory = {name: program.rss_bytes / 2**20 for name, program in programs.items()}
        ours.stop()
    shutil.rmtree(ours.data, ignore_errors=True)
    return result(
        bench,
        "idle",
        ABOUT,
        goals=(
            at_most("CPU against stock Faust", ratio(shares["ours"], shares["faust"]).median, 2.0),
            at_most("resident MiB", memory["ours"], RSS_LIMIT_MIB),
        ),
        ours={"cpu_percent": 100 * spread(shares["ours"]).median, "rss_mib": memory["ours"]},
        peers={"faust": {"cpu_percent": 100 * spread(shares["faust"]).median, "rss_mib": memory["faust"]}},
        rounds=Rounding(windows),
        peer_versions={f"faust:{name}": one for name, one in environment.versions(("faust-streaming",)).items()},
        notes=(
            f"{windows} windows of {WINDOW_S:.0f} s after {SETTLE_S:.0f} s of rest, both at the same time on one core",
            "ours reads four topics, has two tables, a web server, and a watch that looks once a second",
        ),
    )


def _shares(bench: Bench, programs: dict[str, Program], windows: int) -> dict[str, list[float]]:
    """Of a core, window by window; a process that took nothing counts as one tick."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    length = WINDOW_S if not bench.is_trial else 4.0
    for _ in range(windows):
        before = {name: (now(), program.cpu_s) for name, program in programs.items()}
        wait(length)
        for name, program in programs.items():
            at, used = before[name]
            found[name].append(max(program.cpu_s - used, 0.01) / (now() - at))
    return found
