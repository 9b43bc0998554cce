"""Schema texts are read as the Avro specification says, and what is no schema is refused with its place."""

import json

import pytest

from schemas.avro_text import MAX_DEPTH, MAX_TEXT, parse_schema
from schemas.avro_types import (
    NO_DEFAULT,
    ArrayType,
    DecimalScale,
    EnumType,
    Fixed,
    MapType,
    Node,
    Primitive,
    RecordType,
    Reference,
    UnionType,
    describe,
)
from schemas.errors import SchemaError


def record(*fields: object, **more: object) -> str:
    return json.dumps({"type": "record", "name": "R", "fields": fields, **more})


def only_field(kind: object, **more: object) -> Node:
    root = parse_schema(record({"name": "f", "type": kind}, **more)).root
    assert isinstance(root, RecordType)
    return root.fields[0].type


def test_fields_keep_their_order_default_aliases_and_doc() -> None:
    text = record(
        {"name": "a", "type": "string", "doc": "A.", "aliases": ["b", 5]},
        {"name": "n", "type": ["null", "int"], "default": None},
        doc="R.",
        aliases=["Old", "other.Older"],
        namespace="x.y",
    )

    root = parse_schema(text).record

    assert root is not None
    assert (root.name, root.doc, root.aliases) == ("x.y.R", "R.", ("x.y.Old", "other.Older"))
    assert [(each.name, each.doc, each.aliases) for each in root.fields] == [("a", "A.", ("b",)), ("n", "", ())]
    assert [each.has_default for each in root.fields] == [False, True]
    assert root.fields[0].default is NO_DEFAULT
    assert root.field("n") is root.fields[1]
    assert root.field("missing") is None


def test_a_schema_need_not_be_a_record() -> None:
    schema = parse_schema('["null", {"type": "array", "items": {"type": "map", "values": "bytes"}}]')

    assert schema.root == UnionType((Primitive("null"), ArrayType(MapType(Primitive("bytes")))))
    assert schema.record is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "x.E"),
        ({"type": "enum", "name": "E", "namespace": "z", "symbols": ["A"]}, "z.E"),
        ({"type": "enum", "name": "E", "namespace": "", "symbols": ["A"]}, "E"),
        ({"type": "enum", "name": "q.E", "namespace": "z", "symbols": ["A"]}, "q.E"),
    ],
)
def test_a_name_takes_its_own_namespace_or_that_around_it(kind: object, name: str) -> None:
    found = only_field(kind, namespace="x")

    assert isinstance(found, EnumType)
    assert found.name == name


def test_a_name_used_again_or_inside_itself_is_a_reference() -> None:
    schema = parse_schema(
        record(
            {"name": "e", "type": {"type": "fixed", "name": "F", "size": 4}},
            {"name": "again", "type": {"type": "F"}},
            {"name": "self", "type": ["null", "x.R"]},
            namespace="x",
        )
    )

    root = schema.record
    assert root is not None
    assert root.fields[1].type == Reference("x.F")
    assert root.fields[2].type == UnionType((Primitive("null"), Reference("x.R")))
    assert schema.follow(Reference("x.F")) == Fixed("x.F", 4)
    assert schema.follow(Reference("x.R")) is root


def test_logical_types_count_only_where_they_are_valid() -> None:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}

    assert only_field(decimal) == Primitive("bytes", "decimal", DecimalScale(9, 2))
    assert only_field({**decimal, "type": "fixed", "name": "F", "size": 4}) == Fixed("F", 4, (), DecimalScale(9, 2))
    assert only_field({"type": {"type": "long", "logicalType": "timestamp-micros"}}) == Primitive(
        "long", "timestamp-micros"
    )
    for invalid in (
        {**decimal, "scale": 10},
        {**decimal, "scale": -1},
        {**decimal, "precision": 0},
        {**decimal, "precision": 1000},
        {**decimal, "precision": "9"},
        {"type": "bytes", "logicalType": "uuid"},
        {"type": "bytes", "logicalType": 5},
    ):
        assert only_field(invalid) == Primitive("bytes")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("x" * (MAX_TEXT + 1), "characters"),
        ("5", "a type is a name, an object or a list"),
        ("{}", "the type is missing"),
        ('{"type": 5}', "the type is missing"),
        ('"Unknown"', "the type Unknown is not declared"),
        ('{"type": "unknown"}', "the type unknown is not declared"),
        ("[]", "a union needs branches"),
        ('["int", ["null"]]', "a union needs branches, and none may be a union"),
        ('["int", {"type": "int"}]', "two branches of one type"),
        ('[{"type": "array", "items": "int"}, {"type": "array", "items": "long"}]', "two branches of one type"),
        ('{"type": "array"}', "a type is a name"),
        ('{"type": "record", "name": "R"}', "no list of fields"),
        ('{"type": "record", "fields": []}', "no usable name"),
        ('{"type": "record", "name": "a b", "fields": []}', "no usable name"),
        ('{"type": "record", "name": "int", "fields": []}', "declared twice"),
        (record(5), "a field has no usable name"),
        (record({"name": "a-b", "type": "int"}), "a field has no usable name"),
        (record({"name": "a", "type": "int"}, {"name": "a", "type": "int"}), "two fields of one name"),
        (
            record({"name": "a", "type": {"type": "record", "name": "R", "fields": []}}),
            "a: the type R is declared twice",
        ),
        (record({"name": "a", "type": {"type": "fixed", "name": "F"}}), "a: the fixed type F has no usable size"),
        (record({"name": "a", "type": {"type": "fixed", "name": "F", "size": True}}), "no usable size"),
        (record({"name": "a", "type": {"type": "fixed", "name": "F", "size": -1}}), "no usable size"),
        (record({"name": "a", "type": {"type": "fixed", "name": "F", "size": 1 << 70}}), "no usable size"),
        (record({"name": "a", "type": {"type": "enum", "name": "E"}}), "a: the enum E has no usable symbols"),
        (record({"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["A", "a-b"]}}), "no usable symbols"),
        (record({"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["A", "A"]}}), "a symbol twice"),
        (record({"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}}), "the default"),
    ],
)
def test_what_is_no_schema_is_refused_and_says_where(text: str, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        parse_schema(text)


def test_a_schema_nested_too_deep_is_refused() -> None:
    deep = '{"type": "array", "items": ' * (MAX_DEPTH + 1) + '"int"' + "}" * (MAX_DEPTH + 1)

    with pytest.raises(SchemaError, match="nested more than"):
        parse_schema(deep)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("int", "int"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "timestamp-millis"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, "decimal(9, 2) in bytes"),
        ({"type": "array", "items": "int"}, "array of int"),
        ({"type": "map", "values": "int"}, "map of int"),
        (["null", "int"], "[null, int]"),
        ({"type": "fixed", "name": "x.F", "size": 4}, "fixed F of 4 bytes"),
        ({"type": "enum", "name": "x.E", "symbols": ["A"]}, "enum E"),
        ("R", "record R"),
    ],
)
def test_a_type_is_described_in_the_words_of_a_schema(kind: object, words: str) -> None:
    assert describe(only_field(kind)) == words
