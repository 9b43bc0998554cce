"""Puts orders, and what systems say of them, on their topics, some twice, and waits until the broker has them."""

import random
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from simulators.channels.orders import Record
from simulators.wms.producer import producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of

TOPIC = "commerce.order.v1"
LONGEST_S = 60.0


class RecordProducer:
    """`key` names the field that the topic is keyed by.

    `sent` counts records that the broker acknowledged, repeats included; `refused` says why others were not.
    """

    def __init__(
        self, bootstrap: str, registry_url: str, topic: str, key: str, *, repeats: float = 0.0, seed: int = 1
    ) -> None:
        self._producer = Producer(producer_config(bootstrap, {}))
        registered = resolve(Registry(registry_url), topic, schema_of(topic))
        self._schema_id, self._codec = registered.schema_id, RecordCodec(registered.schema)
        self._topic, self._key = topic, key
        self._repeats, self._chance = repeats, random.Random(seed)
        self.sent = 0
        self.refused: list[str] = []

    def send(self, records: Iterable[Record]) -> None:
        """Returns when every record is acknowledged.  Raises RuntimeError where one was not."""
        for record in records:
            times = 2 if self._chance.random() < self._repeats else 1
            value = frame(self._schema_id, self._codec.encode(record))
            for _ in range(times):
                self._producer.produce(self._topic, value, record[self._key].encode(), on_delivery=self._ended)
                self._producer.poll(0)
        left = self._producer.flush(LONGEST_S)
        if left or self.refused:
            raise RuntimeError(f"{left} records not acknowledged, {len(self.refused)} refused: {self.refused[:3]}")

    def _ended(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.sent += 1
        else:
            self.refused.append(str(error))

    def close(self) -> None:
        self._producer.close()


class OrderProducer(RecordProducer):
    """Orders as their channels place them."""

    def __init__(self, bootstrap: str, registry_url: str, *, repeats: float = 0.0, seed: int = 1) -> None:
        super().__init__(bootstrap, registry_url, TOPIC, "number", repeats=repeats, seed=seed)
