"""What the stock lane holds in memory: which rows are due, under way, or frozen until their outcome is known."""

from collections.abc import Iterable, Mapping

from schemas.models.source_item import StockPair
from streams.domain.batch_size import BatchSize
from streams.domain.lane_queue import Due, LaneQueue
from streams.domain.lane_rows import Row, RowState, SkuRows
from streams.domain.lane_rules import LaneRules
from streams.runtime.clock import Clock

FIRST_GROUP = 0


class LaneIndex:
    """Built by one scan after an assignment, then kept up with every change.  Times of due rows are monotonic µs."""

    def __init__(self, rules: LaneRules, clock: Clock, size: BatchSize) -> None:
        self._rules, self._clock = rules, clock
        self.size = size
        self.groups: Mapping[str, int] = {}
        self.grouping = 0
        """Rises when the groups are made anew: whoever drives one of them begins again."""
        self._queues: dict[int, LaneQueue] = {FIRST_GROUP: LaneQueue()}
        self._held: set[StockPair] = set()
        """Under way, or frozen: their rows are added again when that ends."""

    def regroup(self, groups: Mapping[str, int], entries: Iterable[tuple[str, SkuRows]]) -> None:
        """Sources were (re)grouped: every dirty row is indexed anew and is due at once."""
        self.groups = groups
        self.grouping += 1
        numbers = {FIRST_GROUP, *groups.values()}
        self._queues = {number: LaneQueue() for number in numbers}
        for sku, entry in entries:
            for row in entry.rows:
                self.add(sku, row, now=True)

    def queue(self, group: int) -> LaneQueue:
        return self._queues[group]

    @property
    def group_numbers(self) -> tuple[int, ...]:
        return tuple(self._queues)

    def is_held(self, pair: StockPair) -> bool:
        """Under way, or frozen until its outcome is known."""
        return pair in self._held

    @property
    def pending(self) -> int:
        """Rows that wait or are under way."""
        return sum(map(len, self._queues.values())) + len(self._held)

    def oldest_since(self) -> int | None:
        """Since when the row at the head waits (µs, UTC)."""
        found = [since for queue in self._queues.values() if (since := queue.oldest_since()) is not None]
        return min(found, default=None)

    def add(self, sku: str, row: Row, *, now: bool = False) -> None:
        """A row may have become due; one that is held is added when it is released."""
        pair = StockPair(row.source_code, sku)
        if row.state is not RowState.DIRTY or pair in self._held:
            return
        wait = 0 if now else self._rules.wait(sku, row, self._clock.now())
        due = Due(self.now() + wait, row.dirty_since, pair)
        self._queue_of(row.source_code).add(due, urgent=self._rules.is_urgent(row))

    def _queue_of(self, source_code: str) -> LaneQueue:
        return self._queues[self.groups.get(source_code, FIRST_GROUP)]

    def is_fresh(self, sku: str, delay: int) -> bool:
        """Whether a change that took `delay` µs was brought to the shop in time."""
        return self._rules.is_fresh(sku, delay)

    def take(self, group: int) -> list[StockPair]:
        """The next call's rows; they are held until released."""
        pairs = self._queues[group].take(self.now(), self.size.now)
        self._held.update(pairs)
        return pairs

    def hold(self, pairs: Iterable[StockPair]) -> None:
        """Frozen: an open intent was found."""
        self._held.update(pairs)

    def release(self, pairs: Iterable[StockPair], entries: Mapping[str, SkuRows], *, acked_since: int) -> None:
        """Their outcome is known; rows that still are dirty are due at once.

        One that was acknowledged since `acked_since` (µs) and changed meanwhile waits for others like any change.
        """
        for pair in pairs:
            self._held.discard(pair)
            row = entries[pair.sku].row(pair.source_code) if pair.sku in entries else None
            if row is not None:
                self.add(pair.sku, row, now=row.acked_at < acked_since)

    def clear(self) -> None:
        """Nothing is under way or frozen any more: the lane begins anew."""
        self._held.clear()

    def now(self) -> int:
        return int(self._clock.monotonic() * 1_000_000)

    def next_in(self, group: int) -> float | None:
        """Seconds until a row of the group is due; None where none waits."""
        at = self._queues[group].next_at()
        return None if at is None else max(0.0, (at - self.now()) / 1_000_000)
