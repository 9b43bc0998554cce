"""Dead letters as operators work on them: read from the log, grouped, and how one is sent again; no I/O."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from schemas.codec import FRAME, schema_id_of
from schemas.errors import DecodeError
from streams.domain.reasons import DeadReason
from streams.runtime.dead_letters import PREFIX
from streams.runtime.letter_headers import RETRY_OF, told
from streams.runtime.lookback import Place
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import place_text
from streams.topics import AUDIT, BY_NAME, CONTROL, DEAD_LETTER

EDIT_OF, EDITED = "streams-edit-of", "streams-edited"
"""Headers of a record that a person corrected: the id of its letter, and the names of the fields."""
MARKS = frozenset({RETRY_OF, EDIT_OF, EDITED})
"""What we add to a record that is sent again; of an earlier time they do not go out twice."""
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
    schema: int | None = None
    """Id of the schema that the bytes name; None where they name none."""


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


GroupOf = Callable[[str, str, str, int | None], str]
"""Reason, topic, detail and schema id → id of the group."""


def ungrouped(_reason: str, _topic: str, _detail: str, _schema: int | None) -> str:
    """Where groups do not matter."""
    return ""


def letter_of(record: LogRecord, group_of: GroupOf = ungrouped) -> DeadLetter | None:
    """None for a record of the topic that was not written as a letter."""
    found = told(record.headers)
    if found.topic is None or found.partition is None or found.offset is None:
        return None
    origin = Place(found.topic, found.partition, found.offset)
    reason = found.reason or UNMARKED
    schema = schema_named(record.value)
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
        group=group_of(reason, found.topic, found.detail, schema),
        retry_of=record.header(RETRY_OF),
        kept_in=found.file,
        schema=schema,
    )


def schema_named(value: bytes | None) -> int | None:
    """The id in the frame of the bytes, whether or not the registry knows it; None where there is no frame."""
    try:
        return schema_id_of((value or b"")[: FRAME.size])
    except DecodeError:
        return None


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
    headers = [(name, value) for name, value in record.headers if not name.startswith(PREFIX) and name not in MARKS]
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
