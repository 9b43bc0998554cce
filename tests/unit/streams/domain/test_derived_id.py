"""An id says what it identifies: the same parts, the same id."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.derived_id import derived_id

PARTS = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1)


@given(PARTS, PARTS)
def test_equal_parts_give_one_id_and_other_parts_another(left: list[str], right: list[str]) -> None:
    assert (derived_id(*left) == derived_id(*right)) == (left == right)


def test_an_id_is_the_same_in_every_release() -> None:
    assert derived_id("alert", "PUMP-200", 7) == "666575d2488efee4481bc2468bc04a77"
