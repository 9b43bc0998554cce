"""No schema may let a few bytes claim any amount of work."""

import json

import pytest

from schemas.avro_text import parse_schema
from schemas.errors import DecodeError
from schemas.guards import MAX_EMPTY_VALUES, MAX_VALUE_BYTES, check_size, check_writer

EMPTY = {"type": "record", "name": "Empty", "fields": [{"name": "n", "type": "null"}]}
NO_BYTES = {"type": "fixed", "name": "NoBytes", "size": 0}


def record(*kinds: object, name: str = "R") -> dict[str, object]:
    return {"type": "record", "name": name, "fields": [{"name": f"f{n}", "type": kind} for n, kind in enumerate(kinds)]}


def array(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


@pytest.mark.parametrize(
    "schema",
    [
        array("null"),
        {"type": "map", "values": "null"},
        array(NO_BYTES),
        array(EMPTY),
        array(record(EMPTY, "Empty", NO_BYTES)),
        array({"type": "record", "name": "Bare", "fields": []}),
        record(["null", array("null")]),
        record("int", array(array(EMPTY))),
        record({"type": "map", "values": array("null")}),
        record(["null", "R"], array("null")),
        record(["null", record(array("null"), name="Inner")]),
        record(EMPTY, array("Empty")),
    ],
)
def test_items_that_can_take_no_byte_are_refused_wherever_they_stand(schema: object) -> None:
    with pytest.raises(DecodeError, match="an item can take no byte") as refused:
        check_writer(parse_schema(json.dumps(schema)))

    assert refused.value.reason == "zero-size-items"


@pytest.mark.parametrize(
    "schema",
    [
        "null",
        array(["null", "int"]),
        array(array("int")),
        {"type": "map", "values": "boolean"},
        array(record("null", "int")),
        array(record(record("null", "float", name="Inner"))),
        array({"type": "fixed", "name": "Four", "size": 4}),
        array({"type": "enum", "name": "One", "symbols": ["A"]}),
        record(["null", "R"], array("R")),
        record(*["null"] * MAX_EMPTY_VALUES, "int"),
    ],
)
def test_items_that_take_a_byte_are_not(schema: object) -> None:
    check_writer(parse_schema(json.dumps(schema)))


@pytest.mark.parametrize(
    "schema",
    [
        record(*["null"] * (MAX_EMPTY_VALUES + 1)),
        record(["null", record(*["null"] * (MAX_EMPTY_VALUES + 1), name="Inner")]),
        record(EMPTY, *["Empty"] * MAX_EMPTY_VALUES),
    ],
)
def test_a_record_that_brings_many_values_without_a_byte_is_refused(schema: object) -> None:
    with pytest.raises(DecodeError, match="values that take no byte"):
        check_writer(parse_schema(json.dumps(schema)))


def test_a_schema_that_doubles_at_each_level_is_refused_at_once() -> None:
    doubling: object = EMPTY
    for level in range(40):
        name = "Empty" if level == 0 else f"Level{level - 1}"
        doubling = {
            "type": "record",
            "name": f"Level{level}",
            "fields": [{"name": "a", "type": doubling}, {"name": "b", "type": name}],
        }

    with pytest.raises(DecodeError, match="values that take no byte"):
        check_writer(parse_schema(json.dumps(doubling)))


@pytest.mark.parametrize("schema", [record("R"), record(record("R", name="Inner")), record("int", "R")])
def test_a_record_that_contains_itself_without_end_is_refused(schema: object) -> None:
    with pytest.raises(DecodeError, match="contains itself without end"):
        check_writer(parse_schema(json.dumps(schema)))


def test_a_value_has_256_kib_at_most() -> None:
    check_size(MAX_VALUE_BYTES)
    check_size(10, limit=10)
    with pytest.raises(DecodeError, match="too-large: 262145 bytes; 262144 are allowed"):
        check_size(MAX_VALUE_BYTES + 1)
