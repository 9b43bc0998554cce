"""An order, from its body or its shop to its acknowledged record: `commerce.order.v1`, keyed by the order number."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec

from schemas.errors import EncodeError
from schemas.models.order import Order
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.lookback import Place
from streams.runtime.metrics import APPEND_SECONDS, GATEWAY_ACCEPTED, GATEWAY_DUPLICATES
from streams.runtime.operating.posting import Outgoing
from streams.sources.json_form import EPOCH
from streams.sources.order_body import order_id_of, order_of
from streams.sources.recent import Recent
from streams.topics import COMMERCE_ORDER

TOPIC = COMMERCE_ORDER.name
EVENT_TYPE = "commerce.order.v1.Order"
FRAME = 5
"""Bytes of the frame, which hold the id of the schema: what an event says stands behind them."""
Encode = Callable[[str, msgspec.Struct], bytes]
_LOG = logger("streams.gateway")


class Log(Protocol):
    """Where records are appended."""

    async def append(self, message: Outgoing) -> Place:
        """Where the record lies, once it is acknowledged.  Raises NotAppendedError."""
        ...


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the record of an event lies."""

    event_id: str
    topic: str
    partition: int
    offset: int
    duplicate: bool = False


class UnusableOrderError(Exception):
    """An order of the shop that no record can carry; the message is for a person."""


class OrderAcceptance:
    """One for all channels."""

    def __init__(self, log: Log, recent: Recent[Place], encode: Encode, clock: Clock) -> None:
        self._log, self._recent, self._encode, self._clock = log, recent, encode, clock

    async def accept(self, channel: str, webhook_id: str, body: bytes) -> Receipt:
        """Returns when the record is acknowledged.  Raises MalformedError, OtherContentError, NotAppendedError."""
        return await self._accepted(order_of(body, channel, self._clock.micros()), webhook_id)

    async def append(self, order: Order, cause: str) -> Receipt:
        """An order that was read at its shop.  Raises UnusableOrderError, OtherContentError, NotAppendedError."""
        try:
            order_id_of(order)
        except ValueError as error:
            raise UnusableOrderError(str(error)) from None
        try:
            return await self._accepted(order, cause)
        except EncodeError as error:
            raise UnusableOrderError(str(error)) from None

    async def _accepted(self, order: Order, cause: str) -> Receipt:
        value = self._encode(TOPIC, order)
        digest = hashlib.blake2b(value[FRAME:], digest_size=16).digest()
        message = Outgoing(TOPIC, order.number.encode(), value, self._headers(order, cause))
        place, again = await self._recent.once((order.channel, order.event_id), digest, lambda: self._append(message))
        (GATEWAY_DUPLICATES if again else GATEWAY_ACCEPTED).labels(order.channel).inc()
        _LOG.info(
            "order-came-again" if again else "order-accepted",
            event_id=order.event_id,
            order_id=order_id_of(order),
            webhook_id=cause,
            topic=place.topic,
            partition=place.partition,
            offset=place.offset,
        )
        return Receipt(order.event_id, place.topic, place.partition, place.offset, again)

    async def _append(self, message: Outgoing) -> Place:
        began = self._clock.monotonic()
        try:
            return await self._log.append(message)
        finally:
            APPEND_SECONDS.labels(message.topic).observe(self._clock.monotonic() - began)

    def _headers(self, order: Order, cause: str) -> tuple[tuple[str, bytes | None], ...]:
        """CloudEvents 1.0, Kafka binding, binary mode; and how the order's story is followed."""
        at = EPOCH + timedelta(microseconds=self._clock.micros())
        told = {
            "ce_id": order.event_id,
            "ce_source": f"/gateway/{order.channel}",
            "ce_type": EVENT_TYPE,
            "ce_time": at.isoformat().replace("+00:00", "Z"),
            "ce_specversion": "1.0",
            "correlation-id": order_id_of(order),
            "causation-id": cause,
        }
        return tuple((name, text.encode()) for name, text in told.items())
