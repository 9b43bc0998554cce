"""Asks the lease again right before bytes leave: a batch may have waited while the process was stopped."""

from collections.abc import Mapping
from typing import Any

import aiokafka

from connectors.core.errors import LeaseLostError
from streams.runtime.lease import Lease


class SendGuard:
    """Stands before one producer's requests.

    aiokafka gives a batch its sequence number before this guard sees it.  So what is refused here leaves a hole, and
    the broker would refuse every later batch of that partition: after a refusal nothing leaves by this producer any
    more, also where the lease is back a moment later.
    """

    def __init__(self, producer: aiokafka.AIOKafkaProducer, lease: Lease) -> None:
        self._sender = producer._sender  # noqa: SLF001
        self._send = self._sender._send_produce_req  # noqa: SLF001
        self._lease = lease
        self._hole: LeaseLostError | None = None

    def install(self) -> None:
        self._sender._send_produce_req = self._guarded  # noqa: SLF001

    async def _guarded(self, node_id: int, batches: Mapping[Any, Any]) -> None:  # Any: aiokafka's batches
        self._hole = self._hole or self._refusal(batches)
        if self._hole is None:
            await self._send(node_id, batches)
            return
        for batch in batches.values():
            batch.failure(self._hole)
        self._sender._in_flight.discard(node_id)  # noqa: SLF001
        self._sender._muted_partitions.difference_update(batches)  # noqa: SLF001

    def _refusal(self, batches: Mapping[Any, Any]) -> LeaseLostError | None:
        try:
            for batch in batches.values():
                self._lease.check(getattr(batch._builder, "generation", None))  # noqa: SLF001
        except LeaseLostError as error:
            return error
        return None
