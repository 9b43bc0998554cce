"""Appends single records to Kafka for whoever waits for the acknowledgement: idempotent, all in-sync replicas, murmur2.

librdkafka keeps what it was given until it is acknowledged or its time is over; a time that is over leaves open
whether the record was taken, so what is appended here must be safe to append again.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.runtime import refusals
from streams.runtime.kafka import MAX_REQUEST, PARTITIONER, confluent_options
from streams.runtime.logs import logger
from streams.runtime.lookback import Place
from streams.runtime.operating.posting import Outgoing
from streams.settings import KafkaSettings

ANSWER_S = 0.1
"""How long the thread waits for answers before it looks whether it shall end."""
MARGIN_S = 2.0
"""librdkafka looks once a second whose time is over."""
RECONNECT_MS = 1000
WAITING_AT_MOST = 10_000
REMEMBERED = 20
"""Errors of the client, to say why nothing answers."""
_LOG = logger("streams.gateway")
_Ended = Callable[[KafkaError | None, Message], None]


class NotAppendedError(Exception):
    """Not acknowledged; the message says why, in words for the log."""


class KafkaLog:
    """A producer and the thread that hears its answers; `close` after the last append."""

    def __init__(self, settings: KafkaSettings, within_s: float) -> None:
        self._options: dict[str, Any] = {  # Any: librdkafka's settings and a callback
            **confluent_options(settings),
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": PARTITIONER,
            "message.max.bytes": MAX_REQUEST,
            "delivery.timeout.ms": int(within_s * 1000),
            "queue.buffering.max.messages": WAITING_AT_MOST,
            "reconnect.backoff.max.ms": RECONNECT_MS,
            "linger.ms": 0,
            "error_cb": self._heard,
            "log_level": 0,
        }
        self._within_s = within_s
        self._errors: deque[KafkaError] = deque(maxlen=REMEMBERED)
        self._fatal = threading.Event()
        self._closing = threading.Event()
        self._producer = Producer(self._options)
        self._thread = threading.Thread(target=self._hear, name="kafka-answers", daemon=True)
        self._thread.start()

    async def append(self, message: Outgoing) -> Place:
        """Where the record lies, once it is acknowledged.  Raises NotAppendedError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Place] = loop.create_future()

        def ended(error: KafkaError | None, written: Message) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, answer, message.topic, error, written)

        self._hand_over(message, ended)
        try:
            async with asyncio.timeout(self._within_s + MARGIN_S):
                return await answer
        except TimeoutError:
            raise NotAppendedError(f"topic {message.topic} was not written: no answer in time") from None

    def answers(self, topic: str, within_s: float) -> str:
        """Why the topic cannot be written now, or "".  Blocking."""
        try:
            found = self._producer.list_topics(topic, timeout=within_s).topics.get(topic)
        except KafkaException as error:
            return f"the brokers do not answer: {refusals.reason(list(self._errors), refusals.cause_of(error))}"
        if found is None or found.error is not None:
            return f"topic {topic} does not exist; run `commerce-streams topics apply`"
        self._errors.clear()
        return ""

    def close(self, within_s: float) -> int:
        """Waits for what was handed over; how many records got no answer.  Blocking."""
        left = self._producer.flush(within_s)
        self._closing.set()
        self._thread.join(ANSWER_S * 10)
        return int(left)

    def _hand_over(self, message: Outgoing, ended: _Ended) -> None:
        headers: Any = list(message.headers)  # Any: the stub does not know that a header may be null
        try:
            self._producer.produce(message.topic, message.value, message.key, headers=headers, on_delivery=ended)
        except BufferError:
            raise NotAppendedError(f"topic {message.topic} was not written: too many records wait") from None
        except KafkaException as error:
            raise NotAppendedError(refusals.told(f"topic {message.topic} was not written", error)) from None

    def _hear(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(ANSWER_S)
            if self._fatal.is_set():
                self._renew()

    def _heard(self, error: KafkaError) -> None:
        self._errors.append(error)
        if error.fatal():
            self._fatal.set()

    def _renew(self) -> None:
        """An idempotent producer that lost its sequence refuses everything from then on."""
        self._fatal.clear()
        broken, self._producer = self._producer, Producer(self._options)
        broken.flush(1)
        _LOG.error("producer-renewed")


def _settle(answer: "asyncio.Future[Place]", topic: str, error: KafkaError | None, written: Message) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(NotAppendedError(refusals.told(f"topic {topic} was not written", error)))
    else:
        answer.set_result(Place(topic, written.partition() or 0, written.offset() or 0))
