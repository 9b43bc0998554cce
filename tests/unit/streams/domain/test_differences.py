from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.differences import Difference, DifferenceGroup, Example, grouped, joined
from streams.domain.side_by_side import Both, side_by_side

VALUES = st.dictionaries(st.binary(max_size=3), st.binary(max_size=1), max_size=12)


def _difference(kind: str, about: str, name: str) -> Difference:
    return Difference(kind, about, Example(name, about, "1", "2"))


# ── side by side ─────────────────────────────────────────────────────────────────────────────────


@given(VALUES, VALUES)
def test_every_key_of_both_sides_comes_once_in_order_with_both_values(
    before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]
) -> None:
    found = list(side_by_side(sorted(before.items()), sorted(after.items())))

    assert found == [Both(key, before.get(key), after.get(key)) for key in sorted({*before, *after})]


# ── groups ───────────────────────────────────────────────────────────────────────────────────────


def test_differences_of_one_kind_about_one_thing_are_one_group_with_a_few_examples() -> None:
    found = [_difference("quantity", "east", f"SKU-{number}") for number in range(5)]
    found.append(_difference("quantity", "west", "SKU-0"))

    east, west = grouped(found, 2)

    assert (east.kind, east.about, east.number) == ("quantity", "east", 5)
    assert [one.name for one in east.examples] == ["SKU-0", "SKU-1"]
    assert (west.about, west.number) == ("west", 1)


def test_groups_stand_in_the_order_of_their_names_whatever_came_first() -> None:
    found = [_difference(kind, about, "A") for kind, about in (("b", "x"), ("a", "y"), ("a", "x"))]

    assert [(one.kind, one.about) for one in grouped(found, 0)] == [("a", "x"), ("a", "y"), ("b", "x")]


def test_groups_of_several_partitions_add_up_and_keep_the_first_examples() -> None:
    one = grouped([_difference("q", "east", "A"), _difference("q", "west", "B")], 2)
    other = grouped([_difference("q", "east", "C"), _difference("q", "east", "D")], 2)

    east, west = joined([*one, *other], 2)

    assert east == DifferenceGroup("q", "east", 3, (Example("A", "east", "1", "2"), Example("C", "east", "1", "2")))
    assert west.number == 1
