"""What an ERP's bridge writes: the items and prices that orders are checked against."""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Producer

from simulators.channels.orders import Item
from simulators.wms.producer import producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of

PRODUCT, PRICE = "erp.product.v1", "erp.price.v1"
CHANGED_AT = 1_772_400_000_000_000


class ReferenceFeed:
    """Each call returns when the broker has the records."""

    def __init__(self, bootstrap: str, registry_url: str) -> None:
        self._producer = Producer(producer_config(bootstrap, {}))
        self._registered = {
            topic: resolve(Registry(registry_url), topic, schema_of(topic)) for topic in (PRODUCT, PRICE)
        }

    def state(self, items: Iterable[Item], discontinued: frozenset[str] = frozenset()) -> None:
        """All of them, with their prices in USD."""
        for item in items:
            self._put(PRODUCT, item.sku, {"is_discontinued": item.sku in discontinued})
            self._put(PRICE, item.sku, {"prices": [{"currency": "USD", "price": item.price}]})
        assert self._producer.flush(30) == 0

    def _put(self, topic: str, sku: str, fields: Mapping[str, Any]) -> None:
        registered = self._registered[topic]
        record = {"sku": sku, "source_system": "erp", "changed_at": CHANGED_AT, **fields}
        value = frame(registered.schema_id, RecordCodec(registered.schema).encode(record))
        self._producer.produce(topic, value, sku.encode())
        self._producer.poll(0)
