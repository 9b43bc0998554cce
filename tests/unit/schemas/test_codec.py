"""Frames, and reading and writing any schema through fastavro behind the guards."""

import json
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.avro_text import parse_schema
from schemas.avro_types import Schema
from schemas.codec import Reader, Writer, frame, schema_id_of, schema_ids, split_frame
from schemas.errors import DecodeError, EncodeError, SchemaError
from schemas.guards import MAX_VALUE_BYTES
from tests.corpus.avro_bytes import text, zigzag

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 4}
FIXED = {"type": "fixed", "name": "Fixed", "size": 8, "logicalType": "decimal", "precision": 12, "scale": 4}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}


def schema(*fields: Mapping[str, object], name: str = "R", **more: object) -> Schema:
    return parse_schema(json.dumps({"type": "record", "name": name, "fields": fields, **more}))


def field(name: str, kind: object, **more: object) -> Mapping[str, object]:
    return {"name": name, "type": kind, **more}


def read(writer: Schema, reader: Schema, record: Mapping[str, object]) -> dict[str, object]:
    return Reader(reader, writer).read(Writer(writer).write(record))


@given(st.integers(0, (1 << 32) - 1), st.binary(max_size=100))
def test_a_frame_comes_apart_as_it_was_put_together(schema_id: int, payload: bytes) -> None:
    value = frame(schema_id, payload)

    assert value[0] == 0
    assert split_frame(value) == (schema_id, payload)
    assert schema_id_of(value) == schema_id


