"""Missing order numbers: which are noticed, when they are asked for, and what an answer means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain import increment_gaps
from streams.domain.increment_gaps import (
    ASK_AGAIN_AFTER,
    ASKED_AT_ONCE,
    LARGEST_JUMP,
    OPEN_AT_MOST,
    SERIES_AT_MOST,
    TOLD_AT_MOST,
    WHY_AT_MOST,
    Gaps,
    due,
    found,
    never_placed,
    refused,
    seen,
    unexplained,
)

AFTER = 600


def number(counter: int, store: str = "") -> str:
    return f"{store}{counter:09d}"


def missing(gaps: Gaps) -> set[str]:
    return {one.number for one in gaps.missing}


counters = st.lists(st.integers(1, 60), min_size=1, max_size=30)


@settings(deadline=None)
@given(counters)
def test_missing_is_every_number_between_the_lowest_and_the_highest_that_was_not_seen(listed: list[int]) -> None:
    gaps = seen(Gaps(), [number(one) for one in listed], 0)

    assert missing(gaps) == {number(one) for one in range(min(listed), max(listed)) if one not in listed}


@settings(deadline=None)
@given(counters, st.data())
def test_which_numbers_are_missing_depends_neither_on_the_order_nor_on_repeats(listed: list[int], data: object) -> None:
    drawn = data.draw(st.permutations([*listed, *listed[:3]]))  # type: ignore[attr-defined]  # hypothesis' DataObject

    one, other = (seen(Gaps(), [number(n) for n in way], 0) for way in (listed, drawn))

    assert missing(one) == missing(other)


@settings(deadline=None)
@given(counters, st.sets(st.integers(1, 60)))
def test_what_was_explained_is_not_missing_again(listed: list[int], explained: set[int]) -> None:
    gaps = seen(Gaps(), [number(one) for one in listed], 0)
    for one in explained:
        gaps = never_placed(gaps, number(one))

    again = seen(gaps, [number(one) for one in listed], 5)

    assert missing(again) == missing(gaps)
    assert not missing(again) & {number(one) for one in explained}


@pytest.mark.parametrize(
    ("first", "last", "between"),
    [
        ("000000041", "000000043", {"000000042"}),
        ("2000000041", "2000000043", {"2000000042"}),
        ("D-9", "D-11", {"D-10"}),
        ("WEB0098X", "WEB0100X", {"WEB0099X"}),
        ("000000123-1", "000000123-3", {"000000123-2"}),
    ],
)
def test_a_missing_number_is_written_as_the_shop_writes_it(first: str, last: str, between: set[str]) -> None:
    assert missing(seen(Gaps(), [first, last], 0)) == between


@pytest.mark.parametrize(
    ("one", "other"), [("000000041", "2000000043"), ("A-1", "B-3"), ("A-1", "A-3b"), ("5", "0007")]
)
def test_stores_are_counted_apart(one: str, other: str) -> None:
    assert missing(seen(Gaps(), [one, other], 0)) == set()


@pytest.mark.parametrize("text", ["", "ABC", "٣"])
def test_what_is_no_counted_number_is_left_alone(text: str) -> None:
    assert seen(Gaps(), [text], 0) == Gaps()


def test_a_counter_that_somebody_set_begins_anew() -> None:
    gaps = seen(Gaps(), [number(1), number(LARGEST_JUMP + 3)], 0)

    assert missing(gaps) == set()
    assert missing(seen(gaps, [number(LARGEST_JUMP + 5)], 0)) == {number(LARGEST_JUMP + 4)}
    assert len(missing(seen(Gaps(), [number(1), number(LARGEST_JUMP + 2)], 0))) == LARGEST_JUMP


def test_a_number_is_asked_for_once_it_was_missing_for_so_long_and_the_oldest_first() -> None:
    gaps = seen(seen(Gaps(), [number(5), number(7)], 10), [number(3)], 0)

    assert due(gaps, 599, AFTER) == ()
    assert due(gaps, 600, AFTER) == (number(4),)
    assert due(gaps, 610, AFTER) == (number(4), number(6))
    assert len(due(seen(Gaps(), [number(1), number(200)], 0), AFTER, AFTER)) == ASKED_AT_ONCE


def test_an_order_that_was_listed_late_is_missing_no_more() -> None:
    gaps = seen(Gaps(), [number(1), number(3)], 0)

    assert missing(seen(gaps, [number(2)], 1)) == set()


def test_an_order_that_the_shop_refuses_to_show_stays_until_it_was_read_and_is_asked_for_every_hour() -> None:
    gaps = refused(seen(Gaps(), [number(1), number(3)], 0), number(2), "it states no currency" * 50, 700)

    assert [(one.number, one.why[:21]) for one in unexplained(gaps, 701, AFTER)] == [
        (number(2), "it states no currency")
    ]
    assert len(gaps.missing[0].why) == WHY_AT_MOST
    assert (gaps.missing[0].since, gaps.missing[0].asked_at) == (0, 700)
    assert missing(seen(gaps, [number(2)], 800)) == {number(2)}
    assert due(gaps, 700 + ASK_AGAIN_AFTER - 1, AFTER) == ()
    assert due(gaps, 700 + ASK_AGAIN_AFTER, AFTER) == (number(2),)
    assert missing(found(gaps, number(2))) == set()


def test_a_refused_order_that_was_not_missing_is_noted_as_well() -> None:
    gaps = refused(Gaps(), "X", "two orders have the number", 700)

    assert [one.since for one in unexplained(gaps, 700, AFTER)] == [700]


def test_unexplained_is_what_nobody_answered_for_longer_than_allowed() -> None:
    gaps = seen(Gaps(), [number(1), number(3)], 0)

    assert unexplained(gaps, AFTER, AFTER) == ()
    assert [one.number for one in unexplained(gaps, AFTER + 1, AFTER)] == [number(2)]
    assert unexplained(never_placed(gaps, number(2)), AFTER + 1, AFTER) == ()


def test_the_last_numbers_that_the_shop_does_not_know_are_told() -> None:
    gaps = Gaps()
    for one in range(TOLD_AT_MOST + 10):
        gaps = never_placed(gaps, number(one))

    assert gaps.never_placed == tuple(number(one) for one in range(10, TOLD_AT_MOST + 10))


def test_what_is_remembered_is_bounded_and_what_had_no_room_is_counted() -> None:
    gaps = Gaps()
    for store in range(SERIES_AT_MOST + 5):
        gaps = seen(gaps, [number(1, f"S{store}-"), number(12, f"S{store}-")], store)

    assert len(gaps.series) == SERIES_AT_MOST
    assert len(gaps.missing) == OPEN_AT_MOST
    assert gaps.given_up == 10 * (SERIES_AT_MOST + 5) - OPEN_AT_MOST
    assert gaps.missing[-1].number == number(11, f"S{SERIES_AT_MOST + 4}-")


def test_finding_what_was_not_missing_changes_nothing() -> None:
    gaps = seen(Gaps(), [number(1)], 0)

    assert increment_gaps.found(gaps, number(1)) is gaps
