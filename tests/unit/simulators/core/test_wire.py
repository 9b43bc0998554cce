"""JSON without floats."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core import wire
from simulators.core.wire import Number


def test_a_number_keeps_the_digits_that_were_sent() -> None:
    assert wire.decode(b'{"a": 190.70, "b": 1E3, "c": -0}') == {
        "a": Number("190.70"),
        "b": Number("1E3"),
        "c": Number("-0"),
    }


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b'"\\ud800"', b"[" * 100_000])
def test_what_is_not_json_in_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError means refused
        wire.decode(body)


def test_decimals_and_numbers_are_written_as_json_numbers() -> None:
    assert wire.encode({"a": Decimal("190.70"), "b": Number("1E3")}) == b'{"a":190.70,"b":1E3}'


def test_a_body_becomes_one_line_of_json_whatever_it_is() -> None:
    assert bytes(wire.one_line(b'{"a":\r\n1.50}')) == b'{"a":  1.50}'
    assert bytes(wire.one_line(b"grant_type=x\n")) == b'"grant_type=x\\n"'
    assert bytes(wire.one_line(b"")) == b"null"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_plain_numbers_are_equal_and_have_no_superfluous_digits(value: Decimal) -> None:
    shown = str(wire.plain(value))

    assert Decimal(shown) == value
    assert "E" not in shown
    assert not ("." in shown and shown.endswith(("0", ".")))
