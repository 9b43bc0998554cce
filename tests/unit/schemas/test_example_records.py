"""Examples are read as people write them, and a slip in one is found by its field."""

import json

import pytest

from schemas.avro_text import parse_schema
from schemas.errors import EncodeError
from schemas.example_records import example_record

SCHEMA = parse_schema(
    json.dumps(
        {
            "type": "record",
            "name": "R",
            "fields": [
                {"name": "q", "type": {"type": "bytes", "logicalType": "decimal", "precision": 24, "scale": 6}},
                {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": None},
                {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None},
                {"name": "n", "type": "long", "default": 3},
                {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}, "default": "A"},
                {"name": "l", "type": {"type": "array", "items": "string"}, "default": []},
                {"name": "m", "type": {"type": "map", "values": "int"}, "default": {}},
                {
                    "name": "r",
                    "type": ["null", {"type": "record", "name": "I", "fields": [{"name": "x", "type": "int"}]}],
                    "default": None,
                },
            ],
        }
    )
)


def test_units_are_those_of_the_codec_and_defaults_are_filled_in() -> None:
    text = (
        '{"q": "12.5", "at": "1970-01-01T01:00:01.5+01:00", "day": "1970-01-03", '
        '"l": ["a"], "m": {"k": 1}, "r": {"x": 5}}'
    )

    assert example_record(SCHEMA, text) == {
        "q": 12_500_000,
        "at": 1_500_000,
        "day": 2,
        "n": 3,
        "e": "A",
        "l": ["a"],
        "m": {"k": 1},
        "r": {"x": 5},
    }
    assert example_record(SCHEMA, '{"q": "0", "at": null}')["at"] is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "field q: missing"),
        ('{"q": 12.5}', r"field q: not decimal\(24, 6\)"),
        ('{"q": "0.0000001"}', "field q: .*more than six decimals"),
        ('{"q": "1", "at": "yesterday"}', "field at: Invalid isoformat"),
        ('{"q": "1", "at": 5}', "field at: not timestamp-micros"),
        ('{"q": "1", "e": "B"}', "field e: not enum E"),
        ('{"q": "1", "l": "a"}', "field l: not array of string"),
        ('{"q": "1", "l": [5]}', r"field l\[\]: not string"),
        ('{"q": "1", "m": {"k": "1"}}', "field m.k: not int"),
        ('{"q": "1", "r": {}}', "field r.x: missing"),
        ('{"q": "1", "r": {"x": 1, "y": 2}}', "r: no such field: y"),
        ('{"q": "1", "z": 1}', "the record: no such field: z"),
    ],
)
def test_a_slip_is_found_by_its_field(text: str, why: str) -> None:
    with pytest.raises(EncodeError, match=why):
        example_record(SCHEMA, text)
