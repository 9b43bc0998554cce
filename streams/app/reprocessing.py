"""Reads ranges again that an operator wants, beside the live traffic, in the worker that has the partition.

The records go through the same part as when they first came, outside its pool and without the group's offsets: they lie
below what the table has accounted for, so each is known as a redelivery.  No quantity changes, lag and ages stay what
they are; snapshots are sent again, and rows that the shop refused get another try.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

import aiokafka
import msgspec
from aiokafka.errors import KafkaError

from connectors.core.errors import LeaseLostError
from schemas.models.operations import OperatorControl
from streams.app.batch_parts import Event
from streams.runtime.clock import Clock
from streams.runtime.control import StandingOrders
from streams.runtime.logs import logger
from streams.runtime.pool import LeftError
from streams.runtime.reprocess_order import DONE, OPEN, REFUSED, RUNNING, Again, again_of

EVERY = timedelta(seconds=1)
REST = timedelta(milliseconds=50)
"""Between two batches: live traffic comes first."""
AT_ONCE = 500
FETCH_MS = 500
QUIESCE_WITHIN_S = 5.0
SAY_EVERY_S = 1.0
"""How far it is; whoever goes on reads at most so much twice."""
_LOG = logger("streams.reprocessing")


class TakesAgain(Protocol):
    """A part of the worker that knows redeliveries."""

    async def take_again(self, event: Event) -> None:
        """Records below what its table has accounted for."""
        ...


class Owned(Protocol):
    """What the worker knows of its partitions."""

    def generation(self) -> int:
        """Of the assignment; -1 where there is none."""
        ...

    def is_open(self, topic: str, partition: int) -> bool:
        """Whether the table that the topic feeds is recovered here."""
        ...

    def accounted(self, topic: str, partition: int) -> int:
        """Below this offset every record is a redelivery."""
        ...


class AgainMessage(NamedTuple):
    """What a part asks of a Faust message."""

    topic: str
    partition: int
    generation_id: int


class AgainEvent(NamedTuple):
    """A batch that is not acknowledged, for the group has read it long ago."""

    value: Sequence[Any]  # Any: aiokafka's records
    message: AgainMessage


class LeftTheLogError(Exception):
    """Records of the range are gone: it is not made smaller in silence."""


class Reprocessing:
    """Stands among the shell's parts, so that nothing of it runs while partitions go."""

    table = ""
    """It has none of its own."""

    def __init__(
        self,
        orders: StandingOrders,
        parts: Mapping[str, TakesAgain],
        owned: Owned,
        *,
        make_reader: Callable[[], aiokafka.AIOKafkaConsumer],
        keep: Callable[[OperatorControl], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`parts` by topic; `keep` makes an order durable."""
        self._orders, self._parts, self._owned = orders, parts, owned
        self._make, self._keep, self._clock = make_reader, keep, clock
        self._refused = -1
        """The generation that was quiesced."""
        self._busy = asyncio.Lock()
        self._say_at = 0.0

    async def run(self) -> None:
        """Until cancelled; whatever is no fault of the range is tried again with the next look."""
        while True:
            await self._clock.sleep(EVERY)
            await self.look()

    async def look(self) -> None:
        """Works on every order that is open and concerns a partition of this worker."""
        for again in [one for order in self._open_orders() if (one := again_of(order)) is not None]:
            if not self._may(again):
                continue
            try:
                await self._read(again)
            except LeftTheLogError as error:
                await self._say(again, REFUSED, str(error))
            except (LeaseLostError, LeftError, KafkaError) as error:
                _LOG.warning("reprocessing-waits", order=again.key, error=f"{type(error).__name__}: {error}"[:200])

    def _open_orders(self) -> list[OperatorControl]:
        return [order for order in self._orders.orders.values() if order.state in OPEN]

    def _may(self, again: Again) -> bool:
        generation = self._owned.generation()
        return (
            generation not in (-1, self._refused)
            and again.topic in self._parts
            and self._owned.is_open(again.topic, again.partition)
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    async def _read(self, again: Again) -> None:
        """As far as the range goes, and the table has accounted for its records."""
        consumer = self._make()
        await consumer.start()
        try:
            tp = aiokafka.TopicPartition(again.topic, again.partition)
            consumer.assign([tp])
            await _refuse_gone(consumer, tp, again)
            consumer.seek(tp, again.reached)
            while again.left and self._may(again):
                further = await self._batch(consumer, tp, again)
                if further.reached == again.reached:
                    return  # the live flow has not got there yet
                again = further
                if not again.left or self._clock.monotonic() >= self._say_at:
                    self._say_at = self._clock.monotonic() + SAY_EVERY_S
                    await self._say(again, RUNNING if again.left else DONE)
                await self._clock.sleep(REST)
        finally:
            await consumer.stop()

    async def _batch(self, consumer: aiokafka.AIOKafkaConsumer, tp: aiokafka.TopicPartition, again: Again) -> Again:
        """One fetch; how far it is then."""
        bound = min(again.end, self._owned.accounted(again.topic, again.partition))
        if again.reached >= bound:
            return again
        fetched = await consumer.getmany(tp, timeout_ms=FETCH_MS, max_records=AT_ONCE)
        records = [record for record in fetched.get(tp, []) if record.offset < bound]
        async with self._busy:
            if not self._may(again):
                return again
            if records:
                message = AgainMessage(again.topic, again.partition, self._owned.generation())
                await self._parts[again.topic].take_again(AgainEvent(records, message))
        return again._replace(reached=min(bound, await consumer.position(tp)))

    async def _say(self, again: Again, state: str, why: str = "") -> None:
        order = self._orders.orders[again.key]
        said = msgspec.structs.replace(order, state=state, value=again.value, at=self._clock.micros())
        if why:
            said = msgspec.structs.replace(said, reason=why)
        self._orders.orders[again.key] = said
        await self._keep(said)
        _LOG.info("reprocessing", order=again.key, state=state, reached=again.reached, end=again.end)

    # ── as a part of the shell ───────────────────────────────────────────────────────────────────

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        """The next look finds what is open."""

    async def quiesce(self, generation: int) -> None:
        """No further batch; waits for the one under way, within a bound: what it writes later is refused."""
        self._refused = generation
        try:
            async with asyncio.timeout(QUIESCE_WITHIN_S), self._busy:
                pass
        except TimeoutError:
            _LOG.warning("reprocessing-left", generation=generation)

    def closed(self, partitions: frozenset[int]) -> None:
        """Nothing is kept of them."""


async def _refuse_gone(consumer: aiokafka.AIOKafkaConsumer, tp: aiokafka.TopicPartition, again: Again) -> None:
    oldest = (await consumer.beginning_offsets([tp]))[tp]
    if oldest > again.reached:
        raise LeftTheLogError(f"offsets {again.reached} to {oldest - 1} have left the log meanwhile")
