"""Looks at the worker from inside, once a second: what stands still, what crashed, what the gauges should say.

aiokafka's consumer has been seen alive after a broker restart without ever rejoining its group (aiokafka issue 1154):
a worker that no longer polls, or whose heartbeats nobody answers while the broker can be reached, ends itself.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol, TypeVar

from prometheus_client import Gauge

from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.logs import logger
from streams.runtime.metrics import (
    ACCOUNTED,
    CERTIFICATE_ENDS,
    DISK_FREE,
    DISK_SIZE,
    EVENTS_PARKED,
    EVENTS_PARKED_LEFT,
    IN_FLIGHT_RECORDS,
    LAG,
    LETTERS_OPEN,
    LOOP_LAG,
    OLDEST_LETTER,
    OLDEST_UNACKNOWLEDGED,
    ORDERS_DOUBLED,
    ORDERS_FAILING,
    ORDERS_HELD,
    ORDERS_HELD_OLDEST,
    ORDERS_WAITING,
    ORDERS_WAITING_OLDEST,
    STORE_BYTES,
    UNACCOUNTED,
)
from streams.web.accounting import Balance
from streams.web.letter_index import Depth
from streams.web.order_facts import OrderSums

EVERY = timedelta(seconds=1)
STANDS_STILL_AFTER = timedelta(seconds=60)
STUCK_AFTER = timedelta(seconds=120)
Labels = TypeVar("Labels", bound=tuple[str, ...])
_LOG = logger("streams.watch")


class Watched(Protocol):
    """What the watch needs of the application."""

    health: Health

    def crashed(self) -> BaseException | None:
        """Why a part of Faust ended by itself, if one did."""
        ...

    def since_poll(self) -> timedelta:
        """Since a fetch last returned."""
        ...

    async def take_up_left(self) -> None:
        """Have batches delivered again that were left unfinished."""
        ...

    def heartbeat_age(self) -> timedelta:
        """Since the group's coordinator last answered."""
        ...

    def broker_answers(self) -> bool:
        """Whether the brokers can be reached; blocking."""
        ...

    def lags(self) -> Mapping[tuple[str, int], int]:
        """Records behind, per partition of an input."""
        ...

    def oldest_unacknowledged(self) -> Mapping[tuple[str, int], float]:
        """Seconds that the oldest delivered record of a partition has been unfinished."""
        ...

    def accounted(self) -> Mapping[tuple[str, str], int]:
        """(topic, outcome) → records, of the tables that this worker owns."""
        ...

    def balances(self) -> Mapping[str, Balance]:
        """Topic → this worker's part of the sums."""
        ...

    def letters_open(self) -> Mapping[tuple[str, str], Depth] | None:
        """(topic, reason) → dead letters that nobody worked; None while they are not known."""
        ...

    def disk(self) -> tuple[int, int]:
        """Bytes free and bytes in all, of the disk that has the tables."""
        ...

    def certificate_ends(self) -> Mapping[str, float]:
        """Setting → when the first certificate of its file ends, in seconds since 1970."""
        ...

    def order_sums(self) -> OrderSums | None:
        """What waits of orders; None where orders are off."""
        ...

    def now(self) -> int:
        """µs, UTC."""
        ...

    def store_sizes(self) -> Mapping[str, int]:
        """Table → bytes on disk."""
        ...


