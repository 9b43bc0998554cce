"""Where reading starts: never past a record that is not accounted for or not told of, and never over a gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.start_offsets import Start, start_of


@pytest.mark.parametrize(
    ("committed", "earliest", "accounted", "start"),
    [
        (None, 0, None, 0),  # the first start
        (None, 40, None, 40),  # the first start on a log that was cut before
        (70, 40, None, 70),  # no table speaks
        (70, 40, 70, 70),
        (70, 40, 90, 70),  # a kill between state and commit: commands may not have left
        (None, 0, 90, 0),  # a kill before the first commit: the same
        (None, 40, 90, 40),
        (30, 40, 90, 40),  # what the log lost is accounted for
        (90, 40, 70, 70),  # a commit that ran ahead
        (0, 0, 0, 0),
        (None, 40, 0, 40),  # the first start, with a table that is there
        (90, 0, 0, 0),  # the table was lost, the log was not
    ],
)
def test_reading_starts_where_nothing_can_be_missed(
    committed: int | None, earliest: int, accounted: int | None, start: int
) -> None:
    assert start_of(committed, earliest, accounted).offset == start


def test_a_commit_that_ran_ahead_is_told() -> None:
    assert "90" in start_of(90, 40, 70).note
    assert start_of(70, 40, 90).note == ""


@pytest.mark.parametrize(("committed", "accounted"), [(30, None), (30, 30), (None, 30), (50, 30), (0, 30)])
def test_records_that_left_the_log_unread_are_a_gap(committed: int | None, accounted: int | None) -> None:
    assert start_of(committed, 40, accounted) == Start(None, 30, 40)


def test_a_gap_is_passed_once_a_person_accepted_it() -> None:
    start = start_of(30, 40, 30, accepted_to=40)

    assert start.offset == 40
    assert "30 to 39" in start.note


def test_what_a_lost_table_knew_and_the_log_no_longer_holds_is_a_gap() -> None:
    assert start_of(90, 40, 0) == Start(None, 0, 40)
    assert start_of(40, 40, 0) == Start(None, 0, 40)
    assert start_of(90, 40, 0, accepted_to=40).offset == 40


def test_without_an_order_nothing_is_said_of_one() -> None:
    assert start_of(0, 0, 0) == Start(0)


def test_a_table_begins_anew_from_where_a_person_wanted() -> None:
    start = start_of(70, 40, 0, accepted_to=70)

    assert start.offset == 70
    assert "operator" in start.note


def test_an_accepted_gap_that_grew_is_a_gap_again() -> None:
    assert start_of(30, 41, 30, accepted_to=40).offset is None


offsets = st.none() | st.integers(0, 50)


@given(offsets, st.integers(0, 50), offsets, offsets)
def test_no_record_that_is_still_in_the_log_is_passed_unread(
    committed: int | None, earliest: int, accounted: int | None, accepted: int | None
) -> None:
    start = start_of(committed, earliest, accounted, accepted)

    if start.offset is None:
        assert start.lost_from < start.lost_to == earliest
        assert accepted is None or accepted < earliest
        return
    assert start.offset >= earliest
    told = earliest if committed is None else max(committed, earliest)
    if accounted == 0 and accepted is not None and accepted >= told:
        return
    safe = told if accounted is None else min(told, max(accounted, earliest))
    assert start.offset <= safe
