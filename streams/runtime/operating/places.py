"""How people write where a record lies, and which records: `wms.stock-change.v1-3-120`, `2h`, `2026-11-21T10:00Z`."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from streams.runtime.lookback import Place

SECOND = 1_000_000
_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGE = re.compile(r"(\d+)([smhd])")


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.number}]"


class Span(NamedTuple):
    """Offsets from `first` up to, not including, `end`."""

    first: int
    end: int

    @property
    def records(self) -> int:
        """At most: compaction leaves holes."""
        return max(0, self.end - self.first)


def place_text(place: Place) -> str:
    """The id of a record, and of the dead letter that holds it."""
    return f"{place.topic}-{place.partition}-{place.offset}"


def place_of(text: str) -> Place:
    """Raises ValueError."""
    topic, partition, offset = [*text.rsplit("-", 2), "", ""][:3]
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise ValueError(f"{text!r} is not TOPIC-PARTITION-OFFSET, e.g. wms.stock-change.v1-3-120")
    return Place(topic, int(partition), int(offset))


def moment_of(text: str, now: int) -> int:
    """Microseconds since 1970 of an ISO time (UTC where it has no zone) or an age like 90s, 2h, 3d.

    Raises ValueError.
    """
    age = _AGE.fullmatch(text)
    if age:
        return now - int(age[1]) * _AGES[age[2]] * SECOND
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a time like 2026-11-21T10:00Z nor an age like 90s, 2h, 3d") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * SECOND)
