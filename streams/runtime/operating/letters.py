"""Dead letters as operators work on them: read from the log, grouped, open or closed, and how one is sent again.

Nothing can be deleted from a log, so a letter is closed by a record in `audit.v1` whose entity is the letter's id.
Which letters are open is therefore a fold over two topics, made here without any I/O.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from schemas.models.operations import Audit
from streams.domain.reasons import DeadReason
from streams.runtime.dead_letters import PREFIX
from streams.runtime.letter_headers import told
from streams.runtime.lookback import Place
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import place_text
from streams.topics import AUDIT, BY_NAME, CONTROL, DEAD_LETTER

RETRY, DISCARD = "retry-letter", "discard-letter"
CLOSING_ACTIONS = (RETRY, DISCARD)
LETTER = "letter"
"""Entity type of the audit records."""
RETRY_OF = "streams-retry-of"
"""Header of a record that was sent again: the id of its letter."""
AT_THE_SHOP = frozenset({DeadReason.UNKNOWN_SOURCE.value, DeadReason.REJECTED.value})
"""The record itself was accepted; what the shop refused is the row that contains it."""
UNMARKED = "unmarked"
_NEVER_BACK = frozenset({AUDIT.name, CONTROL.name, DEAD_LETTER.name})


class DeadLetter(NamedTuple):
    """One letter without its bytes; `at` is the broker's time of the letter, µs."""

    letter_id: str
    origin: Place
    place: Place
    at: int
    reason: str
    detail: str
    key: bytes | None
    size: int
    attempts: str
    app: str
    group: str
    """Id that letters of one cause share; `streams.web.letter_groups` says which those are."""
    retry_of: str | None
    kept_in: str | None
    """File on a worker's disk, where the broker would not take the bytes."""


class Closing(NamedTuple):
    """Why letters are closed: the newest audit record of their id; `at` is the broker's time, µs.

    `place` is the letter that was closed: one that came after it is another one, even with the same id.
    """

    action: str
    at: int
    actor: str
    reason: str
    place: Place | None


class Original(NamedTuple):
    """What is sent again; `partition` is set only where the key does not decide it."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class LetterGroup(NamedTuple):
    """Letters of one cause; times in µs, `example` is the newest letter."""

    group: str
    reason: str
    topic: str
    letters: int
    first: int
    last: int
    example: DeadLetter


GroupOf = Callable[[str, str, str], str]
"""Reason, topic and detail → id of the group."""


def ungrouped(_reason: str, _topic: str, _detail: str) -> str:
    """Where groups do not matter."""
    return ""


def letter_of(record: LogRecord, group_of: GroupOf = ungrouped) -> DeadLetter | None:
    """None for a record of the topic that was not written as a letter."""
    found = told(record.headers)
    if found.topic is None or found.partition is None or found.offset is None:
        return None
    origin = Place(found.topic, found.partition, found.offset)
    reason = found.reason or UNMARKED
    return DeadLetter(
        letter_id=place_text(origin),
        origin=origin,
        place=record.place,
        at=record.at,
        reason=reason,
        detail=found.detail,
        key=record.key,
        size=len(record.value or b"") if found.size is None else found.size,
        attempts=str(found.attempts),
        app=found.app,
        group=group_of(reason, found.topic, found.detail),
        retry_of=record.header(RETRY_OF),
        kept_in=found.file,
    )


# ── open or closed ───────────────────────────────────────────────────────────────────────────────


def closings(audits: Iterable[tuple[int, Audit]]) -> dict[str, Closing]:
    """Letter id → what closed it last; (broker's time in µs, record) in any order."""
    found: dict[str, Closing] = {}
    for at, audit in audits:
        closing, known = closing_of(at, audit), found.get(audit.entity)
        if closing is not None and (known is None or at >= known.at):
            found[audit.entity] = closing
    return found


def closing_of(at: int, audit: Audit) -> Closing | None:
    """What an audit record closes is its entity; None where it closes no letter.  `at` is the broker's time, µs."""
    if audit.entity_type != LETTER or audit.action not in CLOSING_ACTIONS:
        return None
    place = None if audit.cause is None else Place(*msgspec.structs.astuple(audit.cause))
    return Closing(audit.action, at, audit.actor, audit.reason or "", place)


def is_open(letter: DeadLetter, closed: Mapping[str, Closing]) -> bool:
    """A letter that came after the one that was closed is open: the row was refused anew after its retry."""
    closing = closed.get(letter.letter_id)
    return closing is None or not closes(closing, letter.place, letter.at)


def closes(closing: Closing, place: Place, at: int) -> bool:
    """Whether the letter of that place and time is the one that was closed, or an earlier one of the same record."""
    if closing.place is not None and closing.place.partition == place.partition:
        return place.offset <= closing.place.offset
    return at <= closing.at


# ── groups ───────────────────────────────────────────────────────────────────────────────────────


class LetterGroups:
    """Folds letters one by one; keeps one letter per group."""

    def __init__(self) -> None:
        self._groups: dict[str, LetterGroup] = {}

    def add(self, letter: DeadLetter) -> None:
        known = self._groups.get(letter.group)
        if known is None:
            one = LetterGroup(letter.group, letter.reason, letter.origin.topic, 1, letter.at, letter.at, letter)
            self._groups[letter.group] = one
            return
        newest = letter if letter.at >= known.last else known.example
        self._groups[letter.group] = known._replace(
            letters=known.letters + 1,
            first=min(known.first, letter.at),
            last=max(known.last, letter.at),
            example=newest,
        )

    def ordered(self) -> list[LetterGroup]:
        """The one with the newest letter first."""
        return sorted(self._groups.values(), key=lambda group: (-group.last, group.group))


# ── sending again ────────────────────────────────────────────────────────────────────────────────


class NotRetriableError(Exception):
    """This letter cannot be sent again from here; the message says why."""


def check_topic(letter: DeadLetter) -> None:
    """A header must not decide where this application writes.  Raises NotRetriableError."""
    topic = letter.origin.topic
    if topic not in BY_NAME or topic in _NEVER_BACK:
        raise NotRetriableError(f"{letter.letter_id}: {topic} is no topic that this application reads")


def original_of(letter: DeadLetter, record: LogRecord, kept: bytes | None = None) -> Original:
    """Key, value and headers as they came, with the header that says which letter this was.

    Sending one twice is harmless: the ledger knows a record by its identity (sequence within its scope, event id,
    hold and revision, rebase id) and ignores the repeat, and what it refuses becomes one more letter.
    `kept` are the bytes of the file of a letter that the broker would not take.  Raises NotRetriableError.
    """
    check_topic(letter)
    headers = [(name, value) for name, value in record.headers if not name.startswith(PREFIX) and name != RETRY_OF]
    partition = letter.origin.partition if record.key is None else None
    mark = (RETRY_OF, letter.letter_id.encode())
    return Original(letter.origin.topic, partition, record.key, _value(letter, record, kept), (*headers, mark))


def _value(letter: DeadLetter, record: LogRecord, kept: bytes | None) -> bytes | None:
    found = told(record.headers)
    if letter.kept_in is None:
        return None if found.is_null else (record.value or b"")
    if hashlib.sha256(kept or b"").hexdigest() != found.sha256:
        raise NotRetriableError(f"{letter.letter_id}: {letter.kept_in} no longer holds the bytes that came")
    if found.beside:
        raise NotRetriableError(
            f"{letter.letter_id}: its key and headers were too large, too, and lie in {found.beside}"
        )
    return kept
