"""`availability`: how soon the gateway says what can be promised of a SKU, beside a server that looks nothing up."""

import itertools
import json
import random
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from functools import partial

from bench.arithmetic import at_most, percentile, spread
from bench.asking import answers
from bench.bench import Bench, result
from bench.environments import Environment
from bench.ingesting import ingest
from bench.result import Result
from bench.rounds import Sample, interleaved
from bench.simulator import Simulator
from bench.stack import Stack
from bench.stock_load import Load, fill
from bench.workers import Program, free_port, until

ABOUT = "200 questions a second about 200 SKUs of which there is plenty; the shop answers in 50 ms"
RECORDS, ITEMS, SKUS = 20_000, 1_000, 200
PER_S, SECONDS = 200.0, 10.0
PLENTY = 50_000_000
"""µ: far above what counts as the last units."""
SHOP_S = 0.05
P99_MS = 20.0
TOKEN = "simulated-asking-" + "x" * 24
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    with Stack(bench.folder) as stack:
        stack.apply("bench-load")
        load = fill(bench, stack, records=bench.size(RECORDS, 2_000), items=bench.size(ITEMS, 100))
        ingest(stack, bench.folder, "bench-availability", ends=load.ends, shown=load.shown)
        shop = Simulator("adobe_commerce", bench.folder)
        gateway, bare = _gateway(bench, stack, shop), _bare(bench, environment)
        try:
            paths = [f"/v1/availability?sku={sku}&quantity=1" for sku in _plenty(load)]
            answers(gateway.url, paths, PER_S / 4, HEADERS)  # a first question waits for the shop
            contenders = {one.name: partial(_asked, bench, one, paths) for one in (gateway, bare)}
            rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
        finally:
            for one in (gateway, bare, shop):
                one.end()
    return result(
        bench,
        "availability",
        ABOUT,
        goals=(at_most("p99 ms of a cached answer", spread(rounds.values("ours", "p99 ms")).median, P99_MS),),
        ours=rounds.figures("ours"),
        peers={"bare aiohttp": rounds.figures("bare")},
        rounds=rounds.rounding(),
        peer_versions={f"raw:{name}": one for name, one in environment.versions(("aiohttp",)).items()},
        notes=(
            "ours: token, limit, the newest snapshot, reservations, and what the shop's open orders had",
            "a reading of the shop that is older than 5 s is renewed beside the answers: up to 40 calls a second",
            "time from when a question was to be asked, whatever became of those before it",
        ),
    )


class Server(Program):
    """With a name and an address."""

    def __init__(self, name: str, port: int, command: list[str], bench: Bench, environ: Mapping[str, str]) -> None:
        self.name, self.url = name, f"http://127.0.0.1:{port}"
        super().__init__(command, bench.folder / f"{name}-server.log", environ)

    def wait_ready(self, path: str) -> "Server":
        """Raises LineError."""
        until(lambda: self._answers(path), within=60, what=lambda: self.log[-2000:])
        return self

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=1):
                return True
        except OSError:
            return False


def _gateway(bench: Bench, stack: Stack, shop: Simulator) -> Server:
    shop.wait_ready()
    shop.slow(SHOP_S)
    port = free_port()
    own = {
        "STREAMS_GATEWAY__PORT": str(port),
        "STREAMS_GATEWAY__RESERVATIONS__TOKENS": json.dumps({"pos": [TOKEN]}),
        "STREAMS_GATEWAY__RESERVATIONS__PER_S": "10000",
        "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": shop.url,
    }
    command = [sys.executable, "-m", "streams", "gateway"]
    return Server("ours", port, command, bench, stack.environ("bench-availability", **own)).wait_ready("/readyz")


def _bare(bench: Bench, environment: Environment) -> Server:
    port = free_port()
    command = environment.command("bare_answers", "--port", port)
    return Server("bare", port, command, bench, environment.environ).wait_ready("/")


def _plenty(load: Load) -> Sequence[str]:
    """SKUs that are not scarce at all."""
    sums: dict[str, int] = {}
    for (_source, sku), micros in load.shown.items():
        sums[sku] = sums.get(sku, 0) + micros
    return list(itertools.islice((sku for sku, micros in sorted(sums.items()) if micros >= PLENTY), SKUS))


def _asked(bench: Bench, server: Server, paths: Sequence[str], attempt: int) -> Sample:
    seconds = SECONDS if not bench.is_trial else 2.0
    questions = random.Random(bench.seed + attempt).choices(paths, k=int(PER_S * seconds))
    cpu_s = server.cpu_s
    took = answers(server.url, questions, PER_S, HEADERS)
    return {
        "p99 ms": 1000 * percentile(took, 0.99),
        "p50 ms": 1000 * percentile(took, 0.5),
        "cpu us": 1e6 * (server.cpu_s - cpu_s) / len(questions),
    }
