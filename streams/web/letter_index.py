"""The open dead letters of the topic as an index in memory: bounded, newest kept, known by the record they set aside.

A letter may be written twice after a crash: both stand for the same record and count once.  One that was retried,
corrected, discarded or superseded is no longer counted, as in `commerce-streams dead-letters list`; the newest of those
are kept with what became of them.  Set aside anew, a letter is open again.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from streams.runtime.operating.letter_closings import Closing, closes, merged
from streams.web.letter_groups import Letter, masked

CAP = 50_000
CLOSED_KEPT = 2_000
"""Letters that are over and can still be looked at."""
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


class ClosedLetter(NamedTuple):
    """A letter that is over, and what became of it."""

    letter: Letter
    closing: Closing


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
        self._over: OrderedDict[str, Letter] = OrderedDict()
        self.state = IndexState()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, letter: Letter) -> None:
        closing = self._closed.get(letter.id)
        if letter.id in self._by_id:
            return
        if closing is not None and _is_over(letter, closing):
            self._end(letter)
            return
        self._over.pop(letter.id, None)
        self._by_id[letter.id] = letter
        self._groups.setdefault(letter.group, deque()).append(letter)
        self._by_key.setdefault(letter.key, {})[letter.id] = letter
        if len(self._by_id) > self._cap:
            self.evicted += 1
            self._remove(next(iter(self._by_id.values())))

    def close(self, letter_id: str, closing: Closing) -> None:
        """The newest counts, whichever comes first: as many are remembered as letters are kept."""
        self._closed[letter_id] = newest = merged(self._closed.pop(letter_id, None), closing)
        if len(self._closed) > self._cap:
            del self._closed[next(iter(self._closed))]
        letter = self._by_id.get(letter_id)
        if letter is not None and _is_over(letter, newest):
            self._remove(letter)
            self._end(letter)

    def _end(self, letter: Letter) -> None:
        self._over[letter.id] = letter
        self._over.move_to_end(letter.id)
        if len(self._over) > CLOSED_KEPT:
            self._over.popitem(last=False)

    def clear(self) -> None:
        """Before the topic is read anew."""
        self._by_id.clear()
        self._groups.clear()
        self._by_key.clear()
        self._closed.clear()
        self._over.clear()
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

    def closed(self, group: str | None = None) -> list[ClosedLetter]:
        """Letters that are over, the last that was closed first; None for all groups."""
        found = [
            ClosedLetter(letter, self._closed[letter.id])
            for letter in self._over.values()
            if letter.id in self._closed and group in (None, letter.group)
        ]
        return sorted(found, key=lambda one: (-one.closing.at, one.letter.id))

    def closed_letter(self, letter_id: str) -> ClosedLetter | None:
        letter, closing = self._over.get(letter_id), self._closed.get(letter_id)
        return None if letter is None or closing is None else ClosedLetter(letter, closing)

    def open_letters(self, group: str | None = None) -> list[Letter]:
        """The oldest first; None for all groups."""
        chosen = self._by_id.values() if group is None else self._groups.get(group, ())
        return sorted(chosen, key=position)

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
    return closes(closing, letter.place, letter.at)


def position(letter: Letter) -> tuple[int, int, int]:
    """Order of letters in a list: by time, then by place in the log; new letters never move older ones."""
    return letter.at, letter.partition, letter.offset


def group_over(letters: Iterable[Letter]) -> GroupState:
    """A group of which no letter is open any more."""
    return _group(deque(sorted(letters, key=position)))._replace(letters=0)


def _group(members: deque[Letter]) -> GroupState:
    first, last = members[0], members[-1]
    return GroupState(
        first.group, first.reason, first.origin_topic, masked(first.detail, first.reason), len(members), first, last
    )
