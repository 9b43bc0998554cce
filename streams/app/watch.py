"""Looks at the worker from inside, once a second: what stands still, what crashed, what the gauges should say.

aiokafka's consumer has been seen alive after a broker restart without ever rejoining its group (aiokafka issue 1154):
a worker that no longer polls, or whose heartbeats nobody answers while the broker can be reached, ends itself.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol

from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.logs import logger
from streams.runtime.metrics import ACCOUNTED, LAG, LOOP_LAG, OLDEST_UNACKNOWLEDGED, STORE_BYTES

EVERY = timedelta(seconds=1)
STANDS_STILL_AFTER = timedelta(seconds=60)
STUCK_AFTER = timedelta(seconds=120)
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

    def store_sizes(self) -> Mapping[str, int]:
        """Table → bytes on disk."""
        ...


class Watch:
    """`end` is called with what is wrong when only a restart helps."""

    def __init__(self, watched: Watched, clock: Clock, end: Callable[[BaseException], None]) -> None:
        self._watched, self._clock, self._end = watched, clock, end
        self._seen: set[tuple[str, str]] = set()

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
        for (topic, partition), lag in self._watched.lags().items():
            LAG.labels(topic, str(partition)).set(lag)
        for (topic, partition), seconds in self._watched.oldest_unacknowledged().items():
            OLDEST_UNACKNOWLEDGED.labels(topic, str(partition)).set(seconds)
        for table, size in self._watched.store_sizes().items():
            STORE_BYTES.labels(table).set(size)
        accounted = self._watched.accounted()
        for topic, outcome in self._seen - accounted.keys():
            ACCOUNTED.labels(topic, outcome).set(0)
        for (topic, outcome), records in accounted.items():
            ACCOUNTED.labels(topic, outcome).set(records)
        self._seen |= accounted.keys()
