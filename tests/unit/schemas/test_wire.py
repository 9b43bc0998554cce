"""Avro's numbers: what is written is read, and what no encoder writes is refused."""

from io import BytesIO

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import DecodeError, EncodeError
from schemas.wire import read_count, read_int_zigzag, read_length, read_zigzag, unfinished, write_long
from tests.corpus.avro_bytes import varint, zigzag

LONGS = st.integers(-(1 << 63), (1 << 63) - 1)


@given(LONGS)
def test_a_long_is_written_as_fastavro_writes_it_and_read_back(number: int) -> None:
    stream = BytesIO()
    fastavro.schemaless_writer(stream, "long", number)

    written = write_long(number)
    raw, end = read_zigzag(written + b"\xff", 0)

    assert written == stream.getvalue()
    assert ((raw >> 1) ^ -(raw & 1), end) == (number, len(written))


@given(st.integers(0, (1 << 64) - 1), st.integers(1, 12))
def test_a_number_with_a_byte_too_many_is_refused(number: int, more: int) -> None:
    width = len(varint(number)) + more

    with pytest.raises(DecodeError, match="undecodable"):
        read_zigzag(varint(number, width=width) + bytes(3), 0)


@given(LONGS)
def test_a_number_that_is_cut_runs_out_of_bytes(number: int) -> None:
    written = write_long(number)

    with pytest.raises(IndexError):
        read_zigzag(written[:-1], 0)


@pytest.mark.parametrize("number", [1 << 64, 1 << 69, (1 << 70) - 1])
def test_a_number_of_more_than_64_bits_is_refused(number: int) -> None:
    with pytest.raises(DecodeError, match="more bits"):
        read_zigzag(varint(number), 0)


def test_a_number_that_never_ends_is_refused() -> None:
    with pytest.raises(DecodeError, match="more than 64 bits"):
        read_zigzag(b"\xff" * 64, 0)


def test_an_int_has_32_bits() -> None:
    assert read_int_zigzag(varint((1 << 32) - 1), 0) == ((1 << 32) - 1, 5)
    with pytest.raises(DecodeError, match="int of more than 32 bits"):
        read_int_zigzag(varint(1 << 32), 0)


def test_a_length_is_not_negative() -> None:
    assert read_length(zigzag(300) + bytes(298), 0) == (300, 2)
    with pytest.raises(DecodeError, match="the bytes end inside"):
        read_length(zigzag(301) + bytes(298), 0)
    with pytest.raises(DecodeError, match="negative length"):
        read_length(zigzag(-1), 0)


def test_a_block_states_its_items_and_perhaps_its_bytes() -> None:
    assert read_count(zigzag(3) + b"abc", 0) == (3, 1, -1)
    assert read_count(zigzag(-3) + zigzag(6) + b"aabbcc", 0) == (3, 2, 8)
    assert read_count(b"\0", 0) == (0, 1, -1)
    with pytest.raises(DecodeError, match="more items than bytes"):
        read_count(zigzag(4) + b"abc", 0)


def test_a_number_that_does_not_fit_is_not_written() -> None:
    assert write_long(-(1 << 31), bits=32) == varint((1 << 32) - 1)
    for number, bits in ((1 << 31, 32), (-(1 << 31) - 1, 32), (1 << 63, 64), (-(1 << 63) - 1, 64)):
        with pytest.raises(EncodeError, match="does not fit"):
            write_long(number, bits=bits)


def test_a_record_that_ends_early_is_told_from_one_that_is_followed_by_something() -> None:
    assert unfinished(9, 8).reason == "undecodable"
    assert unfinished(7, 8).reason == "bytes-left-over"
