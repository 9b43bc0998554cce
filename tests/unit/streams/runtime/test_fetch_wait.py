"""How long a fetch waits for records: a restart's questions to the same broker wait behind it."""

import asyncio
import inspect
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiokafka
import faust
from faust.transport.drivers import aiokafka as faust_driver

from streams.runtime.clock import SystemClock
from streams.runtime.driver.install import install
from streams.runtime.lease import Lease


def test_a_workers_fetch_does_not_hold_up_its_restart_for_longer_than_kafkas_default() -> None:
    assert asyncio.run(_waits()) == (1500, 500)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(aiokafka.AIOKafkaConsumer.start)


async def _waits() -> tuple[int, int]:
    """As Faust makes its consumer, and as ours is made."""
    app = faust.App(
        "waits",
        loop=asyncio.get_running_loop(),
        broker="kafka://127.0.0.1:1",
        consumer_auto_offset_reset="earliest",
        autodiscover=False,
    )
    install(
        app,
        cast("Any", SimpleNamespace(clock=SystemClock())),
        Lease(SystemClock(), timedelta(seconds=10)),
        batch_topics=(),
    )
    thread = app._new_consumer()._thread  # noqa: SLF001  Faust's own

    stock = faust_driver.AIOKafkaConsumerThread._create_worker_consumer(thread, app.transport)  # noqa: SLF001  as above
    ours = thread._create_worker_consumer(app.transport)  # noqa: SLF001  as above

    await stock.stop()
    await ours.stop()
    thread.thread_loop.close()
    return stock._fetch_max_wait_ms, ours._fetch_max_wait_ms  # noqa: SLF001  no public name
