"""Which rows go out next: an index in memory over the dirty rows on disk.

Order: rows whose quantity reaches zero or the last units first, then by age.  No row waits beyond its bound: a fifth
of every call is kept for the oldest, so a flood of urgent rows delays the others but does not stop them.
"""

import heapq
from typing import NamedTuple

from schemas.models.source_item import StockPair

SHARE_OF_OLDEST = 5
REPLACED_AT_LEAST = 64
PASSED_OVER = 100
"""Rows that must not fill up a call, at most, that are looked behind for some that may."""


class Due(NamedTuple):
    """A dirty row: when it must go out (µs), since when it waits (µs)."""

    at: int
    since: int
    pair: StockPair
    fills: bool = False
    """It may go earlier, with a call that leaves anyway: it only waits for others."""


class LaneQueue:
    """Rows of one group of sources that must not be written side by side."""

    def __init__(self) -> None:
        self._waiting: list[Due] = []
        self._urgent: list[Due] = []
        self._known: dict[StockPair, Due] = {}
        self._first: set[StockPair] = set()
        """Those of the known that are urgent."""
        self._owed = 0
        """Fifths of a row that calls did not keep for the oldest."""

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, pair: StockPair) -> bool:
        return pair in self._known

    def add(self, due: Due, *, urgent: bool) -> None:
        """A row becomes due, due earlier, or urgent; one that is urgent stays so, and keeps its place."""
        known = self._known.get(due.pair)
        is_first = due.pair in self._first
        if known is not None and known.at <= due.at and (is_first or not urgent):
            return
        self._known[due.pair] = due
        if urgent:
            self._first.add(due.pair)
        self._push(self._urgent if urgent or is_first else self._waiting, due)

    def _push(self, heap: list[Due], due: Due) -> None:
        """Entries that were replaced go when they come to the head, or when they are too many."""
        if len(heap) > REPLACED_AT_LEAST + 2 * len(self._known):
            heap[:] = [one for one in heap if self._known.get(one.pair) is one]
            heapq.heapify(heap)
        heapq.heappush(heap, due)

    def drop(self, pair: StockPair) -> None:
        """The row is no longer due, or goes out another way."""
        self._known.pop(pair, None)
        self._first.discard(pair)

    def take(self, now: int, limit: int) -> list[Due]:
        """At most `limit` rows that must go out now, filled up with those that come next; they leave the index."""
        kept = self._kept_for_oldest(now, limit)
        taken = self._pop(self._urgent, now, limit - kept)
        taken += self._pop(self._waiting, now, limit - len(taken))
        taken += self._pop(self._urgent, now, limit - len(taken))
        return taken + self._fill(limit - len(taken)) if taken else taken

    def _kept_for_oldest(self, now: int, limit: int) -> int:
        """A fifth, over all calls: of calls with one row every fifth."""
        head = self._head(self._waiting)
        if head is None or head.at > now:
            return 0
        kept, self._owed = divmod(self._owed + limit, SHARE_OF_OLDEST)
        return kept

    def _pop(self, heap: list[Due], now: int, limit: int) -> list[Due]:
        taken: list[Due] = []
        while heap and heap[0].at <= now and len(taken) < limit:
            due = heapq.heappop(heap)
            if self._known.get(due.pair) is due:
                del self._known[due.pair]
                self._first.discard(due.pair)
                taken.append(due)
        return taken

    def _fill(self, room: int) -> list[Due]:
        """A call costs the target more than a row: who would have to leave next goes along."""
        found: list[Due] = []
        passed: list[Due] = []
        while self._waiting and len(found) < room and len(passed) < PASSED_OVER:
            due = heapq.heappop(self._waiting)
            if self._known.get(due.pair) is not due:
                continue
            if due.fills:
                del self._known[due.pair]
                found.append(due)
            else:
                passed.append(due)
        for due in passed:
            heapq.heappush(self._waiting, due)
        return found

    def next_at(self) -> int | None:
        """When the next row may go out (µs), if there is one."""
        heads = [head.at for head in (self._head(self._urgent), self._head(self._waiting)) if head is not None]
        return min(heads, default=None)

    def _head(self, heap: list[Due]) -> Due | None:
        while heap and self._known.get(heap[0].pair) is not heap[0]:
            heapq.heappop(heap)
        return heap[0] if heap else None

    def oldest_since(self, now: int) -> int | None:
        """Since when the row at the head waits, if it may go out: near the oldest, for they go out in order of age.

        A row that waits for its window (tonight, say) waits as it was told to.
        """
        heads = [self._head(self._urgent), self._head(self._waiting)]
        return min((head.since for head in heads if head is not None and head.at <= now), default=None)
