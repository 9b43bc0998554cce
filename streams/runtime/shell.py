"""What stands around all flows and sinks of a worker: assignment, start offsets, gaps, quiesce, what is left behind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Protocol

from confluent_kafka import KafkaException
from faust.types import TP

from connectors.core.errors import LeaseLostError
from streams.domain.start_offsets import Start, start_of
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.cluster import Cluster, ClusterUnavailableError
from streams.runtime.control import GAP, StandingOrders
from streams.runtime.health import Health
from streams.runtime.lease import Lease
from streams.runtime.logs import logger
from streams.runtime.metrics import COMMITTED, INTAKE_PAUSED, LAST_POLL, REBALANCES, RECOVERY_LEFT, STORE_REBUILDS
from streams.runtime.store_errors import StoreCorruptError
from streams.runtime.table import BulkTable
from streams.runtime.tally import Tally
from streams.runtime.writer import Writer

ASK_AGAIN_AFTER = timedelta(seconds=1)
MISSING = "topics"
_LOG = logger("streams.shell")


class ChangelogGapError(RuntimeError):
    """State was lost: a changelog was cut.  The message says what to do."""


class Part(Protocol):
    """A flow or a sink, as the shell opens and closes it."""

    table: str
    """Name of the table that it owns."""

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        """The partitions are recovered; records follow."""
        ...

    async def quiesce(self, generation: int) -> None:
        """Finish or drop what was started, within a bound."""
        ...

    def closed(self, partitions: frozenset[int]) -> None:
        """The partitions are gone."""
        ...


class Shell:
    """Implements `driver.hooks.Hooks` and `store.TableEvents`."""

    drain_timeout = timedelta(seconds=5)

    def __init__(
        self, *, clock: Clock, lease: Lease, writer: Writer, cluster: Cluster, orders: StandingOrders, health: Health
    ) -> None:
        self.clock = clock
        self._lease, self._writer, self._cluster = lease, writer, cluster
        self._orders, self._health = orders, health
        self.tables: dict[str, BulkTable] = {}
        self.inputs: dict[str, str] = {}
        """Input topic → the table that it feeds."""
        self.parts: list[Part] = []
        self.left: Mapping[TP, tuple[int, float]] = {}
        self.pause: Callable[[frozenset[TP]], None] = lambda _tps: None
        """Stops the intake of partitions; set by the application once the consumer exists."""
        self._topic_ids: Mapping[str, str] = {}
        self._gaps: dict[TP, Start] = {}
        self._opened: set[tuple[str, int]] = set()
        """Table partitions of this assignment that are recovered."""
        self._last_poll = clock.monotonic()

    # ── assignment ───────────────────────────────────────────────────────────────────────────────

    async def assigned(self, tps: frozenset[TP], generation: int) -> None:
        self._lease.joined(generation)
        await self._learn_topic_ids()
        self._gaps.clear()
        self._opened.clear()
        self._health.over_all(GAP)
        REBALANCES.inc()
        _LOG.info("assigned", partitions=len(tps), generation=generation)

    async def _learn_topic_ids(self) -> None:
        """Asked until the broker answers: an assignment that fails would leave this worker idle for good."""
        names = {*self.inputs, *(table.changelog for table in self.tables.values())}
        while True:
            self.polled()
            try:
                self._topic_ids = await asyncio.to_thread(self._cluster.topic_ids, names)
            except (ClusterUnavailableError, KafkaException) as error:
                _LOG.warning("topic-ids-unknown", error=str(error)[:200])
            else:
                if not self._are_missing(names - self._topic_ids.keys()):
                    return
            await self.clock.sleep(ASK_AGAIN_AFTER)

    def _are_missing(self, names: set[str]) -> bool:
        """A broker that has just come back may not know all topics yet: one that is not named was not made anew."""
        if not names:
            self._health.over(MISSING)
            return False
        what = f"topics are missing: {', '.join(sorted(names))}; see `commerce-streams topics apply`"
        self._health.trouble(MISSING, what, blocks=True)
        _LOG.warning("topics-missing", topics=sorted(names))
        return True

    async def opened(self, table: str, partitions: frozenset[int]) -> None:
        """Recovered: note epoch and topic ids, send what was decided and not acknowledged, then let the parts begin."""
        generation = self._lease.generation
        while generation >= 0 and generation == self._lease.generation:  # else another rebalance began: it opens again
            self.polled()
            try:
                await self._open(table, partitions, generation)
            except LeaseLostError as lost:  # this process stood still: once it may act again, it has to open
                _LOG.warning("opening-lost-lease", table=table, why=str(lost)[:200])
                await self.clock.sleep(ASK_AGAIN_AFTER)
            else:
                return

    async def _open(self, table: str, partitions: frozenset[int], generation: int) -> None:
        bulk = self.tables[table]
        bulk.forget(partitions)  # the changelog may have been written by others since
        for partition in sorted(partitions):
            async with bulk.lock(partition):
                await self._begin(bulk, partition, generation)
                await outbox.resend(bulk, self._writer, partition, generation=generation)
        RECOVERY_LEFT.labels(table).set(0)
        self._opened |= {(table, partition) for partition in partitions}
        for part in self.parts:
            if part.table == table:
                await part.opened(partitions, generation)

    async def _begin(self, bulk: BulkTable, partition: int, generation: int) -> None:
        held = bulk.tally(partition)
        inputs = [topic for topic, table in self.inputs.items() if table == bulk.name]
        topics = {topic: _incarnation(held, topic, self._topic_ids.get(topic, "")) for topic in inputs}
        epoch = held.epoch or self.clock.micros() // 1_000_000
        if epoch == held.epoch and topics == held.topics:
            return
        for topic, (_id, number) in topics.items():
            if topic in held.topics and held.topics[topic][1] != number:
                _LOG.warning("topic-created-anew", topic=topic, partition=partition)
        await bulk.begin(partition, held.begun(epoch, topics), generation=generation)

    # ── where partitions start ───────────────────────────────────────────────────────────────────

    async def starts(self, committed: Mapping[TP, int | None], earliest: Mapping[TP, int]) -> Mapping[TP, int]:
        """Only where the table is recovered: before that it cannot say what was lost, and nothing is delivered."""
        found: dict[TP, int] = {}
        known = {tp: offset for tp, offset in committed.items() if self._is_recovered(tp)}
        for tp, offset in known.items():
            start = self._start(tp, offset, earliest.get(tp) or 0)
            if start.offset is None:
                self._gap(tp, start)
                continue
            self._no_gap(tp)
            if start.note:
                _LOG.warning("start-offset", topic=tp.topic, partition=tp.partition, note=start.note)
            found[tp] = start.offset
        self.pause(frozenset(self._gaps))
        self._health.is_working = len(known) == len(committed)
        return found

    def is_open(self, topic: str, partition: int) -> bool:
        """Whether the table that the topic feeds is recovered here, and still is."""
        name = self.inputs.get(topic, "")
        return (name, partition) in self._opened and partition in self.tables[name].owned

    def accounted(self, topic: str, partition: int) -> int:
        """Below this offset every record of the topic is known to the table as a redelivery.  KeyError: not open."""
        return self.tables[self.inputs[topic]].tally(partition).upto.get(topic, 0)

    def generation(self) -> int:
        """Of the assignment that this worker works for."""
        return self._lease.generation

    def _is_recovered(self, tp: TP) -> bool:
        return (self.inputs.get(tp.topic, ""), tp.partition) in self._opened or tp.topic not in self.inputs

    def _start(self, tp: TP, committed: int | None, earliest: int) -> Start:
        tally = self._tally(tp)
        accounted = None if tally is None else tally.upto.get(tp.topic, 0)
        if tally is not None and not accounted and tally.incarnation(tp.topic) > 0:
            committed = None  # it belongs to the topic of this name that was deleted
        order = self._orders.orders.get(f"{GAP}/{tp.topic}/{tp.partition}")
        accepted = int(order.value) if order is not None and order.value.isdigit() else None
        return start_of(committed, earliest, accounted, accepted)

    def _tally(self, tp: TP) -> Tally | None:
        table = self.tables.get(self.inputs.get(tp.topic, ""))
        return table.tally(tp.partition) if table is not None and tp.partition in table.owned else None

    def _gap(self, tp: TP, start: Start) -> None:
        """Never skipped: the partition stays paused until a person accepts the loss."""
        self._gaps[tp] = start
        lost = f"offsets {start.lost_from} to {start.lost_to - 1}"
        what = f"{tp.topic}[{tp.partition}]: {lost} left the log before they were read"
        advice = f"commerce-streams gaps accept {tp.topic} {tp.partition}"
        self._health.trouble(f"{GAP}/{tp.topic}/{tp.partition}", f"{what}; go on with `{advice}`", blocks=True)
        INTAKE_PAUSED.labels(tp.topic).set(1)
        _LOG.error("gap", topic=tp.topic, partition=tp.partition, first=start.lost_from, last=start.lost_to - 1)

    def _no_gap(self, tp: TP) -> None:
        """Whatever was missing was accepted."""
        if self._gaps.pop(tp, None) is not None:
            self._health.over(f"{GAP}/{tp.topic}/{tp.partition}")
            INTAKE_PAUSED.labels(tp.topic).set(0)

    @property
    def gaps(self) -> Mapping[TP, Start]:
        return self._gaps

    def delivering(self, tp: TP, first: int, expected: int | None) -> None:
        """Compaction and transaction markers leave holes; a hole of a topic that is only cut at its start is noted."""
        if expected is not None and first > expected and tp.topic in self.inputs:
            _LOG.info("offsets-skipped", topic=tp.topic, partition=tp.partition, first=expected, last=first - 1)

    # ── recovery ─────────────────────────────────────────────────────────────────────────────────

    def changelog_gap(self, tp: TP, needed: int, earliest: int) -> None:
        order = self._orders.orders.get(f"{GAP}/{tp.topic}/{tp.partition}")
        if order is not None and order.value.isdigit() and int(order.value) >= earliest:
            return
        raise ChangelogGapError(
            f"{tp.topic}[{tp.partition}] begins at {earliest}, the table needs it from {needed}: state was lost; "
            f"accept it with `commerce-streams gaps accept {tp.topic} {tp.partition}` and ask for recounts"
        )

    def recovering(self, tp: TP, done: int, end: int) -> None:
        table = next((name for name, one in self.tables.items() if one.changelog == tp.topic), tp.topic)
        RECOVERY_LEFT.labels(table).set(max(0, end - done))

    def damaged(self, table: str, error: StoreCorruptError) -> None:
        STORE_REBUILDS.labels(table).inc()
        _LOG.warning("store-rebuilt", table=table, why=str(error))

    def changelog_ids(self) -> Mapping[str, str]:
        return self._topic_ids

    # ── the end of a generation ──────────────────────────────────────────────────────────────────

    async def quiesce(self, revoked: frozenset[TP]) -> None:
        generation = self._lease.generation
        closing: list[Awaitable[None]] = [part.quiesce(generation) for part in self.parts]
        await asyncio.gather(*closing)
        _LOG.info("quiesced", partitions=len(revoked), generation=generation)

    def revoked(self, _tps: frozenset[TP]) -> None:
        self._lease.lost()
        self._health.is_working = False

    def closed(self, table: str, partitions: frozenset[int]) -> None:
        self.tables[table].forget(partitions)
        for part in self.parts:
            if part.table == table:
                part.closed(partitions)

    def stopped(self, left: Mapping[TP, tuple[int, float]]) -> None:
        self.left = left
        for tp, (offset, _seconds) in left.items():
            _LOG.warning("left-behind", topic=tp.topic, partition=tp.partition, from_offset=offset)
        _LOG.info("stopped", partitions_left=len(left))

    # ── signs of life ────────────────────────────────────────────────────────────────────────────

    def committed(self, offsets: Mapping[TP, int]) -> None:
        for tp, offset in offsets.items():
            COMMITTED.labels(tp.topic, str(tp.partition)).set(offset)

    def polled(self) -> None:
        """Something was fetched, or an assignment, which fetches nothing meanwhile, goes on."""
        self._last_poll = self.clock.monotonic()
        LAST_POLL.set(self.clock.micros() / 1_000_000)

    @property
    def since_poll(self) -> timedelta:
        return timedelta(seconds=self.clock.monotonic() - self._last_poll)


def _incarnation(held: Tally, topic: str, topic_id: str) -> tuple[str, int]:
    """The topic's id, and how often it was created anew since the table began."""
    known = held.topics.get(topic)
    if known is None:
        return topic_id, 0
    return (topic_id, known[1]) if known[0] == topic_id else (topic_id, known[1] + 1)
