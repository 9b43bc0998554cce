"""Delivered records of one partition, oldest first, until each is acknowledged.

The committed offset never passes a record that is in here: a record that got lost inside the process shows as a
standing commit, never as a skip.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol


class Delivered(Protocol):
    """What the window needs of a Faust message."""

    offset: int
    acked: bool


class Window:
    """One partition."""

    __slots__ = ("_now", "next_offset", "pending", "since")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.pending: deque[Delivered] = deque()
        self.next_offset: int | None = None
        """One past the last delivered offset."""
        self.since = now()
        """Since when the oldest record is the oldest, by the monotonic clock."""

    def add(self, message: Delivered) -> None:
        self.trim()
        self.pending.append(message)
        self.next_offset = message.offset + 1

    def trim(self) -> None:
        """Let go of what is acknowledged at the head."""
        moved = False
        while self.pending and self.pending[0].acked:
            self.pending.popleft()
            moved = True
        if moved or not self.pending:
            self.since = self._now()

    def committable(self, first_offset: Callable[[Delivered], int]) -> int | None:
        """The offset to start from after a crash; None where nothing was delivered yet."""
        self.trim()
        return first_offset(self.pending[0]) if self.pending else self.next_offset
