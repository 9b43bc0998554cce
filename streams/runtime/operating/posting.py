"""Writes what an operator decided: returns when the brokers have it, or says in one line why not."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.runtime import refusals
from streams.runtime.kafka import MAX_REQUEST, PARTITIONER, confluent_options
from streams.runtime.lookback import Place
from streams.settings import KafkaSettings

WITHIN_S = 30
ANY_PARTITION = -1


class NotWrittenError(Exception):
    """The brokers did not acknowledge a message; the message of this error says which and why."""


class Outgoing(NamedTuple):
    """One message; `partition` None: the key decides (murmur2, as every producer of this application)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    partition: int | None = None


class Posting:
    """Idempotent, acknowledged by all in-sync replicas."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._errors: list[KafkaError] = []
        options: dict[str, Any] = {  # Any: librdkafka's settings and a callback
            **confluent_options(settings),
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": PARTITIONER,
            "message.max.bytes": MAX_REQUEST,
            "delivery.timeout.ms": WITHIN_S * 1000,
            "linger.ms": 0,
            "error_cb": self._errors.append,
            "log_level": 0,
        }
        self._producer = Producer(options)

    def post(self, messages: Sequence[Outgoing]) -> list[Place]:
        """Where each one lies now, in the order of `messages`.  Raises NotWrittenError for the first that failed.

        Those before and after it may have been written: what is posted must be safe to repeat.
        """
        answers: list[tuple[KafkaError | None, Message] | None] = [None] * len(messages)
        for number, message in enumerate(messages):
            self._send(message, number, answers)
        self._producer.flush(WITHIN_S + 5)
        return [self._place(message, answer) for message, answer in zip(messages, answers, strict=True)]

    def _send(self, message: Outgoing, number: int, answers: list[tuple[KafkaError | None, Message] | None]) -> None:
        def ended(error: KafkaError | None, written: Message) -> None:
            answers[number] = (error, written)

        try:
            self._hand_over(message, ended)
        except BufferError:
            self._producer.flush(WITHIN_S)
            self._hand_over(message, ended)
        except KafkaException as error:
            raise NotWrittenError(refusals.told(f"topic {message.topic} was not written", error)) from None
        self._producer.poll(0)

    def _hand_over(self, message: Outgoing, ended: Callable[[KafkaError | None, Message], None]) -> None:
        headers: Any = list(message.headers)  # Any: the stub does not know that a header may be null
        number = ANY_PARTITION if message.partition is None else message.partition
        self._producer.produce(
            message.topic, message.value, message.key, partition=number, headers=headers, on_delivery=ended
        )

    def _place(self, message: Outgoing, answer: tuple[KafkaError | None, Message] | None) -> Place:
        if answer is None:
            last = KafkaError(refusals.Local.TIMED_OUT)
            raise NotWrittenError(f"topic {message.topic} was not written: {refusals.reason(self._errors, last)}")
        error, written = answer
        if error is not None:
            why = refusals.decisive(self._errors)
            raise NotWrittenError(
                f"topic {message.topic} was not written: {why}"
                if why
                else refusals.told(f"topic {message.topic} was not written", error)
            )
        return Place(str(written.topic()), written.partition() or 0, written.offset() or 0)
