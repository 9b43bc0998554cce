"""`state`: a ledger of a million SKUs at three sources, one of them moved all the time and never counted again."""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from random import Random

from confluent_kafka import Producer

from bench.arithmetic import at_most
from bench.bench import Bench, result
from bench.environments import Environment
from bench.machine import now, wait
from bench.opening import OPENED, PLACES, Movements, opening, sku_of
from bench.result import Figures, Result
from bench.rounds import Rounds, Sample, interleaved
from bench.stack import LineError, Offsets, Stack, Watch
from bench.stock_load import bytes_of, differences, last_snapshots
from bench.traffic import paced
from bench.workers import Program, Worker, answer_of, until
from simulators.wms.bulk import Encoded, preload
from simulators.wms.clock import SystemClock
from simulators.wms.model import locations_of
from streams.tables import STOCK_LEDGER, changelog
from streams.topics import DESIRED, STOCK_CHANGE

ABOUT = "a million SKUs at three sources; 200,000 movements of one that is never counted again; then traffic"
SKUS, HOT_CHANGES, DICTIONARY = 1_000_000, 200_000, 300_000
ALONE, ALONE_PER_S, BACKLOG = 1_000, 250.0, 20_000
TRAFFIC_S, RATE, HOT_SHARE = 12.0, 1_000.0, 0.2
RSS_LIMIT_MIB, GROWTH = 600, 0.05
APP, HOT = "bench-state", sku_of(0)
LONGEST_S = 1200.0
CHECKED = 1_000
MICROS, MIB = 1_000_000, 2**20


class Ledger:
    """The worker that has it, and who moves the stock of one of its places."""

    def __init__(self, bench: Bench, stack: Stack, worker: Worker, watch: Watch) -> None:
        self.bench, self.worker = bench, worker
        self._watch, self._rng = watch, Random(bench.seed)
        self._producer: Producer = stack.producer()
        self._log = changelog(APP, STOCK_LEDGER)
        self.skus = bench.size(SKUS, 3_000)
        stock, at = stack.stock_schema(), SystemClock().now() - 3_600_000_000
        self._opening = opening(stock, skus=self.skus, at=at, warehouses=PLACES)
        self._moved = Movements(stock, PLACES[0], at=at + 1)
        self.rss: list[tuple[int, int]] = []
        """Round and bytes, as often as it was looked at."""

    def fill(self) -> Figures:
        """All SKUs, then the movements of one."""
        begun, used = now(), self.worker.cpu_s
        records = preload(self._producer, self._opening)
        self.wait_read()
        seconds, cpu_s = now() - begun, self.worker.cpu_s - used
        hot = self.bench.size(HOT_CHANGES, 6_000)
        preload(self._producer, self._moved.of(repeat(HOT, hot)))
        self.wait_read()
        rss = self.worker.rss_bytes / MIB
        self.bench.say(f"{records:,} records in {seconds:.0f} s, {hot:,} movements; {rss:.0f} MiB")
        return {"records loaded": records, "load cpu µs a record": cpu_s * 1e6 / records, "rss MiB loaded": rss}

    def ends(self) -> Offsets:
        return self._watch.ends(self._log)

    def wait_read(self) -> None:
        ends = self._watch.ends(STOCK_CHANGE.name)

        def is_read() -> bool:
            if not self.worker.running:
                raise LineError(f"the worker ended\n{self.worker.log[-2000:]}")
            return self._watch.lag(STOCK_CHANGE.name, ends) == 0

        until(is_read, within=LONGEST_S, what=lambda: f"everything is read\n{self.worker.log[-2000:]}", step=0.2)

    def _skus(self, hot_share: float) -> Iterator[str]:
        while True:
            is_hot = self._rng.random() < hot_share
            yield HOT if is_hot else sku_of(self._rng.randrange(1, self.skus))

    def alone(self, hot_share: float) -> dict[str, float]:
        """One after the other, slowly: hardly two of them are in one batch."""
        count = self.bench.size(ALONE, 200)
        begin, used = self.ends(), self.worker.cpu_s
        paced(self._producer, self._moved.of(self._skus(hot_share)), rate=ALONE_PER_S, count=count)
        return self._cost(begin, used, count, "alone")

    def backlog(self, hot_share: float) -> dict[str, float]:
        """As many as the broker has: batches as large as they get."""
        count = self.bench.size(BACKLOG, 1_000)
        begin, used, skus = self.ends(), self.worker.cpu_s, self._skus(hot_share)
        preload(self._producer, self._moved.of(next(skus) for _ in range(count)))
        return self._cost(begin, used, count, "backlog")

    def _cost(self, begin: Offsets, used: float, count: int, name: str) -> dict[str, float]:
        self.wait_read()
        cpu_us = (self.worker.cpu_s - used) * 1e6 / count
        written = bytes_of(self._watch.read(self._log, begin))
        return {f"{name} cpu µs a change": cpu_us, f"{name} changelog bytes a change": written / count}

    def traffic(self, attempt: int) -> Sample:
        """Ordinary changes, with one SKU in a fifth of them; memory is looked at all the time."""
        seconds, seen = TRAFFIC_S if not self.bench.is_trial else 3.0, []
        begin, used = self.ends(), self.worker.cpu_s
        records: Iterator[Encoded] = self._moved.of(self._skus(HOT_SHARE))
        with ThreadPoolExecutor(1, "traffic") as pool:
            sending = pool.submit(paced, self._producer, records, rate=RATE, count=int(RATE * seconds))
            while not sending.done():
                wait(0.5)
                seen.append(self.worker.rss_bytes)
        sent = sending.result()
        self.rss += [(attempt, one) for one in seen]
        return {"rss MiB": statistics.median(seen) / MIB, **self._cost(begin, used, sent, "traffic")}

    def wrong(self) -> int:
        """Rows of some SKUs, the moved one among them, that are not what the places hold."""
        some = [HOT, *(sku_of(self._rng.randrange(1, self.skus)) for _ in range(CHECKED))]
        moved = PLACES[0].source_code
        wanted = {
            (place.source_code, sku): MICROS * (self._moved.quantity(sku) if place.source_code == moved else OPENED)
            for place in PLACES
            for sku in some
        }
        found, _ = last_snapshots(self._watch, {}, only={sku.encode() for sku in some})
        return differences(wanted, found)

    @property
    def growth(self) -> float:
        """From the second round to the last, as a share: in the first one caches and write buffers fill."""
        by_round: dict[int, list[int]] = defaultdict(list)
        for attempt, rss in self.rss:
            by_round[attempt].append(rss)
        medians = [statistics.median(each) for each in by_round.values()]
        return medians[-1] / medians[min(1, len(medians) - 1)] - 1


