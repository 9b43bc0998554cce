"""What a scope remembers of its recent records: enough to know a repeat, and to put a late count in its place."""

import bisect
import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from schemas.models.stock_change import StockChange


class Movement(msgspec.Struct, frozen=True, order=True, gc=False):
    """One remembered record of a scope.

    `at` is its effective time in microseconds; `effect` what it adds to the bucket in micros (0 for a count).
    Their order is the order in time.
    """

    at: int
    identity: bytes
    effect: int


class Movements(Protocol):
    """Read-only view of the movements that one scope remembers."""

    def has(self, identity: bytes) -> bool:
        """Whether a record with this identity is remembered."""
        ...

    def sum_after(self, at: int) -> int:
        """Sum of the effects of movements later than `at`."""
        ...

    def up_to(self, at: int, since: int | None = None) -> Sequence[Movement]:
        """Movements at or before `at`, oldest first; there is none before `since`, where that is known."""
        ...

    def oldest(self, count: int, since: int | None = None) -> Sequence[Movement]:
        """The `count` oldest and whatever is of the same moment as the last of them, oldest first.

        There are at least so many; none is before `since`, where that is known.
        """
        ...

    def first_after(self, at: int) -> int | None:
        """Time of the oldest movement later than `at`, if there is one."""
        ...


def identity_of(change: StockChange) -> bytes:
    """What makes two records the same: the sequence within the scope, or the event id where there is none."""
    if change.source_sequence is not None:
        return b"s" + change.source_sequence.to_bytes(8, "big", signed=True)
    return b"e" + hashlib.blake2b(change.event_id.encode(), digest_size=15).digest()


def rebase_identity(rebase_id: str) -> bytes:
    """An operator's restatement repeats as the same one."""
    return b"r" + hashlib.blake2b(rebase_id.encode(), digest_size=15).digest()


class MovementList:
    """Movements in memory, in order of time."""

    def __init__(self, movements: Iterable[Movement] = ()) -> None:
        self._sorted = sorted(movements)
        self._known = {movement.identity for movement in self._sorted}

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, movement: Movement) -> None:
        bisect.insort(self._sorted, movement)
        self._known.add(movement.identity)

    def forget(self, movements: Iterable[Movement]) -> None:
        for movement in movements:
            self._sorted.remove(movement)
            self._known.discard(movement.identity)

    def has(self, identity: bytes) -> bool:
        return identity in self._known

    def sum_after(self, at: int) -> int:
        start = bisect.bisect_right(self._sorted, at, key=lambda movement: movement.at)
        return sum(movement.effect for movement in self._sorted[start:])

    @property
    def all(self) -> Sequence[Movement]:
        """Oldest first."""
        return self._sorted

    def up_to(self, at: int, since: int | None = None) -> Sequence[Movement]:  # noqa: ARG002  a list needs no hint
        return self._sorted[: bisect.bisect_right(self._sorted, at, key=lambda movement: movement.at)]

    def oldest(self, count: int, since: int | None = None) -> Sequence[Movement]:  # noqa: ARG002  as above
        return self.up_to(self._sorted[count - 1].at)

    def first_after(self, at: int) -> int | None:
        start = bisect.bisect_right(self._sorted, at, key=lambda movement: movement.at)
        return self._sorted[start].at if start < len(self._sorted) else None
