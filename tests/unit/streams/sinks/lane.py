"""The whole stock lane over a real store, with Kafka, the shop and time in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.inventory import InventoryAlert
from schemas.models.operations import Audit, Outcome
from schemas.models.source_item import StockPair
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import CHANGES, Row
from streams.domain.lane_rules import LaneRules, Window
from streams.domain.quantities import from_decimal
from streams.domain.reconciliation import ReconcileRules
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.gate import Gate
from streams.runtime.lookback import Place
from streams.runtime.serde import Serde
from streams.sinks.lane_catalogue import LaneCatalogue
from streams.sinks.lane_context import LaneContext
from streams.sinks.lane_index import LaneIndex
from streams.sinks.lane_sources import LaneSources
from streams.sinks.lane_table import LaneTable
from streams.sinks.stock_lane import Mode, Snapshot, StockLane
from streams.topics import ALERT, AUDIT, COMMERCE_OUTCOME, DEAD_LETTER, DESIRED
from tests.fakes.broker import MemoryBroker
from tests.fakes.still_clock import StillClock
from tests.fakes.stock_target import InMemoryStockTarget
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import MemoryRegistry, model_of
from tests.unit.streams.tables import close_table, open_table

UNIT = 1_000_000
EPOCH = 1_763_700_000
GENERATION = 1
SETTLE_S = 60.0
WITHIN_S = 20.0
"""Real seconds after which a test that waits gives up."""

ModelT = TypeVar("ModelT", bound=msgspec.Struct)


def desired(sku: str, counter: int, *, changes: int | None = None, epoch: int = EPOCH, **units: float) -> DesiredStock:
    """A snapshot; each source by its name with its units.  It contains `counter` changes, unless told."""
    contained = counter if changes is None else changes
    sources = tuple(
        SourceQuantity(
            code,
            round(number * UNIT),
            int(number > 0),
            counter,
            contained,
            0,
            Cause(CHANGES, 0, offset_of(sku, counter)),
        )
        for code, number in sorted(units.items())
    )
    return DesiredStock(sku, epoch, counter, 1, sources)


def offset_of(sku: str, counter: int) -> int:
    """Of the stock change that led to a snapshot."""
    return sum(sku.encode()) * 1000 + counter


@dataclass
class Settings:
    """What differs from scene to scene."""

    stocks: Mapping[str, Sequence[int]] = field(default_factory=lambda: {"north": (1,), "south": (1,)})
    catalogue: Sequence[str] = ("A", "B", "C", "D", "E", "F", "G", "H")
    mode: Mode = "run"
    window_s: float = 0
    size: BatchSize = field(default_factory=lambda: BatchSize(100, 5000))
    rows_in_memory: int = 1000
    reconcile: ReconcileRules = field(default_factory=ReconcileRules)


class Lane:
    """One worker's lane; `reopened` is the next worker, with the same store and the same shop."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.folder, self.settings = folder, settings or Settings()
        self.clock, self.broker = StillClock(), MemoryBroker()
        self.shop = InMemoryStockTarget(self.settings.stocks, catalogue=self.settings.catalogue)
        self.mode: Mode = self.settings.mode
        self.faults: list[BaseException] = []
        self.offset = 0
        self.serde = Serde(MemoryRegistry(), self.clock)
        self._build()

    def _build(self) -> None:
        """A process begins: only the store, the log and the shop are what they were."""
        rules = LaneRules(Window(round(self.settings.window_s * UNIT)), last_units=3 * UNIT)
        self.gate = Gate("shop", self.clock)
        self.rows = LaneTable(open_table(self.folder, self.broker.writer, name="stock-write"))
        self.at = LaneContext(
            table=self.rows,
            index=LaneIndex(rules, self.clock, self.settings.size, self.settings.rows_in_memory),
            port=self.shop,
            sources=LaneSources(self.shop, self.gate, self.clock),
            catalogue=LaneCatalogue(self.shop, self.gate, self.clock),
            gate=self.gate,
            writer=self.broker.writer,
            letters=DeadLetters(self.broker.writer, "app", self.folder / "letters"),
            lookback=self.broker.lookback,
            clock=self.clock,
            encode=self.serde.encode,
            settle=timedelta(seconds=SETTLE_S),
            permit=self.broker.check,
            failed=self.faults.append,
        )
        self.lane = StockLane(self.at, lambda: self.mode, reconcile=self.settings.reconcile)

    async def open(self) -> None:
        await self.serde.prepare([ALERT.name, AUDIT.name, COMMERCE_OUTCOME.name])
        await self.lane.opened(GENERATION)

    async def killed(self) -> None:
        """The process is gone in the middle of whatever it did, and the next one begins."""
        await self.lane.close(timedelta(0))
        close_table(self.rows.table)
        self._build()
        await self.open()

    async def close(self) -> None:
        self.shop.free.set()
        await self.lane.close(timedelta(0))
        close_table(self.rows.table)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    async def fold(self, *snapshots: DesiredStock, is_new: bool = True) -> None:
        """One batch of the topic."""
        self.offset += len(snapshots)
        await self.lane.fold([Snapshot(one, is_new) for one in snapshots], upto={DESIRED.name: self.offset})

    def after(self, seconds: float) -> None:
        """Time passes, and whoever waits looks at the clock."""
        self.clock.after(seconds)
        self.lane._wake.set()

    async def until(self, condition: Callable[[], object], *, passing: float = 0) -> None:
        """Wait for it; with `passing` so many seconds of the lane's time pass at every look."""
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                if passing:
                    self.after(passing)
                await turns()

    async def at_rest(self, *, passing: float = 0) -> None:
        """Until nothing waits and nothing is under way."""
        await self.until(lambda: self.at.index.pending == 0 and not self.readback_open, passing=passing)

    @property
    def readback_open(self) -> int:
        return self.lane.readback.open

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    def row(self, sku: str, source: str = "north") -> Row:
        found = self.rows.entries([sku])[sku].row(source)
        assert found is not None
        return found

    def shown(self, sku: str, source: str = "north") -> float | None:
        """Units that the shop shows."""
        item = self.shop.rows.get(StockPair(source, sku))
        return None if item is None else from_decimal(item.quantity) / UNIT

    @property
    def counts(self) -> dict[str, int]:
        """How the input's records ended, by outcome; those that are nought are left out."""
        counts = self.rows.table.tally(0).counts.items()
        return {name.removeprefix(f"{CHANGES}/"): number for name, number in counts if number}

    @property
    def outcomes(self) -> list[Outcome]:
        return self._told(COMMERCE_OUTCOME.name, Outcome)

    @property
    def alerts(self) -> list[InventoryAlert]:
        return self._told(ALERT.name, InventoryAlert)

    @property
    def audits(self) -> list[Audit]:
        return self._told(AUDIT.name, Audit)

    def _told(self, topic: str, kind: type[ModelT]) -> list[ModelT]:
        return [model_of(topic, record.value, kind) for record in self.broker.log[topic]]

    @property
    def letters(self) -> list[dict[str, str]]:
        """Headers of the dead letters."""
        return [
            {name.removeprefix("dl_"): (text or b"").decode() for name, text in one.headers if name.startswith("dl_")}
            for one in self.broker.log[DEAD_LETTER.name]
        ]

    @property
    def sent(self) -> list[list[tuple[str, float]]]:
        """Calls that arrived: (SKU, units) of each row."""
        return [[(item.sku, from_decimal(item.quantity) / UNIT) for item in call] for call in self.shop.calls]

    def remember(self, sku: str, counter: int) -> None:
        """The change behind a snapshot can be read again."""
        place = Place(CHANGES, 0, offset_of(sku, counter))
        self.broker.records[place] = Raw(CHANGES, place.offset, sku.encode(), f"change of {sku}".encode())


@asynccontextmanager
async def lane(folder: Path, **settings: Any) -> AsyncIterator[Lane]:  # noqa: ANN401  any of the settings
    """A lane that is open and has learned its sources."""
    made = Lane(folder, Settings(**settings))
    await made.open()
    try:
        await made.until(lambda: made.lane._learned)
        yield made
    finally:
        await made.close()


async def turns(number: int = 5) -> None:
    """Lets others run, as long as they need no time."""
    for _ in range(number):
        await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
