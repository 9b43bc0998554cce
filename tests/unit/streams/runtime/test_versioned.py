"""The header of every stored value: its bytes compare as the version does, and other formats are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.version import Version
from streams.runtime.versioned import (
    FORMAT,
    HEADER_SIZE,
    VERSION_BYTES,
    UnknownFormatError,
    pack,
    unpack,
    version_bytes,
)

versions = st.builds(Version, st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))


@given(versions, st.binary(max_size=50))
def test_version_and_payload_can_be_read_again(version: Version, payload: bytes) -> None:
    assert unpack(pack(version, payload)) == (version, payload)


@given(versions, versions)
def test_the_version_bytes_compare_as_the_versions_do(one: Version, other: Version) -> None:
    first, second = version_bytes(one), version_bytes(other)

    assert (first < second, first == second) == (one < other, one == other)
    assert pack(one, b"payload")[VERSION_BYTES] == first


def test_the_layout_is_that_which_is_stored() -> None:
    assert pack(Version(1, 2), b"x") == b"\x01\0\0\0\x01\0\0\0\0\0\0\0\x02x"
    assert (HEADER_SIZE, len(version_bytes(Version(1, 2)))) == (13, 12)


@pytest.mark.parametrize("made", [0, FORMAT + 1, 255])
def test_a_value_of_another_format_is_refused_with_both_numbers(made: int) -> None:
    stored = bytes([made]) + pack(Version(1, 2), b"x")[1:]

    with pytest.raises(UnknownFormatError, match=f"stored format {made}; this release reads {FORMAT}"):
        unpack(stored)


@pytest.mark.parametrize("stored", [b"", b"\x01\0\0"])
def test_a_value_that_is_cut_off_is_refused_as_one(stored: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        unpack(stored)
