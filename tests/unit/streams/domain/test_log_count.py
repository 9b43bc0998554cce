"""Laws of a stretch of a log: what is not seen between its ends is missing, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain import log_count
from streams.domain.log_count import RANGES_KEPT, LogCount, Missing

OFFSETS = st.sets(st.integers(0, 60))


def _counted(opened: int, end: int, seen: list[int]) -> LogCount:
    count = LogCount.begun(opened)
    for offset in seen:
        count = log_count.counted(count, offset)
    return log_count.closed(count, end)


@given(OFFSETS)
def test_every_offset_of_a_stretch_is_either_seen_or_missing(seen: set[int]) -> None:
    count = _counted(0, 61, sorted(seen))
    missing = {offset for one in count.missing for offset in range(one.first, one.end)}
    assert missing == set(range(61)) - seen
    assert (count.seen, count.missing_records, count.upto) == (len(seen), 61 - len(seen), 61)


@given(OFFSETS, st.integers(0, 60))
def test_whether_one_offset_is_missing_can_be_asked(seen: set[int], offset: int) -> None:
    assert log_count.is_missing(_counted(0, 61, sorted(seen)), offset) is (offset not in seen)


@given(st.lists(st.integers(0, 30)))
def test_a_record_that_is_read_again_is_counted_once(read: list[int]) -> None:
    once = sorted(set(read))
    again = [offset for one in once for offset in (one, one)]
    assert _counted(0, 31, again) == _counted(0, 31, once)


def test_two_stretches_that_follow_each_other_miss_the_same_as_one() -> None:
    first = _counted(0, 10, [0, 1, 4])
    second = _counted(first.upto, 20, [12])
    whole = _counted(0, 20, [0, 1, 4, 12])
    assert first.missing_records + second.missing_records == whole.missing_records


def test_what_is_missing_beyond_what_is_kept_is_still_counted() -> None:
    count = _counted(0, 400, list(range(1, 400, 2)))
    assert len(count.missing) == RANGES_KEPT
    assert count.missing_records == 200
    assert count.missing[0] == Missing(0, 1)
