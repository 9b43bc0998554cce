import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.web import words
from streams.web.render import prose, shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.44, "0.4 s"), (1.2, "1.2 s"), (36.9, "36 s"), (60, "1 min"), (2190, "36 min"), (3600, "1 h"),
     (15_120, "4 h 12 min"), (172_799, "47 h 59 min"), (172_800, "2 d")],
)  # fmt: skip
def test_a_span_has_its_unit(seconds: float, text: str) -> None:
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (0, "0/s"),
        (0.01, "0.6/min"),
        (1 / 60, "1/min"),
        (0.8, "0.8/s"),
        (2.0, "2/s"),
        (212.4, "212/s"),
        (4321, "4,321/s"),
    ],
)
def test_a_rate_has_its_unit(per_second: float, text: str) -> None:
    assert words.rate(per_second) == text


@pytest.mark.parametrize(
    ("quantity", "text"), [("120.0000", "120"), ("70.7", "70.7"), ("0", "0"), ("1E+3", "1000"), ("none", "none")]
)
def test_a_quantity_of_a_target_loses_its_empty_digits(quantity: str, text: str) -> None:
    assert words.plain(quantity) == text


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([5], "5"), ([7, 5, 6], "5–7"), ([0, 1, 2, 5, 7, 8], "0–2, 5, 7–8")]
)
def test_partitions_are_told_as_ranges(numbers: list[int], text: str) -> None:
    assert words.ranges(numbers) == text


def test_a_time_carries_both_zones_and_the_other_day_where_it_differs() -> None:
    at = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)

    assert words.absolute(at, ZoneInfo("UTC")) == "2026-11-21 23:30:00 UTC"
    assert words.absolute(at, ZoneInfo("Asia/Kolkata")) == "2026-11-22 05:00:00 Asia/Kolkata · 2026-11-21 23:30:00 UTC"
    assert words.absolute(at, ZoneInfo("America/New_York")) == "2026-11-21 18:30:00 America/New_York · 23:30:00 UTC"


def test_a_summer_time_night_shows_the_hour_twice_with_different_utc() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    assert words.absolute(first, zone).startswith("2026-10-25 02:30:00")
    assert words.absolute(second, zone).startswith("2026-10-25 02:30:00")
    assert words.absolute(first, zone) != words.absolute(second, zone)


def test_what_cannot_be_seen_is_written_out() -> None:
    assert words.visible("a\u202eb\u200bc\x00d\ne\ud800") == "a<U+202E>b<U+200B>c<U+0000>d<U+000A>e<U+D800>"


def test_marks_that_pile_up_are_counted() -> None:
    assert words.visible("e" + "\u0301" * 200, 300) == "e\u0301\u0301\u0301<+197 marks>"
    assert words.visible("สวัสดี") == "สวัสดี"


def test_a_long_text_is_cut_with_its_length() -> None:
    assert words.visible("W" * 10_000) == "W" * 80 + "… 10,000 characters"
    assert words.visible("W" * 80) == "W" * 80


@given(st.text())
def test_no_text_keeps_a_character_that_hides_or_turns_others(text: str) -> None:
    shown_text = str(shown(text))

    assert not re.search("[\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", shown_text)
    assert "<script" not in shown_text


def test_text_of_others_is_escaped_and_set_apart() -> None:
    assert str(shown("<b>&'\"")) == "<bdi>&lt;b&gt;&amp;&#x27;&quot;</bdi>"


def test_code_between_backticks_is_escaped_too() -> None:
    assert str(prose("run `a <b>` now")) == "<bdi>run <code>a &lt;b&gt;</code> now</bdi>"
