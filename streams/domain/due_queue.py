"""Keys by the time at which they are due; each is in somebody's hands at most once."""

import heapq
from typing import Generic, TypeVar

Key = TypeVar("Key")


class DueQueue(Generic[Key]):
    """Times in µs.  A key that is taken cannot be taken again before it is put back."""

    def __init__(self) -> None:
        self._due: dict[Key, int] = {}
        self._taken: set[Key] = set()
        self._again: dict[Key, int] = {}
        self._heap: list[tuple[int, int, Key]] = []
        self._ticket = 0

    def __len__(self) -> int:
        return len(self._due) + len(self._taken)

    def __contains__(self, key: Key) -> bool:
        return key in self._due or key in self._taken

    def add(self, key: Key, at: int) -> None:
        """Due at that time, or earlier where it was already; one that is taken is due again once it is put back."""
        known = self._again if key in self._taken else self._due
        if key not in known or at < known[key]:
            known[key] = at
            if known is self._due:
                self._push(key, at)

    def take(self, now: int) -> Key | None:
        """The key that has been due for longest."""
        while self._heap and self._heap[0][0] <= now:
            at, _ticket, key = heapq.heappop(self._heap)
            if self._due.get(key) == at:
                del self._due[key]
                self._taken.add(key)
                return key
        return None

    def put_back(self, key: Key, at: int | None) -> None:
        """None: nothing is left to do, unless it was added meanwhile."""
        self._taken.discard(key)
        again = self._again.pop(key, None)
        times = [one for one in (at, again) if one is not None]
        if times:
            self.add(key, min(times))

    def next_at(self) -> int | None:
        """When the next key is due; None where none waits."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _push(self, key: Key, at: int) -> None:
        self._ticket += 1
        heapq.heappush(self._heap, (at, self._ticket, key))