@pytest.mark.parametrize("value", [b"", b"\0\0\0\0", b"\1\0\0\0\1payload"])
def test_a_value_without_a_frame_is_refused(value: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        split_frame(value)

    assert refused.value.reason == "not-framed"


def test_the_size_is_looked_at_before_anything_else() -> None:
    assert split_frame(frame(1, bytes(MAX_VALUE_BYTES - 5)))[0] == 1
    with pytest.raises(DecodeError, match="too-large"):
        split_frame(b"no frame" * MAX_VALUE_BYTES)
    with pytest.raises(DecodeError, match="too-large: 11 bytes; 10 are allowed"):
        split_frame(frame(1, bytes(6)), limit=10)


def test_the_ids_of_a_fetch_are_found_once_each() -> None:
    assert schema_ids([frame(7, b"a"), frame(9, b""), frame(7, b"b"), b"", b"\1\0\0\0\5", b"\0\0"]) == {7, 9}


def test_a_writer_that_knows_fewer_or_other_fields_is_read() -> None:
    writer = schema(
        field("old_name", "int"), field("gone", {"type": "array", "items": "string"}), field("note", "bytes")
    )
    reader = schema(
        field("name", "long", aliases=["old_name"]),
        field("note", ["null", "string"], default=None),
        field("added", "string", default="none"),
        field("listed", {"type": "array", "items": "int"}, default=[]),
    )

    assert read(writer, reader, {"old_name": 5, "gone": ["x"], "note": b"caf\xc3\xa9"}) == {
        "name": 5,
        "note": "café",
        "added": "none",
        "listed": [],
    }


def test_a_symbol_that_the_reader_lacks_becomes_its_default() -> None:
    writer = schema(field("e", {"type": "enum", "name": "E", "symbols": ["NEW", "A"]}))
    reader = schema(field("e", {"type": "enum", "name": "E", "symbols": ["A", "OTHER"], "default": "OTHER"}))

    assert read(writer, reader, {"e": "NEW"}) == {"e": "OTHER"}
    assert read(writer, reader, {"e": "A"}) == {"e": "A"}


def test_a_symbol_without_a_default_is_refused_when_it_comes() -> None:
    writer = schema(field("e", {"type": "enum", "name": "E", "symbols": ["NEW", "A"]}))
    reader = schema(field("e", {"type": "enum", "name": "E", "symbols": ["A"]}))

    assert read(writer, reader, {"e": "A"}) == {"e": "A"}
    with pytest.raises(DecodeError, match="undecodable: SchemaResolutionError in fastavro"):
        read(writer, reader, {"e": "NEW"})


def test_decimals_are_micros_and_times_microseconds_whatever_the_writer_uses() -> None:
    writer = schema(field("q", DECIMAL), field("f", ["null", FIXED]), field("at", MILLIS), field("m", ["null", MILLIS]))
    reader = schema(
        field("q", {**DECIMAL, "scale": 6, "precision": 24}),
        field("f", ["null", FIXED]),
        field("at", MICROS),
        field("m", ["null", MICROS]),
    )

    record = {"q": -12_500_000, "f": 1_000_100, "at": 1_772_439_330_123_000, "m": None}
    assert read(writer, reader, record) == record
    assert read(reader, reader, record) == record


def test_a_decimal_that_the_reader_has_no_digits_for_is_refused() -> None:
    writer = schema(field("q", {**DECIMAL, "precision": 24}))
    reader = schema(field("q", DECIMAL))

    with pytest.raises(DecodeError, match="more digits"):
        read(writer, reader, {"q": 10**14})


def test_a_wrong_default_of_the_writer_does_not_matter() -> None:
    writer = schema(field("a", "int", default="not a number"))

    assert Reader(schema(field("a", "long")), writer).read(zigzag(3)) == {"a": 3}
    with pytest.raises(SchemaError, match="fastavro refuses the schema: Default value"):
        Writer(writer)


def test_schemas_that_do_not_fit_are_refused_when_the_reader_is_made() -> None:
    with pytest.raises(DecodeError, match="undecodable: field a: string cannot be read as int; field b: the writer"):
        Reader(schema(field("a", "int"), field("b", "int")), schema(field("a", "string")))
    with pytest.raises(DecodeError, match="the record: record R cannot be read as record Other"):
        Reader(schema(name="Other"), schema())


def test_a_name_without_a_namespace_stays_one_inside_a_namespace() -> None:
    inner = {"type": "enum", "name": "E", "namespace": "", "symbols": ["A"]}
    writer = schema(field("e", {**inner, "namespace": "x"}), field("f", inner), namespace="x")

    assert read(writer, writer, {"e": "A", "f": "A"}) == {"e": "A", "f": "A"}


def test_a_schema_that_is_no_record_has_no_records() -> None:
    number = parse_schema('"long"')

    with pytest.raises(DecodeError, match="wrong-record"):
        Reader(number, number).read(zigzag(5))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 5),
        ("int", 1 << 31),
        ("int", "5"),
        (DECIMAL, None),
        (DECIMAL, 12.5),
        (DECIMAL, b"\1"),
        (DECIMAL, True),
        (DECIMAL, 1),
        (DECIMAL, 10**18),
        (MILLIS, 1),
        (MILLIS, "now"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "B"),
        ({"type": "array", "items": "int"}, [1, "2"]),
        ("string", "\ud800"),
    ],
)
def test_what_a_schema_does_not_allow_is_not_written(kind: object, value: object) -> None:
    with pytest.raises(EncodeError):
        Writer(schema(field("a", kind))).write({"a": value})


def test_a_field_too_many_or_too_few_is_not_written() -> None:
    writer = Writer(schema(field("a", "int"), field("b", "int", default=1)))

    assert writer.write({"a": 1}) == zigzag(1) + zigzag(1)
    with pytest.raises(EncodeError, match=r"field R\.a: not what the schema allows"):
        writer.write({"b": 1})
    with pytest.raises(EncodeError, match="more fields"):
        writer.write({"a": 1, "c": 1})


def test_an_error_names_the_field_and_not_the_value() -> None:
    with pytest.raises(EncodeError) as refused:
        Writer(schema(field("a", "int"))).write({"a": "secret"})

    assert str(refused.value) == "field R.a: not what the schema allows"


def test_a_model_is_written_like_its_fields() -> None:
    class Model(msgspec.Struct):
        sku: str
        tags: tuple[str, ...]

    model = schema(field("sku", "string"), field("tags", {"type": "array", "items": "string"}))

    assert Writer(model).write(Model("PUMP-200", ("a",))) == text("PUMP-200") + zigzag(1) + text("a") + b"\0"
