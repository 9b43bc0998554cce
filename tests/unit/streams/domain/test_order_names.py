"""Which order a system means: its unified id, a task of ours, or a number of a channel; never another order."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.domain.order_id import unified_id
from streams.domain.order_names import NAMED_AT_MOST, KnownOrders, named

KNOWN = KnownOrders(frozenset({"commerce", "dealer-eu"}), "commerce", frozenset({"east", "us-east", "main.2"}))
TEXTS = st.text(min_size=1, max_size=80)


@given(TEXTS)
def test_every_order_of_a_known_channel_is_known_by_its_id_and_by_its_number(number: str) -> None:
    plain = KnownOrders(KNOWN.channels, KNOWN.shop)

    assert plain.id_in(unified_id("dealer-eu", number)) == unified_id("dealer-eu", number)
    assert plain.id_of_number(number) == unified_id("commerce", number)
    assert plain.id_of_number(number, "dealer-eu") == unified_id("dealer-eu", number)


@given(TEXTS, st.sampled_from(sorted(KNOWN.sources)), st.integers(2, 99) | st.none())
def test_a_task_of_ours_names_its_order(number: str, source: str, again: int | None) -> None:
    order_id = unified_id("commerce", number)
    assume(not order_id.endswith(("-east", "-us")))
    task = f"{order_id}-{source}" + ("" if again is None else f".{again}")

    assert KNOWN.id_in(task) == order_id


def test_the_longest_source_is_the_part_of_a_task() -> None:
    assert KNOWN.id_in("commerce-000000123-us-east") == "commerce-000000123"
    assert KNOWN.id_in("commerce-000000123-west") == "commerce-000000123-west"


@pytest.mark.parametrize(
    "text",
    ["SO-100001240", "100001234-1", "000000123", "commerce-", "commerce", "web-000000123", "commerce-a/b", "", None],
)
def test_what_only_looks_like_an_id_is_none(text: str | None) -> None:
    assert KNOWN.id_in(text) is None


def test_an_order_whose_number_is_a_source_is_itself() -> None:
    assert KNOWN.id_in("commerce-east") == "commerce-east"


def test_a_number_of_nobody_or_of_an_unknown_channel_is_no_order() -> None:
    assert KNOWN.id_of_number(None) is None
    assert KNOWN.id_of_number("") is None
    assert KNOWN.id_of_number("1", "web") is None


@pytest.mark.parametrize(
    ("text", "order_id"),
    [
        ("000000123", "commerce-000000123"),
        ("W100001234-1", "commerce-W100001234-1"),
        ("dealer_2deu-9", "dealer_2deu-9"),
        ("commerce-7-east", "commerce-7"),
        ("web-000000123", None),
        ("web-000000123-east", None),
        ("SO-7", None),
        ("", None),
        (None, None),
    ],
)
def test_a_text_that_may_be_id_or_number_is_a_number_only_where_it_looks_like_one(
    text: str | None, order_id: str | None
) -> None:
    assert KNOWN.id_of_either(text) == order_id


def test_a_shop_says_how_its_numbers_look() -> None:
    assert KnownOrders(numbers=r"SO-\d+").id_of_either("SO-7") == "commerce-SO-7"


def test_a_channel_that_no_order_can_be_named_by_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="at most 20 characters"):
        KnownOrders(frozenset({"c" * 21}), "c" * 21)


def test_a_letter_names_the_ids_that_were_given_and_no_more_of_them_than_a_person_reads() -> None:
    assert named(order_id="SO-1", commerce_order=None) == "order_id 'SO-1'"
    assert named(order_id=None, commerce_order="") == "no id at all"
    assert len(named(order_id="x" * 5000)) < NAMED_AT_MOST + 20
