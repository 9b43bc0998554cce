"""Standing orders of operators: every worker follows one compacted topic; the newest record of a key holds."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import aiokafka
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from schemas.catalogue import OPERATOR_CONTROL
from schemas.errors import DecodeError
from schemas.models.operations import OperatorControl
from streams.runtime.clock import Clock
from streams.runtime.kafka import CATCH_UP_MS, FOLLOW_ONE_MS
from streams.runtime.logs import logger
from streams.runtime.serde import FIRST_WAIT, Serde
from streams.topics import CONTROL

SINK, INTAKE, GAP = "sink", "intake", "gap"
RECONCILE = "reconcile"
STOCK = "stock"
SHOP_ORDERS = "commerce-orders"
"""What operators call the sink of the orders' commands to the shop: `commerce` is the stock lane."""
_LOG = logger("streams.control")


def sink_of(role: str) -> str:
    """What operators call the sink that takes the orders' commands to a role."""
    return SHOP_ORDERS if role == "commerce" else role


def key_of(*parts: object) -> str:
    """E.g. sink/commerce, intake/wms.stock-change.v1, gap/wms.stock-change.v1/5."""
    return "/".join(map(str, parts))


class StandingOrders:
    """`orders` by key; `changed` is called after each new order, but not for those that were there at the start."""

    def __init__(
        self,
        make_consumer: Callable[[], aiokafka.AIOKafkaConsumer],
        serde: Serde,
        clock: Clock,
        failed: Callable[[BaseException], None],
    ) -> None:
        """`failed` ends the process: a worker that may not hear what people order must not work on."""
        self._make, self._serde, self._clock, self._failed = make_consumer, serde, clock, failed
        self.orders: dict[str, OperatorControl] = {}
        self.changed: list[Callable[[OperatorControl], None]] = []
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when every order that stood at this moment is known."""
        self._task = asyncio.ensure_future(self._follow())
        await self._ready.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=2)

    def state(self, *key: object) -> str | None:
        """What the newest order of the key says; None where there is none."""
        order = self.orders.get(key_of(*key))
        return None if order is None else order.state

    def of_kind(self, kind: str) -> Mapping[str, OperatorControl]:
        return {key: order for key, order in self.orders.items() if key.startswith(f"{kind}/")}

    async def _follow(self) -> None:
        """Again and again, from the beginning each time: the topic is small."""
        while True:
            try:
                await self._read()
            except TopicAuthorizationFailedError as error:
                self._failed(error)
            except (KafkaError, OSError) as error:
                _LOG.warning("control-topic-unreadable", error=f"{type(error).__name__}: {error}"[:200])
            await self._clock.sleep(FIRST_WAIT)

    async def _read(self) -> None:
        consumer = self._make()
        await consumer.start()
        try:
            partition = aiokafka.TopicPartition(CONTROL.name, 0)
            first = (await consumer.beginning_offsets([partition]))[partition]
            end = (await consumer.end_offsets([partition]))[partition]
            consumer.assign([partition])  # from here on other questions wait behind the long one for records
            consumer.seek(partition, first)
            while True:
                if await consumer.position(partition) >= end:
                    self._ready.set()
                wait_ms = FOLLOW_ONE_MS if self._ready.is_set() else CATCH_UP_MS
                fetched = await consumer.getmany(partition, timeout_ms=wait_ms)
                for records in fetched.values():
                    await self._take(records)
        finally:
            await consumer.stop()

    async def _take(self, records: list[Any]) -> None:  # Any: aiokafka's records
        answers = await self._serde.decode(OPERATOR_CONTROL, [record.value or b"" for record in records])
        for record, order in zip(records, answers, strict=True):
            if order is None or isinstance(order, DecodeError):
                _LOG.warning("control-record-unreadable", offset=record.offset)
            elif self.orders.get(order.key) != order:
                self.orders[order.key] = order
                if self._ready.is_set():
                    _LOG.info("order", key=order.key, state=order.state, actor=order.actor)
                    for changed in self.changed:
                        changed(order)