def run(bench: Bench) -> Result:
    environment = Environment("raw", bench.say).ready()
    with Stack(bench.folder) as stack:
        stack.apply(APP)
        stack.pause_intake(DESIRED.name)
        watch = stack.watch(APP)
        places = json.dumps(locations_of(PLACES))
        worker = Worker(APP, bench.folder, stack.environ(APP, STREAMS_INVENTORY__LOCATIONS=places))
        try:
            ledger = Ledger(bench, stack, worker, watch)
            loaded = ledger.fill()
            contenders = {
                "hot": lambda _: {**ledger.alone(1.0), **ledger.backlog(1.0)},
                "median": lambda _: {**ledger.alone(0.0), **ledger.backlog(0.0)},
                "traffic": ledger.traffic,
            }
            rounds = interleaved(contenders, count=bench.rounds, say=bench.say)
            peak = worker.peak_rss_bytes / MIB
            if wrong := ledger.wrong():
                raise LineError(f"{wrong} rows are not what the places hold")
            if code := worker.stop():
                raise LineError(f"the worker ended with {code}\n{worker.log[-2000:]}")
        finally:
            worker.end()
            worker.forget()
            watch.close()
        dictionary = _dictionary(bench, stack, environment)
    return _result(bench, rounds, ledger, {**loaded, "rss MiB peak": peak}, dictionary)


def _dictionary(bench: Bench, stack: Stack, environment: Environment) -> Figures:
    """A part of the records, and what all of them would take."""
    schema = bench.folder / "stock-change.avsc"
    schema.write_text(json.dumps(stack.stock_schema().schema), encoding="utf-8")
    records = bench.size(DICTIONARY, 2_000)
    asked = ["--bootstrap", stack.bootstrap, "--group", "bench-dict", "--topic", STOCK_CHANGE.name]
    asked += ["--schema", str(schema), "--records", str(records)]
    program = Program(environment.command("raw_dict", *asked), bench.folder / "dict.log", environment.environ)
    try:
        answer = answer_of(program, LONGEST_S)
    finally:
        program.end()
    each = answer["bytes"] / answer["scopes"]
    whole = len(PLACES) * bench.size(SKUS, 3_000)
    return {"scopes": answer["scopes"], "bytes a scope": each, "rss MiB of all (computed)": each * whole / MIB}


def _result(bench: Bench, rounds: Rounds, ledger: Ledger, loaded: Figures, dictionary: Figures) -> Result:
    hot, median, traffic = (rounds.figures(name) for name in ("hot", "median", "traffic"))
    name = "backlog changelog bytes a change"
    return result(
        bench,
        "state",
        ABOUT,
        goals=(
            at_most("hot SKU against the median one, each change alone", _ratio(rounds, "alone"), 2.0),
            at_most("hot SKU against the median one, in a backlog", _ratio(rounds, "backlog"), 2.0),
            at_most("resident MiB, most of its whole life", float(loaded["rss MiB peak"] or 0), RSS_LIMIT_MIB),
            at_most("growth of resident memory, second round to last", ledger.growth, GROWTH),
        ),
        ours={**loaded, **traffic, f"hot {name}": hot[name], f"median {name}": median[name]},
        peers={"hot SKU": hot, "median SKU": median, "dictionary": dictionary},
        rounds=rounds.rounding(),
        notes=(
            f"{ledger.skus:,} SKUs at {len(PLACES)} sources, {bench.size(HOT_CHANGES, 6_000):,} movements of one",
            f"scaled: {RATE:,.0f}/s for {TRAFFIC_S:.0f} s in each round, not 5 minutes at once; a fifth is the hot SKU",
            f"in each round also {ALONE:,} changes one by one and {BACKLOG:,} at once: of the hot SKU, and of others",
            "the median SKU is any other one, drawn anew for each change",
            "the stock lane's intake is paused: its table is no part of this line",
            f"the dictionary read {DICTIONARY:,} of the records (scaled)",
        ),
    )


def _ratio(rounds: Rounds, name: str) -> float:
    return rounds.ratio("hot", "median", f"{name} cpu µs a change")