class Watch:
    """`end` is called with what is wrong when only a restart helps."""

    def __init__(self, watched: Watched, clock: Clock, end: Callable[[BaseException], None]) -> None:
        self._watched, self._clock, self._end = watched, clock, end
        self._seen: dict[Gauge, set[tuple[str, ...]]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(EVERY)
            LOOP_LAG.set(max(0.0, self._clock.monotonic() - before - EVERY.total_seconds()))
            await self._look()

    async def _look(self) -> None:
        crashed = self._watched.crashed()
        if crashed is not None:
            self._end(crashed)
        if self._watched.since_poll() > STANDS_STILL_AFTER:
            self._end(TimeoutError(f"nothing was fetched for {self._watched.since_poll().total_seconds():.0f} s"))
        await self._watched.take_up_left()
        await self._check_heartbeat()
        self._measure()

    async def _check_heartbeat(self) -> None:
        age = self._watched.heartbeat_age()
        name = "group"
        if age < STANDS_STILL_AFTER:
            self._watched.health.over(name)
            return
        answers = await asyncio.to_thread(self._watched.broker_answers)
        what = "the brokers answer, but not to this worker's group" if answers else "no broker answers"
        self._watched.health.trouble(name, what, blocks=True)
        if answers and age > STUCK_AFTER:
            self._end(TimeoutError(f"{what} for {age.total_seconds():.0f} s"))

    def _measure(self) -> None:
        watched = self._watched
        oldest = watched.oldest_unacknowledged()
        self._show(LAG, {(topic, str(partition)): lag for (topic, partition), lag in watched.lags().items()})
        self._show(OLDEST_UNACKNOWLEDGED, {(topic, str(partition)): age for (topic, partition), age in oldest.items()})
        self._show(STORE_BYTES, {(table,): size for table, size in watched.store_sizes().items()})
        self._show(ACCOUNTED, watched.accounted())
        balances = watched.balances()
        self._show(UNACCOUNTED, {(topic,): one.unaccounted for topic, one in balances.items()})
        self._show(IN_FLIGHT_RECORDS, {(topic,): one.in_flight for topic, one in balances.items()})
        self._measure_machine()
        letters = watched.letters_open()
        if letters is not None:
            self._measure_letters(letters, watched.now())
        sums = watched.order_sums()
        if sums is not None and sums.as_of:
            self._measure_orders(sums, watched.now())

    def _measure_machine(self) -> None:
        free, size = self._watched.disk()
        DISK_FREE.set(free)
        DISK_SIZE.set(size)
        self._show(CERTIFICATE_ENDS, {(file,): end for file, end in self._watched.certificate_ends().items()})

    def _measure_letters(self, letters: Mapping[tuple[str, str], Depth], now: int) -> None:
        self._show(LETTERS_OPEN, {kind: depth.letters for kind, depth in letters.items()})
        oldest: dict[str, int] = {}
        for (topic, _reason), depth in letters.items():
            oldest[topic] = min(depth.oldest_at, oldest.get(topic, depth.oldest_at))
        self._show(OLDEST_LETTER, _ages(oldest, now))

    def _measure_orders(self, sums: OrderSums, now: int) -> None:
        """Ages grow between two looks: they are worked out from when things began."""
        self._show(ORDERS_HELD, {(reason,): number for reason, number in sums.reasons.items()})
        self._show(ORDERS_HELD_OLDEST, _ages(sums.oldest_by_reason, now))
        self._show(ORDERS_WAITING, {(role,): number for role, number in sums.waiting.items()})
        self._show(ORDERS_WAITING_OLDEST, _ages(sums.oldest_waiting_at, now))
        self._show(ORDERS_FAILING, {(role,): number for role, number in sums.failing.items()})
        self._show(ORDERS_DOUBLED, {(role,): number for role, number in sums.doubled.items()})
        self._show(EVENTS_PARKED, {(kind,): number for kind, number in sums.parked.items()})
        left = {(kind,): (until - now) / 1_000_000 for kind, until in sums.oldest_parked_until.items()}
        self._show(EVENTS_PARKED_LEFT, left)

    def _show(self, gauge: Gauge, values: Mapping[Labels, float]) -> None:
        """What was there and is no more (finished, or of a partition that went) is 0: it would stand for ever."""
        seen = self._seen.setdefault(gauge, set())
        for labels in seen - values.keys():
            gauge.labels(*labels).set(0)
        for labels, value in values.items():
            gauge.labels(*labels).set(value)
        seen.update(values)


def _ages(since: Mapping[str, int], now: int) -> dict[tuple[str, ...], float]:
    return {(name,): max(0, now - at) / 1_000_000 for name, at in since.items()}
