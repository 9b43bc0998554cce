"""When what waits for a target will have gone out, and what will miss its cut-off: said beforehand, checked afterwards.

A forecast counts from the moment that the target takes calls again: while it is away nobody knows when that is.
Times are microseconds since 1970 in UTC, unless said otherwise.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import floor
from typing import NamedTuple

from streams.domain.cut_off import Urgency

MICROS = 1_000_000
KEPT = 30
"""Ended commands after which older ones weigh half."""
LEAST_SAID = 10
"""Fewer than so many that wait are no queue: nothing is said of them, and nothing is learned."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """What commands took: seconds that somebody was busy with them, and calls."""

    busy_s: float = 0.0
    calls: float = 0.0
    ended: float = 0.0

    def worked(self, seconds: float, calls: int) -> "Throughput":
        return replace(self, busy_s=self.busy_s + seconds, calls=self.calls + calls)

    def done(self) -> "Throughput":
        if self.ended < KEPT:
            return replace(self, ended=self.ended + 1)
        return Throughput(self.busy_s / 2, self.calls / 2, self.ended / 2 + 1)

    def per_s(self, at_once: int, calls_per_s: float) -> float | None:
        """Commands a second, with so many worked on at once and so many calls a second (0: no bound).

        None while nothing has ended yet: nobody knows.
        """
        if not self.ended or not self.busy_s:
            return None
        by_time = at_once * self.ended / self.busy_s
        return min(by_time, calls_per_s * self.ended / self.calls) if calls_per_s and self.calls else by_time


class Due(NamedTuple):
    """So many that wait must be there by then; `label` is the cut-off as its own zone says it."""

    cut_off: int
    label: str
    orders: int


class Queue(NamedTuple):
    """What waits: all of it, and by cut-off, the nearest first."""

    waiting: int = 0
    due: tuple[Due, ...] = ()
    since: int | None = None
    """When the oldest was decided."""


def queue_of(waiting: Iterable[Urgency], more: int = 0) -> Queue:
    """`more` are known by their number alone: they still stand in their topic."""
    by_cut_off = Counter[tuple[int, str]]()
    total, since = more, None
    for one in waiting:
        total += 1
        since = one.since if since is None else min(since, one.since)
        if one.cut_off is not None:
            by_cut_off[one.cut_off, one.label] += 1
    due = tuple(Due(cut_off, label, orders) for (cut_off, label), orders in sorted(by_cut_off.items()))
    return Queue(total, due, since)


def added(queues: Iterable[Queue]) -> Queue:
    """Several workers' queues in one."""
    parts = list(queues)
    by_cut_off = Counter[tuple[int, str]]()
    for part in parts:
        for one in part.due:
            by_cut_off[one.cut_off, one.label] += one.orders
    due = tuple(Due(cut_off, label, orders) for (cut_off, label), orders in sorted(by_cut_off.items()))
    oldest = [part.since for part in parts if part.since is not None]
    return Queue(sum(part.waiting for part in parts), due, min(oldest, default=None))


class Forecast(NamedTuple):
    """`drain_s` and `will_miss` None where nobody knows how fast the target is."""

    waiting: int
    per_s: float | None
    drain_s: float | None
    missed: tuple[Due, ...]
    """Wait past their cut-off already."""
    will_miss: tuple[Due, ...] | None


def forecast(queue: Queue, per_s: float | None, now: int) -> Forecast:
    """As if the target took calls from now on, and nothing came in besides: the nearest cut-off goes first."""
    missed = tuple(one for one in queue.due if one.cut_off <= now)
    ahead = [one for one in queue.due if one.cut_off > now]
    if not per_s:
        nothing_left = not queue.waiting
        return Forecast(queue.waiting, None, 0.0 if nothing_left else None, missed, None if ahead else ())
    will_miss: list[Due] = []
    gone = 0
    for one in ahead:
        room = floor(per_s * (one.cut_off - now) / MICROS + 1e-9)
        late = max(0, gone + one.orders - room)
        if late:
            will_miss.append(one._replace(orders=min(late, one.orders)))
        gone += one.orders - min(late, one.orders)
    return Forecast(queue.waiting, per_s, queue.waiting / per_s, missed, tuple(will_miss))


class Compared(NamedTuple):
    """A forecast and what then happened: so many, in so many seconds said, in so many gone."""

    at: int
    waiting: int
    said_s: float
    took_s: float

    @property
    def error(self) -> float:
        """Share of what it took that the forecast was off; above 0 it took longer."""
        return (self.took_s - self.said_s) / max(self.took_s, 1.0)


class Said(NamedTuple):
    """A forecast that is being checked: made then, of so many, when so many had ended."""

    at: int
    waiting: int
    said_s: float
    ended: int

    def compared(self, ended: int, now: int) -> Compared | None:
        """Once as many have ended as waited."""
        if ended - self.ended < self.waiting:
            return None
        return Compared(self.at, self.waiting, self.said_s, (now - self.at) / MICROS)


def said(made: Forecast, ended: int, now: int) -> Said | None:
    """None where there is nothing to check."""
    if made.waiting < LEAST_SAID or made.drain_s is None:
        return None
    return Said(now, made.waiting, made.drain_s, ended)
