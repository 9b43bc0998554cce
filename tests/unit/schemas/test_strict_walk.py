"""The walk takes exactly the bytes of one value: each slip is refused here, whatever a decoder would do later."""

import json

import pytest

from schemas.avro_text import parse_schema
from schemas.errors import DecodeError
from schemas.strict_walk import MAX_NESTING, strict_walk
from tests.corpus.avro_bytes import block, text, varint, zigzag

OPTIONAL = ["null", "string"]
ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
FIXED = {"type": "fixed", "name": "F", "size": 3}
ARRAY = {"type": "array", "items": "int"}
MAP = {"type": "map", "values": "boolean"}
NOTHING = {"type": "record", "name": "N", "fields": [{"name": "n", "type": "null"}]}
PAIR = {
    "type": "record",
    "name": "P",
    "fields": [{"name": "a", "type": FIXED}, {"name": "b", "type": ["null", "F", "P"]}],
}


def walk(schema: object, payload: bytes) -> None:
    strict_walk(parse_schema(json.dumps(schema)))(payload)


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        ("null", b""),
        (NOTHING, b""),
        ("boolean", b"\1"),
        ("int", zigzag(-(1 << 31))),
        ("long", zigzag(-(1 << 63))),
        ("float", b"\0\0\x7f\x7f"),
        ("double", b"\0\0\0\0\0\0\xe0\x7f"),
        ("bytes", text(b"\xff")),
        ("string", text("é")),
        (FIXED, b"abc"),
        (ENUM, zigzag(1)),
        (OPTIONAL, zigzag(0)),
        (OPTIONAL, zigzag(1) + text("a")),
        (ARRAY, b"\0"),
        (ARRAY, block([zigzag(1)], sized=False) + block([zigzag(2), zigzag(300)], sized=True) + b"\0"),
        (MAP, block([text("k") + b"\1"], sized=True) + b"\0"),
        (PAIR, b"abc" + zigzag(1) + b"def"),
        (PAIR, b"abc" + zigzag(2) + b"def" + zigzag(0)),
    ],
)
def test_the_bytes_of_one_value_pass(schema: object, payload: bytes) -> None:
    walk(schema, payload)


@pytest.mark.parametrize(
    ("schema", "payload", "reason"),
    [
        ("null", b"\0", "bytes-left-over"),
        ("boolean", b"\2", "undecodable"),
        ("boolean", b"", "undecodable"),
        ("int", zigzag(1 << 31), "undecodable"),
        ("long", varint(5, width=2), "undecodable"),
        ("float", b"\0\0\x80\x7f", "not-finite"),
        ("float", b"\0\0\0", "undecodable"),
        ("double", b"\0\0\0\0\0\0\xf0\xff", "not-finite"),
        ("double", b"\0\0\0\0\0\0\0", "undecodable"),
        ("bytes", zigzag(2) + b"a", "undecodable"),
        ("bytes", zigzag(-1) + b"a", "undecodable"),
        ("string", text(b"\xff"), "undecodable"),
        (FIXED, b"ab", "undecodable"),
        (FIXED, b"abcd", "bytes-left-over"),
        (ENUM, zigzag(2), "undecodable"),
        (ENUM, zigzag(-1), "undecodable"),
        (OPTIONAL, zigzag(2), "undecodable"),
        (OPTIONAL, zigzag(-1), "undecodable"),
        (OPTIONAL, zigzag(-2) + text("a"), "undecodable"),
        (OPTIONAL, zigzag(1), "undecodable"),
        (ARRAY, block([zigzag(1)], sized=False), "undecodable"),
        (ARRAY, zigzag(-1) + zigzag(2) + zigzag(1) + b"\0", "undecodable"),
        (ARRAY, zigzag(-1) + zigzag(0) + zigzag(1) + b"\0", "undecodable"),
        (ARRAY, zigzag(9) + zigzag(1) + b"\0", "undecodable"),
        (MAP, block([text(b"\xff") + b"\1"], sized=False) + b"\0", "undecodable"),
        (MAP, block([text("k") + b"\2"], sized=False) + b"\0", "undecodable"),
        (PAIR, (b"abc" + zigzag(2)) * 70 + b"abc\0", "undecodable"),
        (ARRAY, bytes(300_000), "too-large"),
    ],
)
def test_any_other_bytes_are_refused(schema: object, payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refused:
        walk(schema, payload)

    assert refused.value.reason == reason


def test_values_may_be_nested_up_to_a_depth() -> None:
    walk(PAIR, (b"abc" + zigzag(2)) * (MAX_NESTING - 1) + b"abc\0")
    with pytest.raises(DecodeError, match="nested more than"):
        walk(PAIR, (b"abc" + zigzag(2)) * MAX_NESTING + b"abc\0")


def test_a_schema_that_is_refused_is_refused_before_any_bytes() -> None:
    with pytest.raises(DecodeError, match="zero-size-items"):
        strict_walk(parse_schema('{"type": "array", "items": "null"}'))
