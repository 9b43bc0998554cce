"""Puts orders on their topic, some of them twice, and waits until the broker has them."""

import random
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from simulators.channels.orders import Record
from simulators.wms.producer import producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of

TOPIC = "commerce.order.v1"
LONGEST_S = 60.0


class OrderProducer:
    """`sent` counts records that the broker acknowledged, repeats included; `refused` says why others were not."""

    def __init__(self, bootstrap: str, registry_url: str, *, repeats: float = 0.0, seed: int = 1) -> None:
        self._producer = Producer(producer_config(bootstrap, {}))
        registered = resolve(Registry(registry_url), TOPIC, schema_of(TOPIC))
        self._schema_id, self._codec = registered.schema_id, RecordCodec(registered.schema)
        self._repeats, self._chance = repeats, random.Random(seed)
        self.sent = 0
        self.refused: list[str] = []

    def send(self, orders: Iterable[Record]) -> None:
        """Returns when every order is acknowledged.  Raises RuntimeError where one was not."""
        for order in orders:
            times = 2 if self._chance.random() < self._repeats else 1
            value = frame(self._schema_id, self._codec.encode(order))
            for _ in range(times):
                self._producer.produce(TOPIC, value, order["number"].encode(), on_delivery=self._ended)
                self._producer.poll(0)
        left = self._producer.flush(LONGEST_S)
        if left or self.refused:
            raise RuntimeError(f"{left} orders not acknowledged, {len(self.refused)} refused: {self.refused[:3]}")

    def _ended(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.sent += 1
        else:
            self.refused.append(str(error))

    def close(self) -> None:
        self._producer.close()
