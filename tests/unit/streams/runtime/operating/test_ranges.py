"""A range as it is typed, and what is said where Kafka no longer holds it."""

import pytest

from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Range, RangeError
from streams.topics import STOCK_CHANGE
from tests.unit.streams.app.replay.logs import T0_MS, MemoryLogs

ONE, TWO = Partition(STOCK_CHANGE.name, 0), Partition(STOCK_CHANGE.name, 1)


def _logs(cut: int = 0) -> MemoryLogs:
    """Ten records in the first partition, a second apart and the last of them at T0; none in the other."""
    logs = MemoryLogs(partitions=2, cut=cut)
    for number in range(10):
        logs.append(b"A", b"x", ms=(number - 9) * 1000)
    return logs


def test_earliest_is_all_that_the_log_holds() -> None:
    found = _logs(cut=100).range()

    assert found.wanted == {ONE: Span(100, 110), TWO: Span(100, 100)}
    assert (found.records, found.from_ms, found.to_ms) == (10, None, None)


def test_offsets_name_the_range_of_one_partition() -> None:
    found = _logs().range("3", "7", partition=0)

    assert found.wanted == {ONE: Span(3, 7)}


def test_an_offset_behind_the_end_of_a_partition_is_its_end() -> None:
    assert _logs().range("3", "99").wanted == {ONE: Span(3, 10), TWO: Span(0, 0)}


def test_times_and_ages_name_the_records_from_and_before_them() -> None:
    found = _logs().range("5s", "2s")

    assert found.wanted == {ONE: Span(4, 7), TWO: Span(0, 0)}
    assert (found.from_ms, found.to_ms) == (T0_MS - 5000, T0_MS - 2000)


@pytest.mark.parametrize(
    ("start", "end", "partition", "said"),
    [
        ("99", None, 0, r"\[0\]: offset 99 is no longer in Kafka; the oldest there is has offset 100 of 2025-"),
        ("1h", None, None, r"\[0\]: records of .* are no longer in Kafka; the oldest there is has offset 100"),
        ("99", None, 1, r"\[1\]: offset 99 is no longer in Kafka; the oldest there is has offset 100: begin there"),
        ("110", None, 0, r"holds no record: the newest of wms.stock-change.v1 is of .* \(partition 0, offset 109\)"),
        ("earliest", None, 1, r"holds no record: wms.stock-change.v1 is empty"),
        ("105", "104", 0, "holds no record"),
        ("earliest", "earliest", None, "--to is where the range ends"),
        ("yesterday", None, None, "--from 'yesterday' is neither a time like"),
        ("earliest", "soon", None, "--to 'soon' is neither a time like"),
        ("earliest", None, 7, "has no partition 7"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_there_is(
    start: str, end: str | None, partition: int | None, said: str
) -> None:
    with pytest.raises(RangeError, match=said):
        _logs(cut=100).range(start, end, partition)


def test_a_time_before_the_first_record_is_fine_where_nothing_was_cut_off() -> None:
    found: Range = _logs().range("1h")

    assert found.wanted[ONE] == Span(0, 10)
