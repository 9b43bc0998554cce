"""`recovery`: kill -9, the disk gone; until the ledger is whole again.  And a clean restart with its disk."""

import json
import shutil
from functools import partial

from bench.arithmetic import at_least, at_most, spread
from bench.bench import Bench, result
from bench.environments import Environment
from bench.machine import now
from bench.opening import opening
from bench.result import Result
from bench.rounds import Sample, interleaved
from bench.stack import LineError, Stack
from bench.workers import Program, Worker, answer_of, until
from simulators.wms.bulk import preload
from simulators.wms.clock import SystemClock
from streams.tables import STOCK_LEDGER, changelog
from streams.topics import DESIRED, STOCK_CHANGE

ABOUT = "kill -9 and no disk, a ledger of a million SKUs: seconds from the group's assignment until work goes on"
SKUS, FAUST_SKUS = 1_000_000, 100_000
APP, FAUST = "bench-recovery", "bench-faust-recovery"
LONGEST_S = 900.0
STEP_S = 0.02
ENDLESS = 10**9
RESTORING, RESTORED = "Restoring state from changelog topics", "Done reading from changelog topics"


def run(bench: Bench) -> Result:
    environments = {name: Environment(name, bench.say).ready() for name in ("raw", "faust")}
    with Stack(bench.folder) as stack:
        stack.apply(APP)
        stack.pause_intake(DESIRED.name)
        skus, faust_skus = bench.size(SKUS, 5_000), bench.size(FAUST_SKUS, 2_000)
        records = _fill(bench, stack, skus)
        faust_entries = _fill_faust(bench, stack, environments["faust"], faust_skus)
        contenders = {
            "ours": partial(_ours, bench, stack, records),
            "raw": partial(_raw, bench, stack, environments["raw"], records),
            "faust": partial(_faust, bench, stack, environments["faust"], faust_entries),
        }
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
    return result(
        bench,
        "recovery",
        ABOUT,
        goals=(
            at_most("seconds against a raw consume and WriteBatch", rounds.ratio("ours", "raw", "seconds"), 3.0),
            at_least("changelog records a second against stock Faust", rounds.ratio("ours", "faust", "per_s"), 20),
            at_most("warm restart, seconds after assignment", spread(rounds.values("ours", "warm_s")).median, 5.0),
        ),
        ours=rounds.figures("ours"),
        peers={name: rounds.figures(name) for name in ("raw", "faust")},
        rounds=rounds.rounding(),
        notes=(
            f"{skus:,} SKUs with an entry and a movement each; scaled: Faust recovers {faust_entries:,} entries",
            "ours also writes an index entry for each movement, and keeps the highest version of a key",
            "the wait for the dead member's session (6 s here) comes before the assignment and is not counted",
        ),
    )


def _settings(stack: Stack, bench: Bench) -> dict[str, str]:
    return stack.environ(APP, STREAMS_LOGS__LEVEL="INFO", STREAMS_DATA_DIR=str(bench.folder / "data"))


def _fill(bench: Bench, stack: Stack, skus: int) -> int:
    """How many records the changelog has then."""
    preload(stack.producer(), opening(stack.stock_schema(), skus=skus, at=SystemClock().now() - 1_000_000))
    watch = stack.watch(APP)
    worker = Worker("fill", bench.folder, _settings(stack, bench))
    try:
        ends = watch.ends(STOCK_CHANGE.name)
        until(lambda: watch.lag(STOCK_CHANGE.name, ends) == 0, within=LONGEST_S, what=lambda: worker.log[-2000:])
        worker.kill()
    finally:
        worker.end()
    found = sum(watch.ends(changelog(APP, STOCK_LEDGER)).values())
    watch.close()
    bench.say(f"{skus:,} SKUs in the ledger, {found:,} records in its changelog")
    return found


def _fill_faust(bench: Bench, stack: Stack, environment: Environment, skus: int) -> int:
    answer_of(_start_faust(bench, stack, environment, "fill", skus), LONGEST_S)
    watch = stack.watch("bench-count")
    found = sum(watch.ends(f"{FAUST}-ledger-changelog").values())
    watch.close()
    return found


def _start_faust(bench: Bench, stack: Stack, environment: Environment, name: str, records: int) -> Program:
    schema = bench.folder / "stock-change.avsc"
    if not schema.exists():
        schema.write_text(_text_of(stack), encoding="utf-8")
    asked = ["--bootstrap", stack.bootstrap, "--group", FAUST, "--topic", STOCK_CHANGE.name]
    asked += ["--schema", str(schema), "--records", str(records)]
    log = bench.folder / f"faust-{name}.log"
    return Program(environment.command("faust_table", *asked), log, environment.environ)


def _text_of(stack: Stack) -> str:
    return json.dumps(stack.stock_schema().schema)


def _ours(bench: Bench, stack: Stack, records: int, attempt: int) -> Sample:
    data = bench.folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    cold, cpu_s = _recovered(bench, stack, f"cold-{attempt}", kill=False)
    warm, _ = _recovered(bench, stack, f"warm-{attempt}", kill=True)
    return {"seconds": cold, "per_s": records / cold, "cpu_us": cpu_s * 1e6 / records, "warm_s": warm}


def _recovered(bench: Bench, stack: Stack, name: str, *, kill: bool) -> tuple[float, float]:
    """Seconds from the assignment until ready, and the CPU of the whole start; then stopped, or killed."""
    worker = Worker(name, bench.folder, _settings(stack, bench))
    try:
        until(lambda: _says(worker, "assigned"), within=90, what=lambda: worker.log[-2000:], step=STEP_S)
        begun = now()
        until(worker.is_recovered, within=LONGEST_S, what=lambda: worker.log[-2000:], step=STEP_S)
        seconds, cpu_s = now() - begun, worker.cpu_s
        if kill:
            worker.kill()
        elif code := worker.stop():
            raise LineError(f"the worker ended with {code}\n{worker.log[-2000:]}")
    finally:
        worker.end()
    return seconds, cpu_s


def _says(worker: Worker, word: str) -> bool:
    if not worker.running:
        raise LineError(f"the worker ended\n{worker.log[-2000:]}")
    return f'"{word}"' in worker.log or f" {word} " in worker.log


def _raw(bench: Bench, stack: Stack, environment: Environment, records: int, attempt: int) -> Sample:
    asked = ["--bootstrap", stack.bootstrap, "--topic", changelog(APP, STOCK_LEDGER), "--records", str(records)]
    log = bench.folder / f"raw-{attempt}.log"
    answer = answer_of(Program(environment.command("raw_recovery", *asked), log, environment.environ), LONGEST_S)
    return {"seconds": answer["seconds"], "per_s": answer["records"] / answer["seconds"]}


def _faust(bench: Bench, stack: Stack, environment: Environment, entries: int, attempt: int) -> Sample:
    """Its replay alone, as its own log tells it: ours is told with all that surrounds it."""
    program = _start_faust(bench, stack, environment, str(attempt), ENDLESS)
    try:
        until(lambda: RESTORING in program.log, within=90, what=lambda: program.log[-2000:], step=STEP_S)
        begun = now()
        until(lambda: RESTORED in program.log, within=LONGEST_S, what=lambda: program.log[-2000:], step=STEP_S)
        seconds = now() - begun
    finally:
        program.end()
    return {"seconds": seconds, "per_s": entries / seconds}
