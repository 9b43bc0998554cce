"""A group is behind by what it has not committed, and only by that."""

from bench.machine import ALL_CORES, busy_seconds
from bench.stack import behind


def test_what_is_committed_beyond_the_ends_makes_up_for_nothing() -> None:
    assert behind({0: 10, 1: 10}, {0: 12, 1: 9}) == 1
    assert behind({0: 10, 1: 10}, {0: 12, 1: 15}) == 0


def test_a_partition_without_a_commit_is_behind_by_all_of_it() -> None:
    assert behind({0: 10, 1: 0}, {0: -1001, 1: -1001}) == 10


def test_time_of_cores_adds_up() -> None:
    before = busy_seconds(ALL_CORES[:1])

    assert 0 < before <= busy_seconds(ALL_CORES[:1]) + busy_seconds([])
