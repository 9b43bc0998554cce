"""`sink-client`: bodies of 20 rows to a target that takes no time, or 50 ms, with 1 to 128 calls in flight."""

import sys
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from bench.arithmetic import at_least
from bench.bench import Bench, result
from bench.environments import Environment
from bench.result import Result
from bench.rounds import Sample, interleaved
from bench.shop import Shop
from bench.stack import LineError
from bench.workers import Program, answer_of

ABOUT = "stock writes of 20 rows to a target that answers at once or after 50 ms; calls per second"
IN_FLIGHT, DELAYS = (1, 8, 32, 128), (0, 50)
CELL = "32x50ms"
IDEAL = 640.0
"""32 in flight, 50 ms each."""
WITHIN_S = 300.0


class Client(NamedTuple):
    """A program that writes in closed loops."""

    name: str
    command: list[str]
    environ: Mapping[str, str]


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    shop = Shop(bench.folder)
    try:
        ours = Client("ours", [sys.executable, "-m", "bench.programs.our_client"], {})
        theirs = Client("aiohttp", environment.command("http_aiohttp"), environment.environ)
        contenders = {one.name: partial(_client, bench, one, shop.url) for one in (ours, theirs)}
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
    finally:
        shop.end()
    ideal = [value / IDEAL for value in rounds.values("ours", f"{CELL} per_s")]
    return result(
        bench,
        "sink-client",
        ABOUT,
        goals=(
            at_least("of aiohttp, 32 in flight, 50 ms", rounds.ratio("ours", "aiohttp", f"{CELL} per_s"), 0.95),
            at_least("of the ideal 640/s", sorted(ideal)[len(ideal) // 2], 0.9),
        ),
        ours=rounds.figures("ours"),
        peers={"aiohttp": rounds.figures("aiohttp")},
        rounds=rounds.rounding(),
        peer_versions={f"raw:{name}": one for name, one in environment.versions(("aiohttp",)).items()},
        notes=(
            "ours is the whole way: rows to JSON, credential, permit, bounds of the answer, observer",
            "calls that a client made and calls that the target counted are compared",
        ),
    )


def _client(bench: Bench, client: Client, url: str, attempt: int) -> Sample:
    name = client.name
    seconds = 1.5 if not bench.is_trial else 0.5
    numbers = [str(number) for number in IN_FLIGHT]
    delays = [str(delay) for delay in DELAYS]
    asked = ["--url", url, "--seconds", str(seconds)]
    asked += ["--in-flight", *numbers, "--delays", *delays]
    program = Program([*client.command, *asked], bench.folder / f"{name}-{attempt}.log", client.environ)
    try:
        answer = answer_of(program, WITHIN_S)
    finally:
        program.end()
    for cell, figures in answer.items():
        if figures["counted"] != figures["calls"] or figures["rows"] != 20 * figures["calls"]:
            raise LineError(f"{name} made {figures['calls']} calls, the target counted {figures['counted']} ({cell})")
    ordered = [CELL, *(cell for cell in answer if cell != CELL)]
    names = ("per_s", "p99_ms", "cpu_us")
    return {f"{cell} {figure}": answer[cell][figure] for cell in ordered for figure in names}
