"""What the stock lane holds in memory: which rows are due, under way, frozen, put off, or parked."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from schemas.models.source_item import StockPair
from streams.domain import lane_waits
from streams.domain.batch_size import BatchSize
from streams.domain.lane_queue import Due, LaneQueue
from streams.domain.lane_rows import Row, RowState, SkuRows
from streams.domain.lane_rules import LaneRules
from streams.runtime.clock import Clock
from streams.sinks.lane_kept import KeptRows
from streams.sinks.lane_left_out import LeftOut

FIRST_GROUP = 0
ROWS_IN_MEMORY = 100_000
ENTRIES_AT_ONCE = 2_000
"""Of the table, between two calls."""


class PutOff(NamedTuple):
    """A dirty row that waits before its next try: how often it did so, and since when it is dirty (µs, UTC)."""

    tries: int
    since: int


class LaneIndex:
    """Built by one scan after an assignment, then kept up with every change.  Times of due rows are monotonic µs."""

    def __init__(self, rules: LaneRules, clock: Clock, size: BatchSize, most: int = ROWS_IN_MEMORY) -> None:
        """`most` rows wait in memory (twice as many where they are urgent); the others wait on disk."""
        self._rules, self._clock, self._most = rules, clock, most
        self.size = size
        self.groups: Mapping[str, int] = {}
        self.grouping = 0
        """Rises when the groups are made anew: whoever drives one of them begins again."""
        self._queues: dict[int, LaneQueue] = {FIRST_GROUP: LaneQueue()}
        self._held: dict[StockPair, int] = {}
        """Under way, or frozen, and since when they are dirty: their rows are added again when that ends."""
        self._kept = KeptRows()
        self._put_off: dict[StockPair, PutOff] = {}
        self._resting: dict[StockPair, int] = {}
        """When rows that a posting left too low become due (µs, UTC)."""
        self._parked: dict[StockPair, int] = {}
        """When they get another try (µs, UTC)."""
        self._left_out = LeftOut()

    def regroup(self, groups: Mapping[str, int], entries: Iterable[tuple[str, SkuRows]]) -> None:
        """Sources were (re)grouped: every dirty row is indexed anew and is due at once."""
        self.groups = groups
        self.grouping += 1
        numbers = {FIRST_GROUP, *groups.values()}
        self._queues = {number: LaneQueue() for number in numbers}
        self._left_out.clear()
        for sku, entry in entries:
            for row in entry.rows:
                self.add(sku, row, now=True)

    def group_of(self, source_code: str) -> int:
        """Sources that must not be written side by side have the same."""
        return self.groups.get(source_code, FIRST_GROUP)

    def queue(self, group: int) -> LaneQueue:
        return self._queues[group]

    @property
    def group_numbers(self) -> tuple[int, ...]:
        return tuple(self._queues)

    def is_held(self, pair: StockPair) -> bool:
        """Under way, or frozen until an outcome is known: its own, or that of a shipment."""
        return pair in self._held or pair in self._kept

    def is_under_way(self, pair: StockPair) -> bool:
        """In a call whose outcome is not known yet."""
        return pair in self._held

    @property
    def held(self) -> int:
        """Rows that are under way or frozen."""
        return len(self._held)

    @property
    def pending(self) -> int:
        """Rows that wait or are under way."""
        return self._queued + self.held + self._kept.dirty + len(self._left_out)

    @property
    def _queued(self) -> int:
        return sum(map(len, self._queues.values()))

    @property
    def wants_more(self) -> bool:
        """There is room again for rows that were left out."""
        return len(self._left_out) > 0 and self._queued <= self._most // 2

    def refill(self, after: Callable[[str], Iterable[tuple[str, SkuRows]]]) -> None:
        """Takes rows in that were left out, from a slice of the table; `after` gives its entries behind a SKU."""
        cursor = self._left_out.seek()
        for number, (sku, entry) in enumerate(after(cursor)):
            if number == ENTRIES_AT_ONCE or self._queued >= self._most:
                self._left_out.cursor = cursor
                return
            for row in entry.rows:
                if row.state is RowState.DIRTY:
                    self.add(sku, row, now=True, always=True)
            cursor = sku
        self._left_out.ended()

    def oldest_since(self) -> int | None:
        """Since when an effect is missing (µs, UTC): of a row that is due, under way, frozen, or put off.

        None where no row is; one that waits for its window waits as it was told to.
        """
        now = self.now()
        found = [since for queue in self._queues.values() if (since := queue.oldest_since(now)) is not None]
        found += self._held.values()
        found += self._kept.dirty_since()
        found += (one.since for one in self._put_off.values())
        return min(found, default=None)

    def add(self, sku: str, row: Row, *, now: bool = False, always: bool = False) -> None:
        """A row may have become due, or is parked; one that is held is added when it is released.

        Where there is no room it is left out, unless it is to be taken in `always`.
        """
        pair = StockPair(row.source_code, sku)
        if pair in self._held:
            return
        self._put_off.pop(pair, None)
        self._parked.pop(pair, None)
        self._resting.pop(pair, None)
        if pair in self._kept:
            self._kept.changed(pair, row)
        elif row.state is RowState.PARKED:
            self._parked[pair] = row.retry_at
        elif row.state is RowState.CLEAN and row.rest_until:
            self._resting[pair] = row.rest_until
        elif row.state is RowState.DIRTY:
            wait = 0 if now else self._rules.wait(sku, row, self._clock.now())
            self._enqueue(pair, row, wait, fills=self._rules.may_fill(sku), always=always)

    def _enqueue(self, pair: StockPair, row: Row, wait: int, *, fills: bool = False, always: bool = False) -> None:
        queue, urgent = self._queue_of(pair), self._rules.is_urgent(row)
        if not always and pair not in queue and self._queued >= (2 if urgent else 1) * self._most:
            self._left_out.add(pair)
            return
        self._left_out.found(pair)
        queue.add(Due(self.now() + wait, row.dirty_since, pair, fills), urgent=urgent)

    def _queue_of(self, pair: StockPair) -> LaneQueue:
        return self._queues[self.group_of(pair.source_code)]

    def is_fresh(self, sku: str, delay: int) -> bool:
        """Whether a change that took `delay` µs was brought to the shop in time."""
        return self._rules.is_fresh(sku, delay)

    def take(self, group: int) -> list[StockPair]:
        """The next call's rows; they are held until released."""
        taken = self._queues[group].take(self.now(), self.size.now)
        self._held |= {due.pair: due.since for due in taken}
        return [due.pair for due in taken]

    def hold(self, pairs: Iterable[StockPair], since: int | None = None) -> None:
        """Frozen: an open intent was found.  Dirty since then, or since now."""
        for pair in pairs:
            self._held.setdefault(pair, self._clock.micros() if since is None else since)

    def claim(self, pair: StockPair, row: Row) -> bool:
        """Hold a row out of its turn; False where it is held already."""
        if self.is_held(pair):
            return False
        self._queue_of(pair).drop(pair)
        self._left_out.found(pair)
        self._held[pair] = row.dirty_since if row.state is RowState.DIRTY else self._clock.micros()
        return True

    def release(
        self,
        pairs: Iterable[StockPair],
        entries: Mapping[str, SkuRows],
        *,
        acked_since: int,
        later: Collection[StockPair] = (),
    ) -> None:
        """Their outcome is known; rows that still are dirty are due at once, those of `later` after a while.

        One that was acknowledged since `acked_since` (µs) and changed meanwhile waits for others like any change.
        """
        for pair in pairs:
            self._held.pop(pair, None)
            row = entries[pair.sku].row(pair.source_code) if pair.sku in entries else None
            if row is None:
                self._put_off.pop(pair, None)
            elif pair in later and row.state is RowState.DIRTY and pair not in self._kept:
                self._later(pair, row)
            else:
                self.add(pair.sku, row, now=row.acked_at < acked_since)

    def _later(self, pair: StockPair, row: Row) -> None:
        known = self._put_off.get(pair, PutOff(0, 0))
        self._put_off[pair] = PutOff(known.tries + 1, row.dirty_since)
        self._enqueue(pair, row, lane_waits.PUT_OFF.after(known.tries))

    def keep(self, reference: str, rows: Mapping[StockPair, Row]) -> bool:
        """No write begins for these rows until the shipment is freed; whether none is under way any more."""
        for pair, row in rows.items():
            self._queue_of(pair).drop(pair)
            self._left_out.found(pair)
            self._kept.add(reference, pair)
            self._kept.changed(pair, row)
        return not any(pair in self._held for pair in rows)

    def free(self, reference: str, entries: Mapping[str, SkuRows]) -> None:
        """The shipment's rows may be written again, as far as no other keeps them; those that are dirty are due."""
        for pair in self._kept.free(reference):
            row = entries[pair.sku].row(pair.source_code) if pair.sku in entries else None
            if row is not None:
                self.add(pair.sku, row, now=True)

    def rested(self) -> list[StockPair]:
        """Rows whose rest is over."""
        now = self._clock.micros()
        return [pair for pair, until in self._resting.items() if until <= now]

    def parked(self, *, every: bool) -> list[StockPair]:
        """Those whose next try is due, or all of them."""
        now = self._clock.micros()
        return [pair for pair, retry_at in self._parked.items() if every or retry_at <= now]

    def put_off(self) -> list[StockPair]:
        """Those that wait before their next try."""
        return list(self._put_off)

    def clear(self) -> None:
        """Nothing is under way or frozen any more: the lane begins anew."""
        self._held.clear()
        self._kept.clear()
        self._put_off.clear()
        self._resting.clear()
        self._parked.clear()
        self._left_out.clear()

    def now(self) -> int:
        return int(self._clock.monotonic() * 1_000_000)

    def is_any_due(self) -> bool:
        """Whether a row of any group waits for nothing but its call."""
        return any(self.next_in(group) == 0 for group in self._queues)

    def next_in(self, group: int) -> float | None:
        """Seconds until a row of the group is due; None where none waits."""
        at = self._queues[group].next_at()
        return None if at is None else max(0.0, (at - self.now()) / 1_000_000)
