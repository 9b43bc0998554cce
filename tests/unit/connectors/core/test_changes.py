"""Cursors, and what of an overlap is held back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.changes import Cursor, HandedOut, read_cursor
from connectors.core.errors import ConfigurationError
from schemas.models.erp_order_event import ErpOrderEvent


def event(name: str, at: int) -> ErpOrderEvent:
    return ErpOrderEvent(
        event_id=name, source_system="erp", erp_number="1", order_id="web-1", effective_at=at, recorded_at=at
    )


def names(events: object) -> list[str]:
    assert isinstance(events, list)
    return [one.event_id for one in events]


@given(st.integers(-(10**17), 10**17), st.from_regex(r"[A-Za-z0-9_-]{0,20}", fullmatch=True), st.binary(max_size=8))
def test_a_cursor_is_read_as_it_was_written(newest: int, behind: str, seen: bytes) -> None:
    cursor = Cursor(newest=newest, behind=behind, seen=seen.hex())

    assert read_cursor(cursor.text(), now=0) == cursor


def test_no_cursor_is_now() -> None:
    assert read_cursor("", now=5) == Cursor(newest=5)


@pytest.mark.parametrize("text", ["x", "2|1||", "1|x||", "1|1|a b|", "memory-1", "1|1||XY"])
def test_a_foreign_cursor_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        read_cursor(text, now=0)


def test_the_overlap_is_held_back_from_who_goes_on_and_told_again_to_who_does_not() -> None:
    handed = HandedOut()
    first, cursor = handed.take("", [event("a", 10), event("b", 20)], newest=20, behind="", overlap=15)
    again, following = handed.take(
        cursor, [event("a", 10), event("b", 20), event("c", 20)], newest=20, behind="", overlap=15
    )
    from_before, _ = handed.take(
        cursor, [event("a", 10), event("b", 20), event("c", 20)], newest=20, behind="", overlap=15
    )

    assert (names(first), names(again)) == (["a", "b"], ["c"])
    assert following != cursor
    assert names(from_before) == ["a", "b", "c"]


def test_nothing_new_leaves_the_cursor_as_it_is() -> None:
    handed = HandedOut()
    _, cursor = handed.take("", [event("a", 10)], newest=10, behind="", overlap=15)

    assert handed.take(cursor, [event("a", 10)], newest=10, behind="", overlap=15) == ([], cursor)


def test_events_come_in_order_of_time_and_of_reading_within_it() -> None:
    found, _ = HandedOut().take(
        "", [event("b", 20), event("z", 10), event("a", 20), event("b", 20)], newest=20, behind="", overlap=0
    )

    assert names(found) == ["z", "b", "a"]


def test_what_is_older_than_the_overlap_is_forgotten_unless_it_was_just_read() -> None:
    handed = HandedOut()
    _, cursor = handed.take("", [event("old", 1)], newest=1, behind="", overlap=5)
    _, cursor = handed.take(cursor, [event("new", 100), event("document", 2)], newest=100, behind="", overlap=5)

    repeated, _ = handed.take(cursor, [event("old", 1), event("document", 2)], newest=100, behind="", overlap=5)

    assert names(repeated) == ["old"]
