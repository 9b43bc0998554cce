"""A change is told in plain words, by field, before anybody registers it."""

import json
import warnings
from collections.abc import Callable

import pytest

from schemas.avro_text import parse_schema
from schemas.catalogue import STOCK_CHANGE
from schemas.compatibility import differences
from schemas.defaults import default_fits

Fields = dict[str, dict[str, object]]
OLD = STOCK_CHANGE.schema_text
A_THOUSAND = "old values would be read 1000 times"


def changed(change: Callable[[Fields, list[object]], object], **top: object) -> str:
    schema = json.loads(OLD)
    change({field["name"]: field for field in schema["fields"]}, schema["fields"])
    return json.dumps({**schema, **top})


def kind(fields: Fields, name: str) -> dict[str, object]:
    found = fields[name]["type"]
    found = found[1] if isinstance(found, list) else found
    assert isinstance(found, dict)
    return found


def nothing(_: Fields, __: list[object]) -> None:
    """Leave everything as it is."""


@pytest.mark.parametrize(
    "change",
    [
        nothing,
        lambda _, listed: listed.append({"name": "new", "type": ["null", "string"], "default": None}),
        lambda _, listed: listed.append({"name": "new", "type": "int", "default": 0}),
        lambda fields, listed: listed.remove(fields["lot"]),
        lambda fields, _: fields["source_sequence"].update(type=["null", "long", "string"]),
        lambda fields, _: kind(fields, "quantity").update(precision=30),
        lambda fields, _: kind(fields, "kind").update(symbols=["DELTA", "ABSOLUTE", "UNKNOWN", "CORRECTION"]),
        lambda fields, _: kind(fields, "bucket").update(symbols=["ON_HAND", "UNKNOWN"]),
        lambda fields, _: fields["uom"].update(name="unit", aliases=["uom"]),
        lambda fields, _: fields["sku"].update(type="bytes"),
    ],
)
def test_what_old_records_can_be_read_with_is_no_difference(change: Callable[[Fields, list[object]], object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert differences(OLD, changed(change)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda fields, _: kind(fields, "quantity").update(scale=4),
            ["field quantity: scale 6 became 4: old values would be read 100 times too large"],
        ),
        (
            lambda fields, _: kind(fields, "previous_quantity").update(scale=8, precision=26),
            ["field previous_quantity: scale 6 became 8: old values would be read 100 times too small"],
        ),
        (
            lambda fields, _: kind(fields, "quantity").update(precision=12),
            ["field quantity: precision 24 became 12: old values may have too many digits"],
        ),
        (
            lambda fields, _: fields["effective_at"].update(type={"type": "long", "logicalType": "timestamp-millis"}),
            [f"field effective_at: timestamp-micros became timestamp-millis: {A_THOUSAND} too large"],
        ),
        (
            lambda fields, _: fields["expires_on"].update(type=["null", {"type": "int", "logicalType": "time-millis"}]),
            ["field expires_on: date became time-millis: old values would mean something else"],
        ),
        (
            lambda fields, _: (
                kind(fields, "kind").update(symbols=["DELTA", "UNKNOWN"]),
                kind(fields, "kind").pop("default"),
            ),
            ["field kind: the enum has no default for what was ABSOLUTE"],
        ),
        (
            lambda _, listed: listed.append({"name": "new", "type": "string"}),
            ["field new: the writer does not send it and it has no default"],
        ),
        (lambda fields, _: fields["sku"].update(type="long"), ["field sku: string cannot be read as long"]),
        (
            lambda fields, _: fields["uom"].update(type="string", default=""),
            ["field uom: null cannot be read as string"],
        ),
        (lambda fields, _: fields["uom"].update(default="EA"), ["field uom: its default is not null"]),
        (
            lambda _, listed: listed.append({"name": "new", "type": "int", "default": "0"}),
            ["field new: its default is not int"],
        ),
        (
            lambda _, listed: listed.append({"name": "n", "type": {"type": "array", "items": "null"}, "default": []}),
            ["not a schema that we accept: zero-size-items: n: an item can take no byte at all"],
        ),
    ],
)
def test_what_old_records_cannot_be_read_with_is_named_by_field(
    change: Callable[[Fields, list[object]], object], words: list[str]
) -> None:
    assert differences(OLD, changed(change)) == words


def test_milliseconds_that_become_microseconds_are_named_too() -> None:
    older = changed(
        lambda fields, _: fields["effective_at"].update(type={"type": "long", "logicalType": "timestamp-millis"})
    )

    assert differences(older, OLD) == [
        f"field effective_at: timestamp-millis became timestamp-micros: {A_THOUSAND} too small"
    ]


def test_another_name_and_another_text_are_differences() -> None:
    assert differences(OLD, changed(nothing, name="Other")) == [
        "the record: record StockChange cannot be read as record Other"
    ]
    assert differences(OLD, "{")[0].startswith("not a schema that we accept: the schema text is not JSON")


def test_the_avro_library_has_the_last_word() -> None:
    """It lets two fields take the same old one, where a reader of ours takes the default for the second."""
    number = {"name": "a", "type": "int"}
    old = {"type": "record", "name": "R", "fields": [number]}
    new = {**old, "fields": [number, {"name": "b", "type": "string", "aliases": ["a"], "default": ""}]}
    error = {**old, "fields": [{"name": "a", "type": {"type": "error", "name": "E", "fields": []}}]}

    assert differences(json.dumps(old), json.dumps(new)) == [
        "at /fields/1/type: reader type: string not compatible with writer type: int"
    ]
    assert differences(json.dumps(error), json.dumps(error))[0].startswith(
        "not a schema for the Avro project's library"
    )


@pytest.mark.parametrize(
    ("node", "fitting", "misfits"),
    [
        ("null", [None], [0, ""]),
        ("boolean", [True], [1, None]),
        ("int", [0, -(1 << 31)], [1 << 31, True, "0", 0.5]),
        ("long", [1 << 31], [1 << 63]),
        ("float", [0, 0.5], [True, "0"]),
        ("double", [0.5], [None]),
        ("string", [""], [0]),
        ("bytes", ["\u00ff"], [None]),
        (["null", "int"], [None], [0]),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, ["A"], ["B", None]),
        ({"type": "fixed", "name": "F", "size": 2}, ["ab"], ["abc", 5]),
        ({"type": "array", "items": "int"}, [[], [1]], [["1"], {}]),
        ({"type": "map", "values": "int"}, [{}, {"a": 1}], [{"a": "1"}, []]),
        (
            {
                "type": "record",
                "name": "R",
                "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 1}],
            },
            [{"a": 1}, {"a": 1, "b": 2}],
            [{}, {"a": "1"}, []],
        ),
    ],
)
def test_a_default_fits_its_type(node: object, fitting: list[object], misfits: list[object]) -> None:
    schema = parse_schema(json.dumps(node))

    assert all(default_fits(schema, schema.root, default) for default in fitting)
    assert not any(default_fits(schema, schema.root, default) for default in misfits)
