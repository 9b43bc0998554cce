"""Quantities as text say them become whole micros, exactly or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.quantities import RECORD_LIMIT, from_decimal, to_decimal


@given(st.integers(-RECORD_LIMIT, RECORD_LIMIT))
def test_micros_survive_the_way_to_a_decimal_and_back(micros: int) -> None:
    assert from_decimal(to_decimal(micros)) == micros


@given(st.integers(0, 10**12), st.integers(7, 60), st.integers(1, 9))
def test_a_decimal_behind_the_sixth_is_refused_however_long_the_number_is(whole: int, places: int, digit: int) -> None:
    with pytest.raises(ValueError, match="more than six decimals"):
        from_decimal(Decimal(f"{whole}.{'0' * (places - 1)}{digit}"))


@pytest.mark.parametrize("text", ["1e501", "-1e999999", "1e999999", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_nobody_can_have_is_refused_as_a_value_and_takes_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a finite number|more digits than any quantity has"):
        from_decimal(Decimal(text))


def test_nought_is_nought_however_it_is_written() -> None:
    assert [from_decimal(Decimal(text)) for text in ("0", "0e999", "-0.000", "0e-50")] == [0, 0, 0, 0]
