"""`poison`: the same flow where one record in twenty must be set aside, beside the flow without any."""

from collections.abc import Iterator
from functools import partial
from typing import cast

from bench.arithmetic import at_least
from bench.bench import Bench, result
from bench.ingesting import ingest
from bench.result import Result
from bench.rounds import Sample, interleaved
from bench.stack import LineError, Stack
from bench.stock_load import Load, fill
from simulators.wms.bulk import Encoded, Ready
from simulators.wms.clock import SystemClock
from simulators.wms.poison import KINDS, Ingredients, make
from simulators.wms.record import StockRecord
from simulators.wms.wire import FRAME_BYTES, RecordCodec
from streams.topics import DEAD_LETTER, DESIRED

ABOUT = "5 % poison in all, every kind as often as any other; rate per second against the same records without it"
RECORDS, ITEMS = 120_000, 20_000
ONE_IN = 20
LARGE = {"too-large", "above-limit"}
NAMES = [name for name, kind in KINDS.items() if name not in LARGE and kind.needs is None]
UNITS = '{"EA": "1", "M": "1", "KG": "1"}'
"""Without a table of units no unit is unknown."""


def run(bench: Bench) -> Result:
    sizes = {"records": bench.size(RECORDS, 20_000), "items": bench.size(ITEMS, 500)}
    with Stack(bench.folder / "clean") as clean, Stack(bench.folder / "poisoned") as poisoned:
        loads: dict[str, tuple[Stack, Load]] = {}
        for name, stack in (("clean", clean), ("poisoned", poisoned)):
            stack.apply("bench-load")
            stack.pause_intake(DESIRED.name)
            mixed = partial(_with_poison, stack) if name == "poisoned" else iter
            loads[name] = stack, fill(bench, stack, **sizes, mixed=mixed)
        contenders = {name: partial(_ingest, bench, name, *loads[name]) for name in ("poisoned", "clean")}
        rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
    return result(
        bench,
        "poison",
        ABOUT,
        goals=(at_least("of the rate without poison", rounds.ratio("poisoned", "clean", "per_s"), 0.8),),
        ours=rounds.figures("poisoned"),
        peers={"clean": rounds.figures("clean")},
        rounds=rounds.rounding(),
        notes=(
            f"{len(NAMES)} kinds: {', '.join(NAMES)}",
            "left out: records above the size limit (a quarter of a MiB and more: bytes would be all that counts)",
            "every row of the snapshots is compared with the books, and dead letters are counted",
        ),
    )


def _ingest(bench: Bench, name: str, stack: Stack, load: Load, attempt: int) -> Sample:
    watch = stack.watch("bench-letters")
    more = {"STREAMS_INVENTORY__UNITS": UNITS}
    before = sum(watch.ends(DEAD_LETTER.name).values())
    done = ingest(stack, bench.folder, f"bench-{name}-{attempt}", ends=load.ends, shown=load.shown, more=more)
    letters = sum(watch.ends(DEAD_LETTER.name).values()) - before
    watch.close()
    if done.wrong or letters != load.poison:
        raise LineError(f"{name}: {done.wrong} rows differ; {letters} dead letters of {load.poison}")
    records = load.records + load.poison
    return {"per_s": records / done.seconds, "cpu_us": done.cpu_s * 1e6 / records, "letters": letters}


def _with_poison(stack: Stack, records: Iterator[Encoded]) -> Iterator[Ready]:
    """After nineteen good records a bad one, kind by kind, made of the good one before it."""
    stock, now = stack.stock_schema(), SystemClock().now()
    codec = RecordCodec(stock.schema)
    for number, good in enumerate(records, 1):
        yield good
        if number % (ONE_IN - 1) == 0:
            record = cast("StockRecord", codec.decode(good.value[FRAME_BYTES:]))
            made = Ingredients(record, codec, stock.schema_id, now, number)
            bad = make(NAMES[number // (ONE_IN - 1) % len(NAMES)], made)
            yield bad.key, bad.value
