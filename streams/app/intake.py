"""Carries out standing orders: which topics are read, which gaps are accepted, how sinks run."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import faust
from aiokafka.errors import KafkaError
from faust.types import TP

from connectors.core.errors import LeaseLostError
from schemas.models.operations import OperatorControl
from streams.runtime.clock import Clock
from streams.runtime.control import GAP, INTAKE, SINK, StandingOrders, key_of
from streams.runtime.health import Health
from streams.runtime.logs import logger
from streams.runtime.metrics import INTAKE_PAUSED
from streams.runtime.serde import Serde
from streams.runtime.writer import Record, Writer
from streams.topics import CONTROL

PAUSED, OPEN = "paused", "open"
KEEP_AGAIN_AFTER = timedelta(seconds=1)
_LOG = logger("streams.intake")


class Intake:
    """Pauses and opens the intake of topics; what it decides itself becomes an order, which outlives the process."""

    def __init__(
        self, app: faust.App, orders: StandingOrders, *, health: Health, writer: Writer, serde: Serde, clock: Clock
    ) -> None:
        self._app, self._orders, self._health = app, orders, health
        self._writer, self._serde, self._clock = writer, serde, clock
        self.generation: Callable[[], int] = lambda: -1
        self.mode_changed: Callable[[], Awaitable[None]] | None = None
        self._running: set[asyncio.Task[None]] = set()
        orders.changed.append(self._ordered)

    def is_paused(self, topic: str) -> bool:
        return self._orders.state(INTAKE, topic) == PAUSED

    def pause_after_errors(self, topic: str, why: str) -> None:
        """A guard gave up: durable, and undone only by a person."""
        order = OperatorControl(
            key=key_of(INTAKE, topic), state=PAUSED, actor="guard", reason=why, at=self._clock.micros()
        )
        self._orders.orders[order.key] = order
        self._ordered(order)
        self._start(self.keep(order))

    async def keep(self, order: OperatorControl) -> None:
        """Until the brokers have it."""
        record = Record(order.key.encode(), self._serde.encode(CONTROL.name, order))
        while True:
            try:
                await self._writer.send(CONTROL.name, [record], generation=self.generation())
            except (LeaseLostError, KafkaError) as error:
                _LOG.warning("pause-not-kept-yet", topic=order.key, error=str(error)[:200])
                await self._clock.sleep(KEEP_AGAIN_AFTER)
            else:
                return

    def hold_back(self, tps: frozenset[TP]) -> None:
        """After an assignment: partitions with a gap, and those of paused topics."""
        consumer = self._app.consumer
        paused = {tp for tp in consumer.assignment() if self.is_paused(tp.topic)}
        for tp in paused:
            self._say_paused(tp.topic)
        consumer.pause_partitions(tps | paused)

    def _ordered(self, order: OperatorControl) -> None:
        kind, _, rest = order.key.partition("/")
        if kind == INTAKE:
            self._intake_ordered(rest, order)
        elif kind == GAP:
            self._start(self._open(TP(rest.rpartition("/")[0], int(rest.rpartition("/")[2]))))
        elif kind == SINK and self.mode_changed is not None:
            self._start(self.mode_changed())

    def _intake_ordered(self, topic: str, order: OperatorControl) -> None:
        tps = {tp for tp in self._app.consumer.assignment() if tp.topic == topic}
        if order.state == PAUSED:
            self._app.consumer.pause_partitions(tps)
            self._say_paused(topic)
            return
        self._health.over(key_of(INTAKE, topic))
        INTAKE_PAUSED.labels(topic).set(0)
        for tp in tps:
            self._start(self._open(tp))

    def _say_paused(self, topic: str) -> None:
        order = self._orders.orders[key_of(INTAKE, topic)]
        what = f"intake of {topic} is paused by {order.actor}: {order.reason or 'no reason given'}"
        advice = f"`commerce-streams resume {topic}`"
        self._health.trouble(key_of(INTAKE, topic), f"{what}; go on with {advice}", blocks=True)
        INTAKE_PAUSED.labels(topic).set(1)
        _LOG.error("intake-paused", topic=topic, why=order.reason)

    async def _open(self, tp: TP) -> None:
        """Sought anew, because what was left unfinished must come again; then read on."""
        consumer = self._app.consumer
        if tp in consumer.assignment():
            await consumer.perform_seek()
            consumer.resume_partitions({tp})
            _LOG.info("intake-opened", topic=tp.topic, partition=tp.partition)

    def _start(self, work: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
