"""What a day leaves in the logs, made by the real flows and sinks, and the closer that reads it; Kafka in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from connectors.core.errors import ConnectorError
from connectors.core.registry import Ports
from connectors.core.settings import ConnectorSettings
from schemas.models.document import Held
from schemas.models.operations import OperatorControl
from streams.app.completeness.around import Door
from streams.app.completeness.closer import KEY, Closer
from streams.app.parts import LanePart
from streams.app.targets import ShopTarget
from streams.domain.close_request import FLOWS, CloseRequest, CloseRun
from streams.domain.closing import Finding, Kind, Page
from streams.domain.stock_rules import StockRules
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.lease import Lease
from streams.runtime.serde import Serde
from streams.runtime.writer import Record
from streams.settings import Settings, read_settings
from streams.tables import TABLES, changelog
from streams.topics import AUDIT, COMMANDS, COMMERCE_ORDER, COMPLETENESS, TOPICS
from tests.fakes.broker import MemoryBroker
from tests.fakes.kafka_logs import KafkaLogs
from tests.fakes.order_target import InMemoryOrderTarget
from tests.fakes.shop_order_target import InMemoryShopOrderTarget
from tests.fakes.still_clock import StillClock
from tests.fakes.stock_target import InMemoryStockTarget
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import MemoryRegistry
from tests.unit.streams.sinks.lane import turns

APP_ID = "tables"
"""As the tables of tests are called."""
SECOND, HOUR = 1_000_000, 3_600_000_000
GENERATION, PARTITION = 1, 3
WITHIN_S = 30.0
"""Real seconds after which a test that waits gives up."""
SINGLE = frozenset(
    {topic.name for topic in TOPICS if topic.partitions == 1}
    | {changelog(APP_ID, table) for table in TABLES if table.partitions == 1}
)


class ShopSettings(ConnectorSettings):
    """A shop whose orders are called web-…"""

    channel: str = "web"


@dataclass
class ErpHoldings:
    """The ERP's list of orders: those that it made, and what somebody did to them there.

    `also` are documents beside them; `failures` are raised by the next questions, `lost` no longer there.
    """

    erp: InMemoryOrderTarget
    at_once: int = 10
    total: int | None = None
    lost: set[str] = field(default_factory=set)
    also: list[Held] = field(default_factory=list)
    failures: list[ConnectorError] = field(default_factory=list)

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        if self.failures:
            raise self.failures.pop(0)
        made = [
            Held(
                reference=one.shown.order_id, internal_id=one.shown.internal_id, number=one.shown.number, **self._money
            )
            for one in self.erp.documents
            if one.shown.order_id not in self.lost
        ]
        return [one for one in (*made, *self.also) if one.reference in references]

    @property
    def _money(self) -> dict[str, Any]:
        return {} if self.total is None else {"total": self.total, "currency": "USD"}


@dataclass
class ShopHoldings:
    """The shop's list of orders."""

    shop: InMemoryShopOrderTarget
    at_once: int = 10

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        return [
            Held(reference=kept.order.number, internal_id=entity_id)
            for entity_id, kept in self.shop.orders.items()
            if kept.order.number in references
        ]


class Surroundings:
    """The worker that has the lane, as the closer sees it."""

    def __init__(self, broker: MemoryBroker, settings: Settings, clock: Clock) -> None:
        self.settings, self.has_orders = settings, True
        self.clock = clock
        self.lease = Lease(self.clock, timedelta(seconds=45))
        self.lease.joined(GENERATION)
        self.writer, self.rules = broker.writer, StockRules()
        self.serde = Serde(MemoryRegistry(), self.clock)
        self.at_shop = InMemoryShopOrderTarget()
        self.shop = ShopTarget(
            InMemoryStockTarget({}),
            Ports(close=self.at_shop.close, shop_orders=self.at_shop),
            Gate("adobe_commerce", self.clock),
            ShopSettings(base_url="http://127.0.0.1:1"),
        )
        self.lane_state = SimpleNamespace(is_open=True)
        self.lane = cast("LanePart", SimpleNamespace(lane=self.lane_state))
        self.all_doors: dict[str, Door] = {}

    def doors(self) -> Mapping[str, Door]:
        return self.all_doors

    def partition_of(self, key: str) -> int:  # noqa: ARG002  all of it is in the busy one
        return PARTITION


