"""Puts the strict driver into a Faust app, once, after the app was made and before it starts."""

from collections.abc import Iterable, Mapping
from typing import Any

import faust
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import NoError, RebalanceInProgressError
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from faust.transport.drivers import aiokafka as faust_driver

from streams.runtime.driver.consumer import StrictConsumer
from streams.runtime.driver.hooks import Hooks
from streams.runtime.driver.recovery import TableManager
from streams.runtime.lease import Lease

FETCH_WAIT_MS = 500
"""Kafka's own default.  A broker answers the requests of one connection in order: what a restart asks for (the ends
and beginnings of its partitions, three times) waits each time until the fetch before it ends."""


def install(app: faust.App, hooks: Hooks, lease: Lease, *, batch_topics: Iterable[str]) -> None:
    """From here on `app` delivers, commits, recovers and beats its heart by this runtime's rules."""
    if app.conf.consumer_auto_offset_reset != "earliest":
        raise ValueError("at-least-once needs consumer_auto_offset_reset='earliest'")
    thread = type("ConsumerThread", (_ConsumerThread,), {"lease": lease})
    made: Mapping[str, Any] = {"hooks": hooks, "batch_topics": frozenset(batch_topics), "thread_type": thread}
    consumer = type("Consumer", (_Consumer,), dict(made))
    transport = type("Transport", (faust_driver.Transport,), {"Consumer": consumer})
    app.conf.TableManager = type("TableManager", (TableManager,), {"hooks": hooks})
    app.conf.stream_wait_empty = True  # bounded here, see StrictConsumer.wait_empty
    app._new_transport = lambda: transport(app.conf.broker_consumer, app)  # noqa: SLF001
    app._new_producer_transport = lambda: transport(app.conf.broker_producer, app)  # noqa: SLF001


class _ConsumerThread(faust_driver.AIOKafkaConsumerThread):
    lease: Lease

    def _create_worker_consumer(self, transport: Any) -> Any:  # Any: Faust's transport, aiokafka's consumer
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001  Faust writes 1,500 there, aiokafka is pinned
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001
        if isinstance(coordinator, GroupCoordinator):
            _listen(coordinator, self.lease)


class _Consumer(StrictConsumer):
    thread_type: type[_ConsumerThread]

    def _new_consumer_thread(self) -> _ConsumerThread:
        return self.thread_type(self, loop=self.loop, beacon=self.beacon)


def _listen(coordinator: GroupCoordinator, lease: Lease) -> None:
    """Tell the lease of every heartbeat and join that the broker answered, by the time it was *sent*.

    The time of sending counts: an answer may lie in the socket while the process is stopped.
    """
    send = coordinator._send_req  # noqa: SLF001

    async def heard(request: Any) -> Any:  # Any: aiokafka's requests and answers
        sent_at = lease.now()
        answer = await send(request)
        if isinstance(request, (HeartbeatRequest, SyncGroupRequest)) and answer.error_code in _STILL_A_MEMBER:
            lease.renewed(sent_at)
        return answer

    coordinator._send_req = heard  # noqa: SLF001


_STILL_A_MEMBER = {NoError.errno, RebalanceInProgressError.errno}
