"""The ERP's command sink over a real store, with Kafka, the ERP and time in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.catalogue import Contract, command_contract
from schemas.models.command import Command
from schemas.models.operations import Outcome
from streams.domain.cut_off import NO_CUT_OFFS, CutOffTable
from streams.domain.derived_id import derived_id
from streams.domain.work import Work
from streams.runtime.gate import Gate
from streams.runtime.serde import Serde
from streams.sinks.acts import Acts
from streams.sinks.command_calls import Mode
from streams.sinks.command_sink import CommandSink
from streams.sinks.erp import ErpActs
from streams.sinks.sink_context import Arrived, SinkContext
from streams.sinks.work_table import WorkTable
from tests.contract.order_target import ACCOUNT, CATALOGUE, line, order
from tests.fakes.broker import MemoryBroker
from tests.fakes.order_target import InMemoryOrderTarget
from tests.fakes.still_clock import StillClock
from tests.unit.streams.flows.wire import MemoryRegistry, model_of
from tests.unit.streams.sinks.lane import turns
from tests.unit.streams.tables import close_table, open_table

OUTCOMES = "erp.outcome.v1"
PARTITION, GENERATION = 3, 1
SETTLE_S, LAG_S = 60.0, 5.0
WITHIN_S = 20.0
"""Real seconds after which a test that waits gives up."""


def create(name: str = "web-1", *, sku: str = CATALOGUE[0], attempt: str = "") -> Command:
    return Command(
        command_id=derived_id(name, "CREATE_ORDER", attempt),
        role="erp",
        kind="CREATE_ORDER",
        entity=name,
        epoch=1_763_700_000,
        counter=1,
        at=1,
        order=order(line("1", sku), number=name),
    )


def cancel(name: str = "web-1", document: str = "1") -> Command:
    return Command(
        command_id=derived_id(name, "CANCEL_ORDER"),
        role="erp",
        kind="CANCEL_ORDER",
        entity=name,
        epoch=1_763_700_000,
        counter=2,
        at=2,
        document=document,
    )


class Sink:
    """One worker's sink; `killed` begins the next worker, with the same store, the same log and the same ERP.

    Subclasses say which other sink it is.
    """

    contract: Contract[Command] = command_contract("erp")
    told_on = OUTCOMES

    def acts(self) -> Acts:
        return ErpActs(self.erp, timedelta(seconds=SETTLE_S))

    def __init__(
        self, folder: Path, *, upserts: bool = False, mode: Mode = "run", cut_offs: CutOffTable = NO_CUT_OFFS
    ) -> None:
        self.folder, self.cut_offs = folder, cut_offs
        self.clock, self.broker = StillClock(), MemoryBroker()
        lag = timedelta() if upserts else timedelta(seconds=LAG_S)
        self.erp = InMemoryOrderTarget(accounts=(ACCOUNT,), items=CATALOGUE, upserts=upserts, read_lag=lag)
        self.mode: Mode = mode
        self.faults: list[BaseException] = []
        self.offset = 0
        self.serde = Serde(MemoryRegistry(), self.clock)
        self._build()

    def _build(self) -> None:
        self.gate = Gate("erp", self.clock)
        self.work = WorkTable(open_table(self.folder, self.broker.writer, name="erp-work", partitions=[PARTITION]))
        context = SinkContext(
            name="erp",
            contract=self.contract,
            table=self.work,
            acts=self.acts(),
            gate=self.gate,
            writer=self.broker.writer,
            serde=self.serde,
            clock=self.clock,
            failed=self.faults.append,
            cut_offs=self.cut_offs,
        )
        self.sink = CommandSink(context, lambda: self.mode)

    async def open(self) -> None:
        await self.serde.prepare([self.contract.topic, self.told_on])
        await self.sink.opened(frozenset({PARTITION}), GENERATION)

    async def killed(self) -> None:
        """The process is gone in the middle of whatever it did, and the next one begins."""
        await self.sink.close(timedelta(0))
        close_table(self.work.table)
        self._build()
        await self.open()

    async def close(self) -> None:
        await self.sink.close(timedelta(0))
        close_table(self.work.table)

    async def fold(self, *commands: Command, is_new: bool = True, dead: int = 0) -> None:
        """One batch of the topic."""
        topic = self.contract.topic
        arrived = [
            Arrived(one, self.serde.encode(topic, one), (topic, PARTITION, self.offset + number), is_new)
            for number, one in enumerate(commands)
        ]
        self.offset += len(commands)
        await self.sink.fold(PARTITION, arrived, dead=dead, upto={topic: self.offset})

    async def until(self, condition: Callable[[], object], *, passing: float = 0) -> None:
        """Wait for it; with `passing` so many seconds of the sink's time pass at every look."""
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self.clock.after(passing)
                self.sink._wake.set()
                await turns()

    async def at_rest(self, *, passing: float = 1) -> None:
        """Until nothing is left to do."""
        await self.until(lambda: self.sink.pending == 0, passing=passing)

    def left(self, name: str = "web-1") -> Work:
        return self.work.entries(PARTITION, [name])[name]

    @property
    def counts(self) -> dict[str, int]:
        """How the commands ended."""
        counts = self.work.table.tally(PARTITION).counts.items()
        return {name.removeprefix(f"{self.contract.topic}/"): number for name, number in counts if number}

    @property
    def outcomes(self) -> list[Outcome]:
        return [model_of(self.told_on, record.value, Outcome) for record in self.broker.log[self.told_on]]


@asynccontextmanager
async def sink(folder: Path, **settings: Any) -> AsyncIterator[Sink]:  # noqa: ANN401  any of the settings
    made = Sink(folder, **settings)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
    assert made.faults == []
