"""`coalesce`: how many calls a stream of changes becomes, beside the fewest that could have carried it."""

from itertools import product
from typing import NamedTuple

from bench.arithmetic import at_least, at_most, percentile
from bench.bench import Bench, result
from bench.coalescing import Change, fewest
from bench.delays import delays
from bench.live import Live
from bench.result import Figures, Result, Rounding
from bench.shop import Effect
from bench.traffic import Told, told
from schemas.catalogue import STOCK_CHANGE as CONTRACT
from streams.topics import STOCK_CHANGE

ABOUT = "calls that stock changes become, against the offline optimum for the same window and rows of a call"
ITEMS, TARGET_MS = 20_000, 1
RATES, ROWS = (100, 1_000, 10_000), (20, 100)
TRAFFIC_S = {1: 6.0, 5: 10.0, 30: 16.0}
"""Window → seconds of traffic; what comes last still has a window to wait."""
SLACK_S = 1.0
"""What a change may take beyond its window: batch, ledger, snapshot, intent and the call itself."""
QUIET_S = 2.0
SCHEMA = CONTRACT.schema_text


class Cell(NamedTuple):
    """One rate, window and number of rows."""

    rate: int
    window_s: int
    rows: int

    @property
    def name(self) -> str:
        return f"{self.rate}/s {self.window_s} s {self.rows} rows"


class Counted(NamedTuple):
    """What a cell came to; `late_s` is how long after its window the worst change was there."""

    changes: int
    calls: int
    rows: int
    best: int
    late_s: float
    late_p999_s: float

    @property
    def ratio(self) -> float:
        return self.calls / self.best


def run(bench: Bench) -> Result:
    windows, rates = ((1, 5), (1_000,)) if bench.quick else (TRAFFIC_S, RATES)
    found: dict[Cell, Counted] = {}
    with Live.begun(bench, items=bench.size(ITEMS, 500)) as live:
        for window_s, rows in product(windows, ROWS[:1] if bench.quick else ROWS):
            with live.worker(f"{window_s}-{rows}", **_settings(window_s, rows)):
                for cell in (Cell(rate, window_s, rows) for rate in rates):
                    one = found[cell] = _measure(live, cell)
                    bench.say(f"{cell.name}: {one.calls} calls, best {one.best} ({one.ratio:.2f}), {one.late_s:.2f} s")
    return _result(bench, found)


def _settings(window_s: int, rows: int) -> dict[str, str]:
    return {
        "STREAMS_INVENTORY__WINDOW_MS": str(1000 * window_s),
        "STREAMS_INVENTORY__LAST_UNITS": "0",
        "STREAMS_CONNECTORS__ADOBE_COMMERCE__ROWS_PER_CALL": str(rows),
    }


def _measure(live: Live, cell: Cell) -> Counted:
    live.shop.set(delay_ms=TARGET_MS, limit=cell.rows, journal=True)
    begin = live.watch.ends(STOCK_CHANGE.name)
    live.traffic.run(cell.rate, 4.0 if live.bench.is_trial else TRAFFIC_S[cell.window_s])
    live.wait_written()
    live.wait_quiet(QUIET_S)
    return counted(told(live.watch, begin, SCHEMA), list(live.shop.effects()), cell)


def counted(changes: list[Told], effects: list[Effect], cell: Cell) -> Counted:
    """Calls against the optimum; and for each change the first effect that contains it."""
    best = fewest([Change(one.at, f"{one.source_code}|{one.sku}") for one in changes], cell.window_s, cell.rows)
    late = lateness(changes, effects, cell.window_s)
    calls = len({effect.call for effect in effects})
    return Counted(len(changes), calls, len(effects), best.calls, max(late), percentile(late, 0.999))


def lateness(changes: list[Told], effects: list[Effect], window_s: float) -> list[float]:
    """Seconds beyond its window of each change; infinite for one that never came through.

    An effect contains a change of its row that was taken before the call left.  When it left is not known to the shop,
    so the effect counts for all changes before it was answered, but the last effect of a row has to be after its last
    change.
    """
    return [took - window_s for took in delays(changes, effects)]


def _result(bench: Bench, found: dict[Cell, Counted]) -> Result:
    worst = max(found, key=lambda cell: found[cell].ratio)
    latest = max(one.late_s for one in found.values())
    asked = found.get(Cell(1_000, 5, 20))
    per_call = None if asked is None else asked.changes / asked.calls
    ours: dict[str, float | int | str | None] = {"worst cell": worst.name}
    best: Figures = {cell.name: one.best for cell, one in found.items()}
    for cell, one in found.items():
        ours[f"{cell.name}"] = one.calls
        ours[f"{cell.name}: changes"] = one.changes
        ours[f"{cell.name}: rows"] = one.rows
        ours[f"{cell.name}: late s"] = round(one.late_s, 3)
        ours[f"{cell.name}: late p99.9 s"] = round(one.late_p999_s, 3)
    return result(
        bench,
        "coalesce",
        ABOUT,
        goals=(
            at_most("calls of the offline optimum, worst cell", found[worst].ratio, 1.10),
            at_most(f"seconds beyond the window, worst change (bound {SLACK_S:.0f} s)", latest, SLACK_S),
            at_least("changes a call at 1,000/s, 5 s, 20 rows", per_call, 50),
        ),
        ours=ours,
        peers={"offline optimum": best},
        rounds=Rounding(1),
        notes=(
            "counts, not rates: each cell runs once, one worker goes on from rate to rate",
            "the optimum knows all changes beforehand; nothing is (nearly) sold out, for that goes to the shop at once",
            f"the target answers in {TARGET_MS} ms, refuses longer calls as Commerce does; all sources share one stock",
        ),
    )
