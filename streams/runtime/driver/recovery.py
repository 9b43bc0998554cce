"""Table recovery: whole changelog batches into the store, then seek, then resume.

* Upstream resumes the source partitions, then seeks, then empties every stream queue: what was fetched in between is
  dropped (upstream issue 596).  Here: seek, then resume.
* Upstream replays one record at a time (about 5,000 a second).  Here a consumer of its own reads the changelog and
  each fetch becomes one write to the store, before Faust looks: Faust then finds nothing left to read.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import aiokafka
from faust.tables import manager as faust_manager
from faust.tables import recovery as faust_recovery
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP

from streams.runtime.driver.hooks import Hooks

FETCH_BYTES = 8 << 20
FETCH_WAIT_MS = 500


class StrictRecovery(faust_recovery.Recovery):
    """Made by `TableManager`."""

    hooks: Hooks

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        await self.app.on_rebalance_complete.send()
        self._set_recovery_ended()
        tables = list(self.tables.values())
        done = [t.on_recovery_completed(self.actives_for_table[t], self.standbys_for_table[t]) for t in tables]
        await asyncio.gather(*done)
        await self._open(generation_id)

    async def _resume_streams(self, generation_id: int = 0) -> None:
        await self.app.on_rebalance_complete.send()
        await self._open(generation_id)

    async def _open(self, generation_id: int) -> None:
        app, consumer = self.app, self.app.consumer
        assignment = consumer.assignment()
        if app.consumer_generation_id != generation_id:
            self.log.warning("another rebalance has started")
            return
        consumer.resume_partitions({tp for tp in assignment if not self._is_changelog_tp(tp)})
        if assignment:
            await self._wait(consumer.perform_seek(), timeout=app.conf.broker_request_timeout)
        app.flow_control.resume()  # empties the queues: nothing is in them yet, for the flow has not been resumed
        self.completed.set()
        consumer.resume_flow()
        await app._fetcher.maybe_start()  # noqa: SLF001
        self.tables.on_actives_ready()
        if not app.assignor.assigned_standbys():
            self.tables.on_standbys_ready()
        app.on_rebalance_end()
        self.log.info("Worker ready")

    # ── bulk replay ──────────────────────────────────────────────────────────────────────────────

    async def _build_offsets(self, consumer: Any, tps: set[TP], destination: dict[TP, Any], title: str) -> None:
        # Any: Faust's consumer, and its offsets that may be None
        if title != "active":
            await super()._build_offsets(consumer, tps, destination, title)
        elif tps:
            earliest = await consumer.earliest_offsets(*tps)
            self._check_gaps(earliest, destination)
            for tp in tps:
                held = destination[tp]
                destination[tp] = max(-1 if held is None else held, earliest[tp] - 1)
            await self._replay(tps, destination)

    def _check_gaps(self, earliest: Mapping[TP, int], have: Mapping[TP, int | None]) -> None:
        """A changelog is compacted, never cut: a start beyond what the store holds means lost state."""
        for tp, start in earliest.items():
            held = have.get(tp)
            needed = 0 if held is None else held + 1
            if start > needed:
                self.hooks.changelog_gap(tp, needed, start)

    async def _wait(self, coro: Awaitable[Any], timeout: Any = None) -> None:  # noqa: ASYNC109  Faust's own signature
        # The replay runs inside _build_offsets, which upstream bounds by broker_request_timeout: a long replay is no
        # error, and has its own progress.
        unbounded = getattr(coro, "__name__", "") == "_build_offsets"
        await super()._wait(coro, timeout=None if unbounded else timeout)

    async def _replay(self, tps: set[TP], offsets: dict[TP, Any]) -> None:
        at = {tp: -1 if offsets[tp] is None else offsets[tp] for tp in tps}
        ends = {tp: end for tp in tps if (end := self.active_highwaters.get(tp)) is not None and end > at[tp]}
        if not ends:
            return
        consumer = self._replay_consumer()
        await consumer.start()
        try:
            consumer.assign([aiokafka.TopicPartition(*tp) for tp in ends])
            for tp in ends:
                consumer.seek(aiokafka.TopicPartition(*tp), at[tp] + 1)
            await self._read_to_end(consumer, ends, offsets)
        finally:
            await consumer.stop()

    def _replay_consumer(self) -> aiokafka.AIOKafkaConsumer:
        app = self.app
        servers = faust_driver.server_list(app.transport.url, app.transport.default_port)
        auth = faust_driver.credentials_to_aiokafka_auth(app.conf.broker_credentials, app.conf.ssl_context)
        return aiokafka.AIOKafkaConsumer(
            bootstrap_servers=servers,
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=100,
            isolation_level="read_committed",
            **auth,
        )

    async def _read_to_end(self, consumer: Any, ends: dict[TP, int], offsets: dict[TP, Any]) -> None:
        todo = dict(ends)
        while todo and not self.should_stop and not self.signal_recovery_start.is_set():
            wanted = {aiokafka.TopicPartition(*tp): tp for tp in todo}
            fetched = await consumer.getmany(*wanted, timeout_ms=FETCH_WAIT_MS)
            self.hooks.polled()
            for named, records in fetched.items():
                tp = wanted[named]
                self.tp_to_table[tp].data.apply_records(tp.partition, records)
                offsets[tp] = records[-1].offset
                self.hooks.recovering(tp, offsets[tp], ends[tp])
                await self.sleep(0)
            for named, tp in wanted.items():
                # position() also passes trailing markers and compacted records
                if await consumer.position(named) > ends[tp]:
                    held = -1 if offsets[tp] is None else offsets[tp]
                    offsets[tp] = max(held, todo.pop(tp))


class TableManager(faust_manager.TableManager):
    """Made by `install`, which sets `hooks` on a subclass of its own."""

    hooks: Hooks
    _made: StrictRecovery | None = None

    @property
    def recovery(self) -> StrictRecovery:
        if self._made is None:
            made = type("Recovery", (StrictRecovery,), {"hooks": self.hooks})
            self._made = made(self.app, self, beacon=self.beacon, loop=self.loop)
            self._recovery = self._made
        return self._made
