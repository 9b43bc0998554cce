"""What became of dead letters: nothing can be deleted from a log, so records of `audit.v1` close them.

Which letters are open is a fold over two topics, made here without any I/O.  An act of a person closes a letter
(`retry-letter`, `edit-letter`, `discard-letter`, `supersede-letter`).  A worker that reads a letter again and finds
newer state writes `supersede-letter` as well, naming the record that was sent: that closes nothing by itself, it says
how a retry ended.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

import msgspec

from schemas.models.operations import Audit
from streams.runtime.lookback import Place
from streams.topics import DEAD_LETTER

LETTER = "letter"
"""Entity type of the audit records."""
RETRY, EDIT, DISCARD, SUPERSEDE = "retry-letter", "edit-letter", "discard-letter", "supersede-letter"
CLAIM = "claim-letter"
"""Somebody begins with a letter: of two who begin at once, the first in the log goes on."""
SENT = frozenset({RETRY, EDIT})
CLOSING_ACTIONS = frozenset({RETRY, EDIT, DISCARD, SUPERSEDE})
SUPERSEDED = "superseded"

State = Literal["open", "retried", "edited", "discarded", "superseded"]
_STATES: Mapping[str, State] = {
    RETRY: "retried",
    EDIT: "edited",
    DISCARD: "discarded",
    SUPERSEDE: "superseded",
}


class Closing(NamedTuple):
    """Why letters are closed: the newest audit record of their id; `at` is the broker's time, µs.

    `place` is the letter that was closed: one that came after it is another one, even with the same id.
    `is_mark` is what a worker found after a retry: it closes nothing alone.
    """

    action: str
    at: int
    actor: str
    reason: str
    place: Place | None
    is_mark: bool = False

    @property
    def state(self) -> State:
        """How people call it."""
        return _STATES[self.action]


class LetterPlace(Protocol):
    """What of a letter decides whether it is open."""

    @property
    def letter_id(self) -> str: ...

    @property
    def place(self) -> Place: ...

    @property
    def at(self) -> int: ...


def closings(audits: Iterable[tuple[int, Audit]]) -> dict[str, Closing]:
    """Letter id → what closed it last; (broker's time in µs, record) in any order."""
    found: dict[str, Closing] = {}
    for at, audit in audits:
        note(found, at, audit)
    return found


def note(found: dict[str, Closing], at: int, audit: Audit) -> Closing | None:
    """Adds one record; what it says, where it is about a letter."""
    closing = closing_of(at, audit)
    if closing is not None:
        found[audit.entity] = merged(found.get(audit.entity), closing)
    return closing


def closing_of(at: int, audit: Audit) -> Closing | None:
    """What an audit record closes is its entity; None where it closes no letter.  `at` is the broker's time, µs."""
    if audit.entity_type != LETTER or audit.action not in CLOSING_ACTIONS:
        return None
    place = None if audit.cause is None else Place(*msgspec.structs.astuple(audit.cause))
    is_mark = audit.action == SUPERSEDE and (place is None or place.topic != DEAD_LETTER.name)
    return Closing(audit.action, at, audit.actor, audit.reason or "", None if is_mark else place, is_mark)


def merged(known: Closing | None, new: Closing) -> Closing:
    """The newest counts; a worker's mark only says how the retry ended, whichever of the two is read first."""
    if known is None:
        return new
    if known.is_mark == new.is_mark:
        return new if new.at >= known.at else known
    mark, closing = (known, new) if known.is_mark else (new, known)
    return closing._replace(action=SUPERSEDE, reason=mark.reason) if closing.action in SENT else closing


def closes(closing: Closing, place: Place, at: int) -> bool:
    """Whether the letter of that place and time is the one that was closed, or an earlier one of the same record."""
    if closing.is_mark:
        return False
    if closing.place is not None and closing.place.partition == place.partition:
        return place.offset <= closing.place.offset
    return at <= closing.at


def closing_over(letter: LetterPlace, closed: Mapping[str, Closing]) -> Closing | None:
    """What closed this very letter; None while it is open."""
    closing = closed.get(letter.letter_id)
    return closing if closing is not None and closes(closing, letter.place, letter.at) else None


def is_open(letter: LetterPlace, closed: Mapping[str, Closing]) -> bool:
    """A letter that came after the one that was closed is open: the row was refused anew after its retry."""
    return closing_over(letter, closed) is None
