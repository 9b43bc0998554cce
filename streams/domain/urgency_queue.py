"""Keys that are due at a time, and of those that are due the most urgent first; each in one pair of hands at most.

Nothing waits for ever: a key's deadline moves once, by a day, and from then on nothing that came later than that
deadline goes before it.
"""

import heapq
from collections.abc import Mapping
from typing import Generic, TypeVar

from streams.domain.cut_off import Urgency
from streams.domain.due_queue import DueQueue

Key = TypeVar("Key")
NOT_KNOWN = Urgency(0)


class UrgencyQueue(Generic[Key]):
    """Times in µs.  A key that is taken cannot be taken again before it is put back."""

    def __init__(self) -> None:
        self._later: DueQueue[Key] = DueQueue()
        """Those that wait for their time, and those that are taken."""
        self._due: list[tuple[int, int, int, Key]] = []
        self._urgency: dict[Key, Urgency] = {}
        self._ready: set[Key] = set()
        self._ticket = 0

    def __len__(self) -> int:
        return len(self._later)

    def add(self, key: Key, at: int, urgency: Urgency | None = None) -> None:
        """Due at that time, or earlier where it was already; it stays as urgent as it was, or becomes more so."""
        known = self._urgency.get(key)
        if urgency is not None and (known is None or _is_before(urgency, known)):
            self._urgency[key] = urgency
            if key in self._ready:
                self._push(key, urgency, at)
        if key not in self._ready:
            self._later.add(key, at)

    def take(self, now: int) -> Key | None:
        """Of the keys that are due the one with the nearest deadline, of equals the one that waits for longest."""
        while (key := self._later.take(now)) is not None:
            self._ready.add(key)
            self._push(key, self._urgency.get(key, NOT_KNOWN), now)
        while self._due:
            deadline, _since, _ticket, key = self._due[0]
            urgency = self._urgency.get(key, NOT_KNOWN)
            if key not in self._ready or deadline < urgency.deadline(now):
                heapq.heappop(self._due)
                if key in self._ready:
                    self._push(key, urgency, now)  # it missed its cut-off meanwhile
                continue
            heapq.heappop(self._due)
            self._ready.discard(key)
            return key
        return None

    def put_back(self, key: Key, at: int | None, urgency: Urgency | None = None) -> None:
        """None: nothing is left to do, unless it was added meanwhile; `urgency` of what is next."""
        if urgency is not None:
            self._urgency[key] = urgency
        self._later.put_back(key, at)
        if key not in self._later:
            self._urgency.pop(key, None)

    def next_at(self) -> int | None:
        """When the next key is due; None where none waits."""
        if self._ready:
            return 0
        return self._later.next_at()

    @property
    def waiting(self) -> Mapping[Key, Urgency]:
        """Every key that is not done."""
        return self._urgency

    def _push(self, key: Key, urgency: Urgency, now: int) -> None:
        self._ticket += 1
        heapq.heappush(self._due, (urgency.deadline(now), urgency.since, self._ticket, key))


def _is_before(one: Urgency, other: Urgency) -> bool:
    """Whether it must be there earlier."""
    return one.deadline(one.since) < other.deadline(other.since)
