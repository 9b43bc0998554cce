"""`sink-client`: bodies of 20 rows to a target that takes no time, or 50 ms, with 1 to 128 calls in flight."""

import sys
from functools import partial

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


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    shop = Shop(bench.folder)
    try:
        contenders = {
            "ours": partial(_client, bench, [sys.executable, "-m", "bench.programs.our_client"], {}, shop.url, "ours"),
            "aiohttp": partial(
                _client, bench, environment.command("http_aiohttp"), environment.environ, shop.url, "aiohttp"
            ),
        }
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say, keep_all=bench.is_trial)
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
        rounds=rounds.rounding("ours"),
        peer_versions={f"raw:{name}": one for name, one in environment.versions(("aiohttp",)).items()},
        notes=(
            "ours is the whole way: rows to JSON, credential, permit, bounds of the answer, observer",
            "calls that a client made and calls that the target counted are compared",
        ),
    )


def _client(bench: Bench, command: list[str], environ: dict[str, str], url: str, name: str, attempt: int) -> Sample:
    seconds = 3.0 if not bench.is_trial else 0.5
    numbers = [str(number) for number in IN_FLIGHT]
    delays = [str(delay) for delay in DELAYS]
    asked = ["--url", url, "--seconds", str(seconds)]
    asked += ["--in-flight", *numbers, "--delays", *delays]
    program = Program([*command, *asked], bench.folder / f"{name}-{attempt}.log", environ)
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

