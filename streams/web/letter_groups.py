"""Which dead letters belong together: the same reason on the same topic with the same message, its values masked."""

import hashlib
import re
from typing import NamedTuple

import msgspec

from streams.domain.reasons import DeadReason

_MASKED = re.compile(
    r"b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\""  # quoted values
    r"|\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b"  # ids
    r"|(?<![\w.])-?\d[\d.,]*"  # numbers
)
_WORD = re.compile(r"([A-Za-z][A-Za-z -]{0,40}?)\s*$")
_SOURCE = re.compile(r"([^:]{1,255}): ")
_FROM_LANE = frozenset({DeadReason.UNKNOWN_SOURCE.value, DeadReason.REJECTED.value})
MASK = "‹…›"


class Letter(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a letter in memory: everything but its bytes.  Times in µs, UTC.

    `partition` and `offset` are those of the letter; `origin_…` those of the record that was set aside.
    """

    partition: int
    offset: int
    origin_topic: str
    origin_partition: int
    origin_offset: int
    key: str
    reason: str
    detail: str
    group: str
    at: int
    size: int
    attempts: int
    file: str = ""

    @property
    def id(self) -> str:
        return f"{self.origin_topic}-{self.origin_partition}-{self.origin_offset}"


class Value(NamedTuple):
    """A value that was masked, and the word before it."""

    field: str
    value: str


def masked(detail: str, reason: str = "") -> str:
    """The message without what differs from letter to letter."""
    source, rest = _told_by(detail, reason)
    return (f"{MASK}: " if source else "") + _MASKED.sub(MASK, rest)


def _told_by(detail: str, reason: str) -> tuple[str, str]:
    """The lane puts the source before what the target said."""
    match = _SOURCE.match(detail) if reason in _FROM_LANE else None
    return ("", detail) if match is None else (match.group(1), detail[match.end() :])


def values_of(detail: str, reason: str = "") -> tuple[Value, ...]:
    """What was masked: `location 'WMS-07'` gives (location, WMS-07)."""
    source, detail = _told_by(detail, reason)
    found = [Value("source", source)] if source else []
    for match in _MASKED.finditer(detail):
        before = _WORD.search(detail[: match.start()])
        field = before.group(1).split()[-1] if before else "value"
        found.append(Value(field, match.group().lstrip("b").strip("'\"")))
    return tuple(found)


def group_id(reason: str, topic: str, detail: str) -> str:
    """Stable over restarts and the same on every worker."""
    parts = "\0".join((reason, topic, masked(detail, reason)))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=6).hexdigest()