class Closing:
    """The closer over the logs that a broker in memory holds."""

    def __init__(self, broker: MemoryBroker, patch: pytest.MonkeyPatch, **named: str) -> None:
        self.broker = broker
        for name in (*(topic.name for topic in TOPICS), *(changelog(APP_ID, table) for table in TABLES)):
            broker.log[name]  # every topic exists  # noqa: B018
        self.logs = KafkaLogs(broker.log, at=T0, single=SINGLE, busy=PARTITION)
        self.logs.install(patch)
        settings = read_settings(
            {
                "STREAMS_APP_ID": APP_ID,
                "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
                "STREAMS_KAFKA__PARTITIONS": str(self.logs.partitions),
                "STREAMS_SCHEMA_REGISTRY__URL": "http://127.0.0.1:1",
                "STREAMS_COMPLETENESS__AT": "",
                "STREAMS_COMPLETENESS__ORDERS_AT": "",
                **named,
            }
        )
        self.clock = StillClock(datetime.fromtimestamp((T0 + HOUR) / SECOND, UTC), runs_freely=True)
        self.around = Surroundings(broker, settings, self.clock)
        self.closer = Closer(self.around)
        self._runs = 0

    async def begin(self) -> None:
        await self.around.serde.prepare(
            [AUDIT.name, COMPLETENESS.name, COMMERCE_ORDER.name, *(one.name for one in COMMANDS.values())]
        )

    def ask(self, request: CloseRequest, *, by: str = "me", reason: str = "to see") -> None:
        """A person's standing order."""
        order = OperatorControl(
            key=KEY,
            state="wanted",
            value=msgspec.json.encode(request).decode(),
            actor=by,
            reason=reason,
            at=self.clock.micros(),
        )
        self.closer.ordered(order, self.clock.micros())

    async def run(self, *flows: str, **more: Any) -> CloseRun:  # noqa: ANN401  any field of a request
        """One run, to its end."""
        self._runs += 1
        name = f"run-{self._runs}"
        self.ask(CloseRequest(run=name, flows=flows or FLOWS, **more))
        async with self.going():
            return await self.ended(name)

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """The closer lives."""
        task = asyncio.ensure_future(self.closer.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def ended(self, name: str) -> CloseRun:
        """The run whose name begins so, once it is over."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for run in self.closer.runs:
                    if run.request.run.startswith(name) and run.ended_at:
                        return run
                await turns()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for it."""
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                await turns()

    async def page(self, *flows: str, **more: Any) -> Page:  # noqa: ANN401  as above
        """The one page of a run that went well."""
        run = await self.run(*flows, **more)
        assert not run.why
        [page] = run.pages
        return page

    @property
    def kept(self) -> int:
        """Pages on their topic."""
        return len(self.broker.log[COMPLETENESS.name])

    def pass_time(self, **times: float) -> None:
        self.clock.jump(timedelta(**times))


def said(page: Page) -> set[tuple[Kind, str, str]]:
    """What is found, as two looks compare it."""
    return {finding.key for finding in page.findings}  # type: ignore[misc]  # its first is a kind


def finding_of(page: Page, kind: Kind) -> Finding:
    [found] = [one for one in page.findings if one.kind is kind]
    return found


def put(broker: MemoryBroker, key: bytes, value: bytes | None, topic: str = COMMERCE_ORDER.name) -> int:
    """A producer writes a record; its offset."""
    broker.log[topic].append(Record(key, value))
    return len(broker.log[topic]) - 1


def folder(path: Path, name: str) -> Path:
    made = path / name
    made.mkdir()
    return made
