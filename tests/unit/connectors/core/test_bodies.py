"""Bodies from outside are bounded to the byte, packed or not, and lose our secrets in every spelling."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import bodies


async def _parts(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield bytes(size)


def test_parts_are_joined_up_to_the_limit_and_not_read_beyond_it() -> None:
    assert len(asyncio.run(bodies.collect(_parts(4, 0, 6), 10))) == 10
    with pytest.raises(bodies.UnfitAnswerError, match="longer than 10"):
        asyncio.run(bodies.collect(_parts(4, 7), 10))


@given(st.binary(max_size=3000))
def test_what_was_packed_is_unpacked(plain: bytes) -> None:
    assert bodies.unpack(gzip.compress(plain), "gzip", 3000) == plain
    assert bodies.unpack(plain, "", 3000) == plain


def test_a_bomb_is_refused_at_the_first_byte_over_the_limit() -> None:
    packed = gzip.compress(bytes(1001))

    assert len(bodies.unpack(packed, "gzip", 1001)) == 1001
    with pytest.raises(bodies.UnfitAnswerError, match="unpacks to more than 1000"):
        bodies.unpack(packed, "gzip", 1000)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8))
def test_a_secret_is_masked_as_it_is_in_json_and_in_addresses(secret: str) -> None:
    body = f"<{secret}> {json.dumps(secret)} {quote(secret, safe='')}".encode()

    assert bodies.mask(body, (secret, "")) == b'<***> "***" ***'


def test_a_secret_within_another_does_not_save_the_rest_of_it() -> None:
    assert bodies.mask(b"Bearer abc-def", ("abc", "Bearer abc-def")) == b"***"
