"""One worker: its Faust app, shell, flows, sinks and pages, put together."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from aiokafka.errors import KafkaError

from connectors.core.errors import LeaseLostError
from schemas.models.operations import OperatorControl
from streams.app import order_side, reconciling
from streams.app.batch_parts import FlowPart
from streams.app.completeness.around import Door
from streams.app.completeness.closer import Closer
from streams.app.counts import by_topic
from streams.app.faust_app import make_faust_app, raw_topic
from streams.app.intake import Intake
from streams.app.order_parts import CommandPart
from streams.app.order_side import OrderSide
from streams.app.parts import LanePart, StockPart
from streams.app.preparation import Prepared
from streams.app.reprocessing import Reprocessing, TakesAgain
from streams.app.stock_side import StockSide
from streams.app.targets import Choices, certificate_files, open_shop
from streams.app.tracing import open_traces
from streams.app.watch import Watch
from streams.runtime import log_traces
from streams.runtime.certificates import CertificateFiles
from streams.runtime.clock import Clock
from streams.runtime.cluster import Cluster, ClusterUnavailableError
from streams.runtime.control import SINK, StandingOrders
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.driver.install import install
from streams.runtime.granted import lost_right
from streams.runtime.health import Health
from streams.runtime.kafka import FOLLOW_ONE_MS, follower_maker, partition_of, producer_maker, reader_maker
from streams.runtime.lease import Lease
from streams.runtime.logs import logger
from streams.runtime.lookback import Lookback
from streams.runtime.partition_store import Derive
from streams.runtime.registry import HttpRegistry
from streams.runtime.serde import Serde
from streams.runtime.shell import ChangelogGapError, Shell
from streams.runtime.store_errors import StoreError
from streams.runtime.table import BulkTable
from streams.runtime.writer import Writer
from streams.settings import Settings, shown
from streams.settings.rules import stock_rules
from streams.sinks.lane_context import ROLE
from streams.sinks.stock_lane import Mode
from streams.tables import CHANGELOG_BATCH_BYTES, TABLES, TableSpec, changelog
from streams.topics import (
    AUDIT,
    BY_NAME,
    COMMERCE_ORDER,
    COMPLETENESS,
    CONTROL,
    DEAD_LETTER,
    DESIRED,
    STOCK_INPUTS,
    STOCK_WRITTEN,
    WMS_SNAPSHOT,
)
from streams.web.accounting import Balance, balances
from streams.web.letter_index import Depth
from streams.web.order_facts import OrderSums

EXIT_CANNOT_RUN, EXIT_FAULT = 2, 70
WRITTEN = tuple(topic.name for topic in (*STOCK_WRITTEN, AUDIT, CONTROL, COMPLETENESS))
_LOG = logger("streams.app")


class Application:
    """Built once per process; `start` and `stop` are called by `streams.worker`."""

    def __init__(
        self, settings: Settings, prepared: Prepared, choices: Choices, *, clock: Clock, web_port: int
    ) -> None:
        self.settings, self.clock, self.web_port = settings, clock, web_port
        self.url = settings.web.advertised_url or f"http://{settings.web.host}:{web_port}"
        self.worker_id = settings.worker_id or f"{settings.web.host}:{web_port}"
        self.health = Health(clock)
        self.rules = stock_rules(settings.inventory)
        self.lease = Lease(clock, timedelta(seconds=settings.kafka.session_timeout_s))
        self.cluster = Cluster(settings.kafka)
        self.serde = Serde(HttpRegistry(settings.schema_registry), clock)
        follower = follower_maker(settings.kafka, f"{settings.app_id}-orders", wait_ms=FOLLOW_ONE_MS)
        self.orders = StandingOrders(follower, self.serde, clock, self.failed)
        self.lookback = Lookback(reader_maker(settings.kafka, f"{settings.app_id}-reader"))
        self.writer = self._writer(prepared)
        self.letters = DeadLetters(self.writer, settings.app_id, settings.data_dir / "dead-letters")
        self.traces = open_traces(settings, self.worker_id, clock)
        self.shop = open_shop(choices.shop, settings, clock, self.lease, self.traces)
        self.faust = make_faust_app(settings, web_port=web_port)
        self.shell = Shell(
            clock=clock,
            lease=self.lease,
            writer=self.writer,
            cluster=self.cluster,
            orders=self.orders,
            health=self.health,
        )
        inputs = [topic.name for topic in (*STOCK_INPUTS, WMS_SNAPSHOT, DESIRED)]
        install(self.faust, self.shell, self.lease, batch_topics=[*inputs, *order_side.READ])
        self.intake = Intake(
            self.faust, self.orders, health=self.health, writer=self.writer, serde=self.serde, clock=clock
        )
        self.intake.generation = lambda: self.lease.generation
        self.shell.pause = self.intake.hold_back
        stock_side = StockSide(self)
        self.ledger, self.rows = stock_side.ledger, stock_side.rows
        self.stock, self.lane, self.statements = stock_side.stock, stock_side.lane, stock_side.statements
        self.intake.mode_changed = self.lane.lane.reindex
        self.orders.changed.append(self._asked_to_reconcile)
        self.order_side = OrderSide(self, choices.orders) if choices.orders else None
        self.closer = Closer(self)
        self.order_sums: Callable[[], OrderSums | None] = _none
        """What waits of orders; known once the pages are there, which look through them."""
        self.letter_depths: Callable[[], Mapping[tuple[str, str], Depth] | None] = _none
        """Open dead letters, as the pages count them."""
        self._certificates = CertificateFiles(certificate_files(settings, choices))
        self.parts: list[StockPart | LanePart | FlowPart | CommandPart] = [self.stock, self.statements, self.lane]
        if self.order_side is not None:
            self.parts += self.order_side.parts
        self.reprocessing = Reprocessing(
            self.orders,
            self._read_again(),
            self.shell,
            make_reader=reader_maker(settings.kafka, f"{settings.app_id}-again", reset="none"),
            keep=self.intake.keep,
            clock=clock,
        )
        self.shell.parts = [*self.parts, self.reprocessing]
        self._agents()
        self._watching: asyncio.Task[None] | None = None
        self._again: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def _read_again(self) -> Mapping[str, TakesAgain]:
        """By topic, what takes a range of it once more."""
        found: dict[str, TakesAgain] = dict.fromkeys((topic.name for topic in STOCK_INPUTS), self.stock)
        return found if self.order_side is None else found | self.order_side.sources

    def _writer(self, prepared: Prepared) -> Writer:
        app_id = self.settings.app_id
        limits = {changelog(app_id, table): CHANGELOG_BATCH_BYTES for table in TABLES}
        limits[DEAD_LETTER.name] = prepared.dead_letter_bytes
        return Writer(producer_maker(self.settings.kafka, f"{app_id}-writer"), self.lease, limits=limits)

    def table(self, spec: TableSpec, derive: Derive) -> BulkTable:
        """Declared with Faust, and known to the shell with what feeds it."""
        partitions = spec.partitions or self.settings.kafka.partitions
        table = BulkTable.declare(
            self.faust, self.writer, name=spec.name, partitions=partitions, events=self.shell, derive=derive
        )
        self.shell.tables[spec.name] = table
        self.shell.inputs |= dict.fromkeys(spec.fed_by, spec.name)
        return table

    def _agents(self) -> None:
        partitions = self.settings.kafka.partitions
        for topic in STOCK_INPUTS:
            self._agent(topic.name, topic.partitions or partitions, self.stock)
        self._agent(WMS_SNAPSHOT.name, partitions, self.statements)
        self._agent(DESIRED.name, DESIRED.partitions, self.lane)
        if self.order_side is not None:
            for name, part in self.order_side.inputs.items():
                self._agent(name, BY_NAME[name].partitions or partitions, part)

    def _agent(self, topic: str, partitions: int, part: StockPart | LanePart | FlowPart | CommandPart) -> None:
        """A Faust agent that hands each batch to the part's pool, which acknowledges it when it is done."""

        async def take(stream: Any) -> None:  # Any: a Faust stream
            async for event in stream.noack().events():
                await part.pool.submit(event)

        self.faust.agent(raw_topic(self.faust, topic, partitions), name=f"{part.table}.{topic}")(take)

    # ── what runs ────────────────────────────────────────────────────────────────────────────────

    def sink_mode(self, role: str = ROLE) -> Mode:
        """The newest order of an operator; without one the setting."""
        ordered = self.orders.state(SINK, role)
        return ordered if ordered in ("run", "shadow", "paused") else self.settings.sinks.mode  # type: ignore[return-value]  # checked here

    def _asked_to_reconcile(self, order: OperatorControl) -> None:
        if self.lane.lane.is_open:
            reconciling.ordered(self.lane.lane.reconciliation, order, self.clock.micros())
        self.closer.ordered(order, self.clock.micros())

    def failed(self, error: BaseException) -> None:
        """A fault inside: end at once; the only safe state is the one in Kafka, from where the rest comes again."""
        first = next(log_traces.leaves(error))
        known = str(first) if isinstance(first, (StoreError, ChangelogGapError)) else lost_right(first)
        if known:
            print(f"commerce-streams: {known}", file=sys.stderr, flush=True)  # noqa: T201  the one line
            os._exit(EXIT_CANNOT_RUN)
        _LOG.critical("fault", error=log_traces.told(error), exc_info=error)
        os._exit(EXIT_FAULT)

    async def start(self) -> None:
        await self.serde.prepare(
            WRITTEN if self.order_side is None else (*WRITTEN, *order_side.WRITTEN, COMMERCE_ORDER.name)
        )
        await self.writer.start()
        await self.orders.start()
        if self.order_side is not None:
            self.order_side.start()
        await self.faust.start()
        self._watching = asyncio.ensure_future(Watch(self, self.clock, self.failed).run())
        self._watching.add_done_callback(self._watch_ended)
        self._again = asyncio.ensure_future(self.reprocessing.run())
        self._again.add_done_callback(self._watch_ended)
        self._closing = asyncio.ensure_future(self.closer.run())
        self._closing.add_done_callback(self._watch_ended)

    def _watch_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed(error)

    async def stop(self) -> None:
        """Drain, commit, leave the group, close."""
        self.lane.stopping = True
        for sink in [] if self.order_side is None else self.order_side.sinks:
            sink.stopping = True
        for task in (self._watching, self._again, self._closing):
            if task is not None:
                task.cancel()
        await self.faust.stop()
        await self.orders.stop()
        await self.writer.stop()
        await self.shop.ports.close()
        if self.order_side is not None:
            await self.order_side.close()
        await asyncio.to_thread(self.traces.close)

    # ── what the watch looks at ──────────────────────────────────────────────────────────────────

    def crashed(self) -> BaseException | None:
        return self.faust.crash_reason if self.faust.crashed else None

    def since_poll(self) -> timedelta:
        return self.shell.since_poll

    async def take_up_left(self) -> None:
        """Batches that were left because the lease was lost for a moment come again, once it is back."""
        left = [(part.pool, taken) for part in self.parts if (taken := part.pool.left).events]
        if not left or not self.faust.consumer.flow_active:  # a rebalance is under way: it seeks by itself
            return
        try:
            self.lease.check()
        except LeaseLostError:
            return
        try:
            await self.faust.consumer.perform_seek()
        except KafkaError as error:  # nothing is delivered meanwhile; the next look tries again
            _LOG.warning("seek-failed", error=str(error)[:200])
            return
        for pool, taken in left:
            pool.sought(taken)
        batches = sum(taken.events for _pool, taken in left)
        _LOG.warning("left-batches-sought", batches=batches, generation=self.lease.generation)

    def heartbeat_age(self) -> timedelta:
        return self.lease.heartbeat_age

    def broker_answers(self) -> bool:
        try:
            return self.cluster.brokers() > 0
        except ClusterUnavailableError:
            return False

    def lags(self) -> Mapping[tuple[str, int], int]:
        consumer = self.faust.consumer
        found = {}
        for tp in consumer.assignment():
            end, committed = consumer.highwater(tp), consumer.committed_offset(tp)
            if tp.topic in self.shell.inputs and end is not None:
                found[tp.topic, tp.partition] = max(0, end - (committed or 0))
        if self.order_side is not None:
            self.order_side.note_lags(found)
        return found

    def oldest_unacknowledged(self) -> Mapping[tuple[str, int], float]:
        oldest = self.faust.consumer.oldest_unacknowledged()
        return {(tp.topic, tp.partition): seconds for tp, (_offset, seconds) in oldest.items()}

    def accounted(self) -> Mapping[tuple[str, str], int]:
        counts = by_topic(self.shell.tables.values())
        return {(topic, name): records for topic, outcomes in counts.items() for name, records in outcomes.items()}

    def balances(self) -> Mapping[str, Balance]:
        return balances(by_topic(self.shell.tables.values()), by_topic([self.rows.table]))

    def letters_open(self) -> Mapping[tuple[str, str], Depth] | None:
        return self.letter_depths()

    def disk(self) -> tuple[int, int]:
        used = shutil.disk_usage(self.settings.data_dir)
        return used.free, used.total

    def certificate_ends(self) -> Mapping[str, float]:
        return self._certificates.ends()

    def partition_of(self, key: str) -> int:
        """Of a SKU or an order: the partition of the message key (murmur2, as every producer)."""
        return partition_of(key.encode(), self.settings.kafka.partitions)

    @property
    def has_orders(self) -> bool:
        return self.order_side is not None

    def doors(self) -> Mapping[str, Door]:
        """By role, of every target that orders are written to."""
        return {} if self.order_side is None else self.order_side.doors()

    def settings_shown(self) -> dict[str, str]:
        """Names and values without secrets."""
        return shown(self.settings)

    def now(self) -> int:
        return self.clock.micros()

    def store_sizes(self) -> Mapping[str, int]:
        return {
            name: sum(table.store(partition).size_bytes for partition in table.owned)
            for name, table in self.shell.tables.items()
        }


def _none() -> None:
    """Before there are pages."""
