"""What really arrives: the ideal stream with repeats, records out of order and records that come late.

Every rule follows from what senders and bridges do: webhooks are sent up to five times, some vendors assure neither
delivery nor order (reference: Logiwa, ShipHero).  Time is the warehouse's own: the `effective_at` of what was pushed.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

from simulators.wms.record import SECOND, StockRecord

What = Literal["normal", "duplicate", "duplicate-later", "reordered", "late"]


@dataclass(frozen=True)
class Disturbance:
    """Shares are of the ideal records, 0 to 1; durations are seconds of the warehouse's clock."""

    duplicate: float = 0.0
    """Sent twice at once."""
    duplicate_later: float = 0.0
    """Sent again after `duplicate_after_s`."""
    duplicate_after_s: float = 600.0
    reorder: float = 0.0
    """Overtaken by up to `window` later records of the same key."""
    window: int = 10
    hold_s: float = 5.0
    """No record is held longer than this for the sake of order, however quiet its key is."""
    late: float = 0.0
    """Sent after `late_s`."""
    late_s: float = 3600.0


QUIET = Disturbance()


class Arrival(NamedTuple):
    """One record as it is sent, and what it is."""

    record: StockRecord
    what: What


@dataclass(slots=True)
class _Held:
    record: StockRecord
    until_rank: int
    until: int


@dataclass
class Disturber:
    """Push the ideal records in their order; take what comes out as the order of sending."""

    rng: Random
    settings: Disturbance = QUIET
    _now: int = 0
    _waiting: list[tuple[int, int, Arrival]] = field(default_factory=list)
    _held: dict[str, list[_Held]] = field(default_factory=dict)
    _ranks: Counter[str] = field(default_factory=Counter)
    """How many records of each key the warehouse has written."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def push(self, record: StockRecord) -> list[Arrival]:
        """What is sent now that the warehouse has written `record`; possibly nothing."""
        self._now = max(self._now, record["effective_at"])
        self._ranks[record["sku"]] += 1
        arrivals = self._due()
        fate = self.rng.random()
        if fate < self.settings.late:
            self._later(record, "late", self.settings.late_s)
        elif fate < self.settings.late + self.settings.reorder:
            self._hold(record)
        else:
            arrivals += self._send(record, "normal")
        rank = self._ranks[record["sku"]]
        return arrivals + self._let_go(record["sku"], lambda entry: entry.until_rank <= rank)

    def flush(self) -> list[Arrival]:
        """Everything that is still held back."""
        held = [entry for entries in self._held.values() for entry in entries]
        waiting = [arrival for _, _, arrival in sorted(self._waiting)]
        self._held.clear()
        self._waiting.clear()
        return [Arrival(entry.record, "reordered") for entry in held] + waiting

    def _send(self, record: StockRecord, what: What) -> list[Arrival]:
        if self.rng.random() < self.settings.duplicate_later:
            self._later(record, "duplicate-later", self.settings.duplicate_after_s)
        twice = self.rng.random() < self.settings.duplicate
        return [Arrival(record, what), Arrival(record, "duplicate")] if twice else [Arrival(record, what)]

    def _later(self, record: StockRecord, what: What, seconds: float) -> None:
        due = self._now + int(seconds * SECOND)
        heapq.heappush(self._waiting, (due, next(self._numbers), Arrival(record, what)))

    def _hold(self, record: StockRecord) -> None:
        until = self._now + int(self.settings.hold_s * SECOND)
        until_rank = self._ranks[record["sku"]] + self.rng.randint(1, max(1, self.settings.window))
        self._held.setdefault(record["sku"], []).append(_Held(record, until_rank, until))

    def _let_go(self, sku: str, ready: Callable[[_Held], bool]) -> list[Arrival]:
        entries = self._held.pop(sku, [])
        if kept := [entry for entry in entries if not ready(entry)]:
            self._held[sku] = kept
        return [arrival for entry in entries if ready(entry) for arrival in self._send(entry.record, "reordered")]

    def _due(self) -> list[Arrival]:
        arrivals: list[Arrival] = []
        while self._waiting and self._waiting[0][0] <= self._now:
            arrival = heapq.heappop(self._waiting)[2]
            arrivals += self._send(*arrival) if arrival.what == "late" else [arrival]
        for sku in [sku for sku, entries in self._held.items() if entries[0].until <= self._now]:
            arrivals += self._let_go(sku, lambda entry: entry.until <= self._now)
        return arrivals


def disturbed(records: Iterable[StockRecord], disturber: Disturber) -> Iterator[Arrival]:
    """The whole stream, to its end."""
    for record in records:
        yield from disturber.push(record)
    yield from disturber.flush()
