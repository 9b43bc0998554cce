"""The open dead letters of the topic as an index in memory: bounded, newest kept, known by the record they set aside.

A letter may be written twice after a crash: both stand for the same record and count once.  One that was retried or
discarded is gone from here as it is from `commerce-streams dead-letters list`; set aside anew, it is here again.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from streams.runtime.lookback import Place
from streams.runtime.operating.letters import Closing, closes
from streams.topics import DEAD_LETTER
from streams.web.letter_groups import Letter, masked

CAP = 50_000
MINUTE = 60_000_000
POINTS = 60


class GroupState(NamedTuple):
    """A group as it stands: first and last are real letters."""

    id: str
    reason: str
    topic: str
    detail: str
    """Masked."""
    letters: int
    first: Letter
    last: Letter


class Depth(NamedTuple):
    """Open letters of one kind, and when (µs) the oldest of them was written."""

    letters: int
    oldest_at: int


class IndexState(msgspec.Struct, frozen=True):
    """What the index knows of the topic.

    `left_out` are letters of the topic that are older than what is kept; `building` while letters that were there at
    the start are still read; `why` says why nothing is known.
    """

    known: bool = False
    building: bool = False
    to_read: int = 0
    left_out: int = 0
    why: str = "the dead-letter topic was not read yet"


class LetterIndex:
    """`add` in the order of the log; reads are cheap enough for every page."""

    def __init__(self, cap: int = CAP) -> None:
        self._cap = cap
        self._by_id: dict[str, Letter] = {}
        self._groups: dict[str, deque[Letter]] = {}
        self._by_key: dict[str, dict[str, Letter]] = {}
        self._closed: dict[str, Closing] = {}
        self.state = IndexState()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, letter: Letter) -> None:
        closing = self._closed.get(letter.id)
        if letter.id in self._by_id or (closing is not None and _is_over(letter, closing)):
            return
        self._by_id[letter.id] = letter
        self._groups.setdefault(letter.group, deque()).append(letter)
        self._by_key.setdefault(letter.key, {})[letter.id] = letter
        if len(self._by_id) > self._cap:
            self.evicted += 1
            self._remove(next(iter(self._by_id.values())))

    def close(self, letter_id: str, closing: Closing) -> None:
        """The newest counts, whichever comes first: as many are remembered as letters are kept."""
        known = self._closed.pop(letter_id, closing)
        self._closed[letter_id] = newest = closing if closing.at >= known.at else known
        if len(self._closed) > self._cap:
            del self._closed[next(iter(self._closed))]
        letter = self._by_id.get(letter_id)
        if letter is not None and _is_over(letter, newest):
            self._remove(letter)

    def clear(self) -> None:
        """Before the topic is read anew."""
        self._by_id.clear()
        self._groups.clear()
        self._by_key.clear()
        self._closed.clear()
        self.evicted = 0

    def _remove(self, letter: Letter) -> None:
        del self._by_id[letter.id]
        members = self._groups[letter.group]
        members.remove(letter)  # nearly always the first of them
        if not members:
            del self._groups[letter.group]
        same_key = self._by_key[letter.key]
        del same_key[letter.id]
        if not same_key:
            del self._by_key[letter.key]

    @property
    def left_out(self) -> int:
        """Letters of the topic that are not in the index."""
        return self.state.left_out + self.evicted

    def groups(self) -> list[GroupState]:
        """The group with the newest letter first."""
        found = [_group(members) for members in self._groups.values()]
        return sorted(found, key=lambda group: (-group.last.at, group.id))

    def depths(self) -> dict[tuple[str, str], Depth] | None:
        """(topic, reason) → what stands open; None while it is not known."""
        if not self.state.known or self.state.building:
            return None
        found: dict[tuple[str, str], Depth] = {}
        for members in self._groups.values():
            first = members[0]
            known = found.get((first.origin_topic, first.reason), Depth(0, first.at))
            found[first.origin_topic, first.reason] = Depth(
                known.letters + len(members), min(known.oldest_at, first.at)
            )
        return found

    def group(self, group: str) -> GroupState | None:
        members = self._groups.get(group)
        return None if not members else _group(members)

    def letters(self, group: str) -> list[Letter]:
        """Newest first."""
        return sorted(self._groups.get(group, ()), key=position, reverse=True)

    def letter(self, letter_id: str) -> Letter | None:
        return self._by_id.get(letter_id)

    def of_key(self, key: str) -> list[Letter]:
        """Letters whose message key is this text."""
        return list(self._by_key.get(key, {}).values())

    def per_minute(self, group: str | None, now: int) -> list[int]:
        """Letters of the last hour by minute, oldest minute first; None for all groups."""
        counts = [0] * POINTS
        chosen: Iterable[deque[Letter]] = self._groups.values() if group is None else [self._groups.get(group, deque())]
        for members in chosen:
            for letter in reversed(members):
                age = (now - letter.at) // MINUTE
                if age >= POINTS:
                    break
                counts[POINTS - 1 - max(0, age)] += 1
        return counts


def _is_over(letter: Letter, closing: Closing) -> bool:
    return closes(closing, Place(DEAD_LETTER.name, letter.partition, letter.offset), letter.at)


def position(letter: Letter) -> tuple[int, int, int]:
    """Order of letters in a list: by time, then by place in the log; new letters never move older ones."""
    return letter.at, letter.partition, letter.offset


def _group(members: deque[Letter]) -> GroupState:
    first, last = members[0], members[-1]
    return GroupState(
        first.group, first.reason, first.origin_topic, masked(first.detail, first.reason), len(members), first, last
    )
