"""Is a stretch of a log whole?  Offsets that were seen against those that must be there.

Every record of a topic that is not compacted has the offset behind the one before it: nothing here writes in
transactions, whose markers would take offsets.  So a stretch is known by where it begins and ends, and an offset that
is not seen between them is a record that was taken out of the log.
"""

import msgspec

RANGES_KEPT = 50
"""Of one stretch; what is missing beyond that is counted only."""


class Missing(msgspec.Struct, frozen=True, array_like=True):
    """Offsets from `first` up to, not including, `end`."""

    first: int
    end: int

    @property
    def records(self) -> int:
        return self.end - self.first


class LogCount(msgspec.Struct, frozen=True):
    """What was seen of offsets `opened` up to, not including, `upto`."""

    opened: int
    upto: int
    seen: int = 0
    missing: tuple[Missing, ...] = ()
    missing_records: int = 0

    @classmethod
    def begun(cls, opened: int) -> "LogCount":
        return cls(opened, opened)


def counted(count: LogCount, offset: int) -> LogCount:
    """One more record; one below what was counted already changes nothing."""
    if offset < count.upto:
        return count
    passed = _passed_over(count, offset)
    return msgspec.structs.replace(passed, upto=offset + 1, seen=passed.seen + 1)


def closed(count: LogCount, end: int) -> LogCount:
    """The stretch ends here: what was not seen before it is missing."""
    return msgspec.structs.replace(_passed_over(count, end), upto=max(end, count.upto))


def is_missing(count: LogCount, offset: int) -> bool:
    """Whether the offset is in one of the ranges that are kept."""
    return any(one.first <= offset < one.end for one in count.missing)


def _passed_over(count: LogCount, offset: int) -> LogCount:
    if offset <= count.upto:
        return count
    gap = Missing(count.upto, offset)
    missing = (*count.missing, gap) if len(count.missing) < RANGES_KEPT else count.missing
    return msgspec.structs.replace(count, missing=missing, missing_records=count.missing_records + gap.records)
