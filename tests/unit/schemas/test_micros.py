"""Decimals and times as whole micros, without losing a digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import DecodeError, EncodeError
from schemas.micros import micros_of, micros_of_millis, micros_of_text, unscaled_of

BOUND = 10**24


@given(st.integers(-BOUND + 1, BOUND - 1), st.integers(0, 6))
def test_what_is_written_is_read(number: int, digits: int) -> None:
    factor = 10**digits

    assert micros_of(unscaled_of(number * factor, factor, BOUND), factor, BOUND) == number * factor


@given(st.integers(-BOUND + 1, BOUND - 1))
def test_sign_bytes_in_front_change_nothing(number: int) -> None:
    assert micros_of(number.to_bytes(64, "big", signed=True), 1, BOUND) == number
    assert unscaled_of(number, 1, BOUND, 16) == number.to_bytes(16, "big", signed=True)


@pytest.mark.parametrize(
    "unscaled", [b"", bytes(65), (10**24).to_bytes(11, "big"), (-(10**24)).to_bytes(11, signed=True)]
)
def test_no_bytes_too_many_bytes_and_too_many_digits_are_refused(unscaled: bytes) -> None:
    with pytest.raises(DecodeError, match="undecodable: a decimal"):
        micros_of(unscaled, 1, BOUND)


@pytest.mark.parametrize(("micros", "factor"), [(1, 10), (BOUND, 1), (-BOUND, 1)])
def test_digits_that_would_be_lost_are_not_written(micros: int, factor: int) -> None:
    with pytest.raises(EncodeError, match="more digits"):
        unscaled_of(micros, factor, BOUND)


@given(st.decimals(-(10**9), 10**9, places=6))
def test_text_is_read_exactly(number: Decimal) -> None:
    assert micros_of_text(f"{number:f}") == int(number * 1_000_000)


@pytest.mark.parametrize("text", ["", "twelve", "NaN", "Infinity", "-sNaN", "1e99999999", "0.0000001"])
def test_what_is_no_number_of_six_decimals_is_refused(text: str) -> None:
    with pytest.raises(EncodeError):
        micros_of_text(text)


def test_milliseconds_become_microseconds_unless_64_bits_cannot_hold_them() -> None:
    assert micros_of_millis(-1_500) == -1_500_000
    for far in (1 << 60, -(1 << 60)):
        with pytest.raises(DecodeError, match="too far away"):
            micros_of_millis(far)
