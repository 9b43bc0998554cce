"""The bridge that answers requests for a recount: the application asks, the warehouse states its quantity anew."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

from confluent_kafka import Consumer, Message
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException

from simulators.wms.journal import Journal
from simulators.wms.producer import UndeliveredError
from simulators.wms.record import RecountRequest
from simulators.wms.registry import Registry, RegistryError
from simulators.wms.wire import RECOUNT_TOPIC, RecordCodec, schema_of, unframe

POLL_S = 0.2
UNREADABLE = (
    ValueError,
    LookupError,
    EOFError,
    TypeError,
    ArithmeticError,
    SchemaResolutionError,
    SchemaParseException,
    RegistryError,
)
"""What fastavro and the registry raise for bytes that are no request."""


def consumer_config(bootstrap: str, group: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A new group reads from the start; offsets are committed after the answer is acknowledged."""
    return {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        **properties,
    }


class RecountBridge:
    """Reads inventory.recount.v1 in a thread of its own; `answer` blocks until its records are acknowledged."""

    def __init__(
        self,
        config: Mapping[str, Any],
        registry: Registry,
        answer: Callable[[RecountRequest], object],
        *,
        journal: Journal,
        topic: str = RECOUNT_TOPIC,
    ) -> None:
        self._registry = registry
        self._answer = answer
        self._journal = journal
        self._reader = RecordCodec(schema_of(RECOUNT_TOPIC))
        self._stopping = threading.Event()
        self._consumer = Consumer(dict(config))
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._work, name="recount-bridge", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the request in hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._consumer.close()

    def _work(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(POLL_S)
            if message is not None and message.error() is None:
                self._serve(message)
                if not self._stopping.is_set():  # an unserved request is asked again
                    self._consumer.commit(message=message, asynchronous=False)

    def _serve(self, message: Message) -> None:
        try:
            request = self._read(message)
        except UNREADABLE as error:
            self._note(message, "recount-unreadable", str(error))
            return
        if request is None:
            return
        try:
            self._answer(request)
        except UndeliveredError as error:
            self._note(message, "recount-unanswered", str(error))
        else:
            self._note(message, "recount-request", request["request_id"])

    def _read(self, message: Message) -> RecountRequest | None:
        """Waits while the registry cannot be reached; None: the bridge is stopping."""
        while not self._stopping.wait(0):
            try:
                return self._decode(message.value() or b"")
            except OSError:
                self._stopping.wait(POLL_S)
        return None

    def _decode(self, value: bytes) -> RecountRequest:
        schema_id, body = unframe(value)
        writer = RecordCodec(self._registry.schema(schema_id))
        return cast("RecountRequest", writer.decode(body, reader=self._reader))

    def _note(self, message: Message, what: str, detail: str) -> None:
        place = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
        self._journal.append({**place, "what": what, "detail": detail})
