"""A Faust consumer with strict commits and batch delivery.

1. The committed offset of a partition is the lowest delivered record that is not acknowledged, or the one after the
   last delivered record.  Stock Faust commits past one unacknowledged record at the head of a partition (upstream
   issue 606) and forgets records that were dropped from a stream queue.
2. Acknowledgements of an earlier generation do not move the commit.
3. A commit that the broker refused leaves the bookkeeping as it was.
4. On revoke and on stop: end intake, let the application drain within a bound, commit, then forget.
5. While partitions are sought, and until a seek reached its end, nothing is delivered and so nothing is committed:
   what was fetched at the old place would stand at the head of a fresh window, and the commit would pass what was
   left.  Seeks follow one another.
6. A batch topic delivers one Faust event per fetched record batch of one partition: `event.value` is the list of
   records in offset order; acknowledging the event releases all of them, and until then none.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from faust.transport.consumer import CONSUMER_FETCHING, ensure_TP
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP, ConsumerMessage

from streams.runtime.driver.hooks import Hooks
from streams.runtime.driver.window import Delivered, Window

YIELD_EVERY = 100
DRAIN_STEP_S = 0.02
SEEK_AGAIN_S = 0.5


class StrictConsumer(faust_driver.Consumer):
    """Made by `install`, which sets `hooks` and `batch_topics` on a subclass of its own."""

    hooks: Hooks
    batch_topics: frozenset[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Faust's own signature
        super().__init__(*args, **kwargs)
        self._init_driver()

    def _init_driver(self) -> None:
        """What is this driver's own beside Faust's."""
        self._windows: dict[TP, Window] = defaultdict(partial(Window, self.hooks.clock.monotonic))
        self._epoch = 0
        self._seeking = asyncio.Lock()
        self._sought = True
        """False from the begin of a seek to its end; one that failed leaves it so, and the next fetch seeks again."""
        self._starts: dict[TP, int] = {}
        """Where the last seek put each partition."""
        self._holes: dict[TP, tuple[int, int]] = {}
        """Where a partition was sought, and where its log went on behind that."""

    # ── what may be committed ────────────────────────────────────────────────────────────────────

    @staticmethod
    def first_offset(message: Any) -> int:  # Any: a Faust message
        """Offset to restart from when `message` is not done."""
        records = message.value
        return int(records[0].offset if isinstance(records, list) else message.offset)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[TP]:  # Any: Faust's own signature
        return [tp for tp in self._windows if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        safe = self._windows[tp].committable(self.first_offset)
        if safe is not None and self._acked[tp]:
            self._acked[tp] = [offset for offset in self._acked[tp] if offset >= safe]
            self._acked_index[tp] = set(self._acked[tp])
        return safe

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps (compaction, transaction markers) need no bookkeeping: the window knows what was delivered."""

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: FBT001, FBT002  Faust's own signature
        before = {tp: self._committed_offset[tp] for tp in offsets}
        try:
            ok = await super()._commit_offsets(offsets, start_new_transaction)
        except BaseException:
            self._committed_offset.update(before)
            raise
        if ok:
            self.hooks.committed(offsets)
        else:
            self._committed_offset.update(before)
        return bool(ok)

    def committed_offset(self, tp: TP) -> int | None:
        """What the broker was last told, as far as this generation knows."""
        offset: int | None = self._committed_offset.get(tp)
        return offset

    def oldest_unacknowledged(self) -> dict[TP, tuple[int, float]]:
        """Partition → (offset, seconds at the head): exported, with an alert for one that stands still."""
        now, found = self.hooks.clock.monotonic(), {}
        for tp, window in self._windows.items():
            window.trim()
            if window.pending:
                found[tp] = (self.first_offset(window.pending[0]), now - window.since)
        return found

    # ── rebalance, seek, stop ────────────────────────────────────────────────────────────────────

    def _forget(self, tps: Iterable[TP] | None = None) -> None:
        self._epoch += 1
        for tp in list(self._windows if tps is None else tps):
            self._windows.pop(tp, None)
            self._acked.pop(tp, None)
            self._acked_index.pop(tp, None)
            self._starts.pop(tp, None)

    async def perform_seek(self) -> None:
        """Seek every source partition to where the hooks say it starts.

        aiokafka's seek_to_committed() leaves a partition alone whose committed offset is missing or 0, so what was
        fetched and dropped before would be skipped: here every partition is really sought.
        """
        async with self._seeking:
            self._sought = False
            self._forget()
            answered = await self.seek_to_committed()
            committed = {ensure_TP(tp): offset for tp, offset in answered.items()}
            sources = {tp: offset for tp, offset in committed.items() if not self._is_changelog_tp(tp)}
            starts = await self.hooks.starts(sources, await self.earliest_offsets(*sources) if sources else {})
            if starts:
                await self._thread.call_thread(self._seek_all, starts)
            self._committed_offset.update(sources)
            for tp, offset in committed.items():
                self._read_offset[tp] = starts.get(tp, offset) or None
            self._forget()
            self._starts = dict(starts)
            self._sought = True

    def _seek_all(self, starts: Mapping[TP, int]) -> None:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001  runs in the consumer's thread
        for tp in starts.keys() & {ensure_TP(tp) for tp in consumer.assignment()}:
            consumer.seek(faust_driver.ensure_aiokafka_TP(tp), starts[tp])

    async def seek(self, partition: TP, offset: int) -> None:
        self._forget([partition])
        await super().seek(partition, offset)
        self._forget([partition])
        self._starts[partition] = offset

    async def _drain(self, revoked: Iterable[TP]) -> None:
        """Let what has started finish, for a bounded time."""
        await self.hooks.quiesce(frozenset(revoked))
        clock = self.hooks.clock
        end = clock.monotonic() + self.hooks.drain_timeout.total_seconds()
        while clock.monotonic() < end and any(self._in_progress()):  # noqa: ASYNC110  bounded, and rare
            await self.sleep(DRAIN_STEP_S)

    def _in_progress(self) -> Iterator[bool]:
        for window in self._windows.values():
            for message in window.pending:
                yield bool(message.tracked and not message.acked)  # type: ignore[attr-defined]  # a Faust message

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        app = self.app
        self.stop_flow()
        app.flow_control.suspend()
        app.flow_control.clear()
        if not app.should_stop and self._windows:
            await self._drain(revoked)
            await self._last_commit()
        self.hooks.revoked(frozenset(revoked))
        self._forget(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await self.hooks.assigned(frozenset(assigned), generation_id)
        await super().on_partitions_assigned(assigned, generation_id)

    async def _last_commit(self) -> None:
        """commit() joins one that is under way, which does not know the latest acknowledgements."""
        await self.maybe_wait_for_commit_to_finish()
        await self.commit()

    async def wait_empty(self) -> None:
        """Stock waits for ever, and its commit ignores what is still running."""
        self.stop_flow()
        self.app.flow_control.clear()
        await self._drain(self.assignment())
        await self._last_commit()
        self.hooks.stopped(self.oldest_unacknowledged())

    # ── fetched records to the streams ───────────────────────────────────────────────────────────

    def deliveries(self, records: Mapping[TP, list[Any]], active: set[TP] | None) -> Iterator[tuple[TP, Any]]:
        """One fetch as Faust messages: a batch per partition of a batch topic, else record by record."""
        generation = self.app.consumer_generation_id
        for tp, fetched in records.items():
            if not (active is None or tp in active or tp in self._buffered_partitions):
                continue
            if tp.topic not in self.batch_topics:
                for record in fetched:
                    yield tp, self._to_message(tp, record)
                continue
            done = self._windows[tp].next_offset
            fresh = [record for record in fetched if done is None or record.offset >= done]
            if fresh:
                yield tp, _batch_message(tp, fresh, generation)

    async def _drain_messages(self, fetcher: Any) -> None:  # Any: Faust's fetcher service
        """As upstream, without four asyncio tasks per record while nothing can block."""
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):  # noqa: SLF001
                self.diag.set_flag(CONSUMER_FETCHING)
                await self.sleep(0)
                await self._fetch_once()
                self.diag.unset_flag(CONSUMER_FETCHING)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        finally:
            self.diag.unset_flag(CONSUMER_FETCHING)

    async def _fetch_once(self) -> None:
        epoch = self._epoch
        records, active = await self._wait_next_records(1.0)
        self.hooks.polled()
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_while_stopped()
            return
        if epoch != self._epoch or not self._sought:
            records = await self._without_void(records)
        for tp in records:
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        await self._deliver_all(records, active)

    async def _seek_while_stopped(self) -> None:
        try:
            await self.perform_seek()
        except Exception as exc:  # noqa: BLE001  the next fetch seeks again; upstream does the same
            self.log.warning("seek while the flow is stopped: %r", exc)

    async def _without_void(self, records: Mapping[TP, list[Any]]) -> dict[TP, list[Any]]:
        """Fetched around a seek: before it (void) or after it (skipped if dropped); nothing was delivered since."""
        acknowledged = self.app.topics.acks_enabled_for
        if any(acknowledged(tp.topic) for tp in records):
            try:
                await self.perform_seek()
            except Exception as exc:  # noqa: BLE001  nothing is delivered before a seek reached its end
                self.log.warning("seek after what was fetched became void: %r", exc)
                await self.sleep(SEEK_AGAIN_S)
        return {tp: fetched for tp, fetched in records.items() if not acknowledged(tp.topic)}

    async def _deliver_all(self, records: Mapping[TP, list[Any]], active: set[TP] | None) -> None:
        epoch, generation, count = self._epoch, self.app.consumer_generation_id, 0
        for tp, message in self.deliveries(records, active):
            # a seek or a rebalance makes the rest of this fetch void
            if not self.flow_active or epoch != self._epoch or generation != self.app.consumer_generation_id:
                return
            last = self._read_offset[tp]
            if (last is not None and message.offset < last) or not self._admit(tp, message):
                continue
            await self._hand_over(tp, message)
            self._read_offset[tp] = message.offset
            count += 1
            if count % YIELD_EVERY == 0:
                await self.sleep(0)

    def _admit(self, tp: TP, message: Any) -> bool:
        """Into the window, unless it was delivered already."""
        if not self.app.topics.acks_enabled_for(message.topic):
            return True
        window = self._windows[tp]
        if window.next_offset is not None and message.offset < window.next_offset:
            return False
        if window.next_offset is None and self._is_doubtful(tp, self.first_offset(message)):
            return False
        self.hooks.delivering(tp, self.first_offset(message), window.next_offset)
        window.add(message)
        return True

    def _is_doubtful(self, tp: TP, first: int) -> bool:
        """Whether the first record after a seek lies behind the place that was sought: then it is sought once more.

        A log may have a hole there (compaction, transaction markers): the same place again is believed.
        """
        start = self._starts.get(tp)
        if start is None or first <= start or self._holes.get(tp) == (start, first):
            return False
        self._holes[tp] = (start, first)
        self._sought = False
        self._epoch += 1  # the rest of this fetch is void
        return True

    async def _hand_over(self, tp: TP, message: Any) -> None:
        channels = self.app.topics._tp_index.get(tp, ())  # noqa: SLF001
        locked = self.app.topics._tp_to_callback_lock.locked()  # noqa: SLF001
        free = self.app.flow_control.is_active() and not self.suspend_flow.is_set() and not locked
        if free and not any(channel.queue.full() for channel in channels):
            await self.callback(message)  # does not block
        else:
            await self.wait_first(self.callback(message), self.suspend_flow.wait())


def _batch_message(tp: TP, records: list[Any], generation: int) -> ConsumerMessage:
    last = records[-1]
    return ConsumerMessage(
        last.topic,
        last.partition,
        last.offset,
        (last.timestamp or 0) / 1000.0,
        last.timestamp_type,
        (),
        None,
        records,
        None,
        0,
        0,
        tp,
        generation_id=generation,
    )


__all__ = ["Delivered", "StrictConsumer"]
