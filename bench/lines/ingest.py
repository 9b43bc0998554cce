"""`ingest`: stock changes from a full topic through guard, ledger and changelog to snapshots, on one core."""

from collections.abc import Mapping
from functools import partial

from bench.arithmetic import at_least
from bench.bench import Bench, result
from bench.environments import Environment
from bench.ingesting import LONGEST_S, ingest
from bench.result import Result
from bench.rounds import Rounds, Sample, interleaved
from bench.stack import LineError, Stack
from bench.stock_load import Load, fill
from bench.workers import Program, answer_of
from streams.topics import DESIRED, STOCK_CHANGE

ABOUT = (
    "stock changes, 8 partitions, one worker on one core: guard, dedupe, durable ledger, snapshots to Kafka; "
    "rate per second of wall time against peers that decode the same records"
)
RECORDS, ITEMS = 1_000_000, 20_000
SLOW = {"quix": 50_000, "faust": 50_000}
"""Records of the peers that would take minutes for all of them."""
PROGRAMS = {"raw": "raw_loop", "quix": "quix_stateless", "faust": "faust_table"}
PACKAGES = {
    "raw": ("confluent-kafka", "fastavro"),
    "quix": ("quixstreams", "confluent-kafka", "fastavro"),
    "faust": ("faust-streaming", "aiokafka", "fastavro"),
}


def run(bench: Bench) -> Result:
    environments = {name: Environment(name, bench.say).ready() for name in PROGRAMS}
    with Stack(bench.folder) as stack:
        stack.apply("bench-load")
        stack.pause_intake(DESIRED.name)
        load = fill(bench, stack, records=bench.size(RECORDS, 20_000), items=bench.size(ITEMS, 500))
        contenders = {
            "ours": partial(_ours, bench, stack, load),
            **{name: partial(_peer, bench, stack, load, environments[name]) for name in PROGRAMS},
        }
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
    return _result(bench, rounds, environments)


def _ours(bench: Bench, stack: Stack, load: Load, attempt: int) -> Sample:
    done = ingest(stack, bench.folder, f"bench-{attempt}", ends=load.ends, shown=load.shown)
    if done.wrong:
        raise LineError(f"{done.wrong} rows are not what the warehouse says")
    return {
        "per_s": load.records / done.seconds,
        "cpu_us": done.cpu_s * 1e6 / load.records,
        "snapshots": done.snapshots,
        "rss_mib": done.rss / 2**20,
    }


def _peer(bench: Bench, stack: Stack, load: Load, environment: Environment, attempt: int) -> Sample:
    name = environment.name
    records = min(load.records, bench.size(SLOW.get(name, load.records), 5_000))
    asked = {
        "--bootstrap": stack.bootstrap,
        "--group": f"bench-{name}-{attempt}",
        "--topic": STOCK_CHANGE.name,
        "--schema": load.schema_file,
        "--records": load.records if name == "raw" else records,
    }
    command = environment.command(PROGRAMS[name], *(word for pair in asked.items() for word in pair))
    program = Program(command, bench.folder / f"{name}-{attempt}.log", environment.environ)
    try:
        answer = answer_of(program, LONGEST_S)
    finally:
        program.end()
    stack.delete(f"bench-{name}-{attempt}-")
    if name == "raw" and (answer["records"], answer["total"]) != (load.records, str(load.total)):
        raise LineError(f"the raw loop counted {answer}, the warehouse {load.records} and {load.total}")
    return {
        "per_s": answer["records"] / answer["seconds"],
        "cpu_us": answer["cpu_s"] * 1e6 / answer["records"],
        "records": answer["records"],
    }


def _result(bench: Bench, rounds: Rounds, environments: Mapping[str, Environment]) -> Result:
    versions = {
        f"{name}:{package}": version
        for name, environment in environments.items()
        for package, version in environment.versions(PACKAGES[name]).items()
    }
    raw = rounds.ratio("ours", "raw", "per_s")
    return result(
        bench,
        "ingest",
        ABOUT,
        goals=(
            at_least("of the raw loop", raw, 0.55),
            at_least("of Quix Streams, stateless", rounds.ratio("ours", "quix", "per_s"), 1.2),
            at_least("of a stock Faust agent with a table", rounds.ratio("ours", "faust", "per_s"), 12),
            at_least("of the raw loop, stretch", raw, 1.0, stretch=True),
        ),
        ours=rounds.figures("ours"),
        peers={name: rounds.figures(name) for name in PROGRAMS},
        rounds=rounds.rounding(),
        peer_versions=versions,
        notes=(
            "the stock lane's intake is paused: it is no part of this line",
            f"scaled: Quix reads {SLOW['quix']:,} records, Faust {SLOW['faust']:,}",
            "the raw loop and Quix keep a dictionary and write nothing; Faust's table is RocksDB with a changelog",
            "every row of the snapshots and the sum of the raw loop are compared with the books",
        ),
    )
