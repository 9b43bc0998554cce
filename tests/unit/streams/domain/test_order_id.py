"""One id per order: readable where it can be, and never the same for two."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.domain.order_id import ID_LIMIT, is_unified, unified_id

channels = st.text(alphabet="abcXYZ019_-", min_size=1, max_size=6)
numbers = st.text(min_size=1, max_size=120)


@pytest.mark.parametrize(
    ("channel", "number", "expected"),
    [
        ("commerce", "000000123", "commerce-000000123"),
        ("commerce", "000000123-1", "commerce-000000123-1"),
        ("dealer", "A/7", "dealer-A_2f7"),
        ("dealer", "A_7", "dealer-A_5f7"),
        ("dealer-eu", "7", "dealer_2deu-7"),
        ("dealer", "ä", "dealer-_c3_a4"),
    ],
)
def test_a_plain_number_stays_readable_and_others_are_escaped(channel: str, number: str, expected: str) -> None:
    assert unified_id(channel, number) == expected


@settings(max_examples=300, deadline=None)
@given(channels, numbers)
def test_every_id_has_only_the_letters_that_all_targets_take_and_is_bounded(channel: str, number: str) -> None:
    made = unified_id(channel, number)

    assert is_unified(made)
    assert len(made) <= ID_LIMIT
    assert unified_id(channel, number) == made


@settings(max_examples=500, deadline=None)
@given(channels, numbers, channels, numbers)
@example("a", "b-c", "a-b", "c")
@example("a", "_2f", "a", "/")
@example("a", "x" * 62, "a", "x" * 63)
@example("a", "x" * 63, "a", "x" * 64)
def test_two_orders_never_share_an_id(channel: str, number: str, other_channel: str, other_number: str) -> None:
    same = unified_id(channel, number) == unified_id(other_channel, other_number)

    assert same == ((channel, number) == (other_channel, other_number))


def test_a_number_that_is_too_long_keeps_a_readable_head() -> None:
    made = unified_id("commerce", "9" * 80)

    assert made.startswith("commerce-999999")
    assert len(made) == ID_LIMIT


def test_a_lone_surrogate_has_an_id_too() -> None:
    assert unified_id("commerce", "\ud800") == "commerce-_ed_a0_80"


@pytest.mark.parametrize(("channel", "number"), [("", "1"), ("commerce", ""), ("c" * 21, "1"), ("ä" * 4, "1")])
def test_an_order_without_channel_or_number_has_no_id(channel: str, number: str) -> None:
    with pytest.raises(ValueError, match="channel"):
        unified_id(channel, number)


@pytest.mark.parametrize("text", ["", "commerce", "a|1", "a-" + "1" * 64, "-1x", "ä-1"])
def test_what_is_no_unified_id_is_known(text: str) -> None:
    assert not is_unified(text)
