"""Which dead letters belong together: one cause, so one repair.

That is the same reason on the same topic, the same schema, the same field, and the same message with its values masked:
what a target said, too.
"""

import hashlib
import re
from typing import NamedTuple

import msgspec

from streams.domain.reasons import DeadReason
from streams.runtime.lookback import Place
from streams.topics import DEAD_LETTER

_MASKED = re.compile(
    r"b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\""  # quoted values
    r"|\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b"  # ids
    r"|(?<![\w.])-?\d[\d.,]*"  # numbers
)
_WORD = re.compile(r"([A-Za-z][A-Za-z -]{0,40}?)\s*$")
_SOURCE = re.compile(r"([^:]{1,255}): ")
_FIELD_SAID = re.compile(r"\bfield ([A-Za-z_][\w.]{0,60})|^([a-z_][a-z_0-9.]{0,60}): ")
_FIELD_QUOTED = re.compile(r"['\"](sku|source_code|quantity|status|source_item_code)['\"]")
"""What a target names in its message is a value to the mask, but another field is another cause."""
_FIELDS = {
    DeadReason.NULL_VALUE.value: "value",
    DeadReason.NULL_KEY.value: "message key",
    DeadReason.WRONG_KEY.value: "message key",
    DeadReason.BAD_SKU.value: "sku",
    DeadReason.UNKNOWN_KIND.value: "kind",
    DeadReason.UNKNOWN_BUCKET.value: "bucket",
    DeadReason.UNKNOWN_LOCATION.value: "location_code",
    DeadReason.AMBIGUOUS_LOCATION.value: "location_code",
    DeadReason.UNKNOWN_UNIT.value: "uom",
    DeadReason.UNIT_NOT_EXACT.value: "quantity",
    DeadReason.NEGATIVE_ABSOLUTE.value: "quantity",
    DeadReason.QUANTITY_OUT_OF_RANGE.value: "quantity",
    DeadReason.NOT_OWNER.value: "owner_code",
    DeadReason.EFFECTIVE_IN_FUTURE.value: "effective_at",
    DeadReason.UNKNOWN_SOURCE.value: "source_code",
}
_ANY_SCHEMA = frozenset(
    {
        DeadReason.NOT_FRAMED.value,
        DeadReason.UNKNOWN_SCHEMA.value,
        DeadReason.TOO_LARGE.value,
        DeadReason.UNKNOWN_SOURCE.value,
        DeadReason.REJECTED.value,
    }
)
"""Where the schema is none, is itself the value that differs, or has no part in it: the target refused a row."""
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
    schema: int | None = None
    """Id of the schema that the bytes name."""

    @property
    def letter_id(self) -> str:
        return self.id

    @property
    def place(self) -> Place:
        """Of the letter itself."""
        return Place(DEAD_LETTER.name, self.partition, self.offset)

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


def field_of(reason: str, detail: str) -> str:
    """The field that the cause lies in; empty where no single one is named."""
    if known := _FIELDS.get(reason):
        return known
    _source, said = _told_by(detail, reason)
    quoted = _FIELD_QUOTED.search(said) if reason in _FROM_LANE else None
    named = quoted or _FIELD_SAID.search(said)
    return "" if named is None else next(filter(None, named.groups()))


def schema_part(reason: str, schema: int | None) -> str:
    """The schema as a part of the cause; empty where it is none."""
    return "" if schema is None or reason in _ANY_SCHEMA else str(schema)


def group_id(reason: str, topic: str, detail: str, schema: int | None = None) -> str:
    """Stable over restarts and the same on every worker."""
    cause = (reason, topic, schema_part(reason, schema), field_of(reason, detail), masked(detail, reason))
    return hashlib.blake2b("\0".join(cause).encode("utf-8", "replace"), digest_size=6).hexdigest()
