"""How a writer's schema becomes ours, where the other tests do not look."""

import json

import pytest

from schemas.avro_text import parse_schema
from schemas.errors import DecodeError
from schemas.resolution import Choice, Fields, Impossible, Octets, Plain, Plan, doubts, problems, require, resolve


def plan_of(writer: object, reader: object) -> Plan:
    return resolve(parse_schema(json.dumps(writer)), parse_schema(json.dumps(reader)))


def record(*fields: dict[str, object], name: str = "R") -> dict[str, object]:
    return {"type": "record", "name": name, "fields": list(fields)}


def fixed(name: str, size: int, **more: object) -> dict[str, object]:
    return {"type": "fixed", "name": name, "size": size, **more}


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        ("int", "double"),
        ("int", "float"),
        ("long", "float"),
        ("float", "double"),
        ("bytes", "string"),
        ("string", "bytes"),
    ],
)
def test_promotions_are_those_of_avro(writer: str, reader: str) -> None:
    assert plan_of(writer, reader) == Plain(writer, reader)  # type: ignore[arg-type]  # parametrised kinds
    assert problems(plan_of(reader, writer)) or {writer, reader} == {"bytes", "string"}


def test_a_union_counts_as_impossible_only_where_every_branch_is() -> None:
    some = plan_of(["null", "int", "string"], ["null", "long"])

    assert isinstance(some, Choice)
    assert problems(some) == ()
    assert doubts(some) == (Impossible("", "string cannot be read as [null, long]"),)
    assert problems(plan_of(["string", "boolean"], "long"))


def test_the_first_branch_that_fits_is_taken_and_a_near_one_tells_why_not() -> None:
    inner = record({"name": "a", "type": "int"}, name="Inner")
    wanted = record({"name": "a", "type": "int"}, {"name": "b", "type": "int"}, name="Inner")

    assert plan_of("int", ["null", "long", "double"]) == Plain("int", "long")
    assert [str(one) for one in problems(plan_of(inner, ["null", wanted]))] == [
        "field b: the writer does not send it and it has no default"
    ]


def test_problems_are_found_inside_arrays_and_maps() -> None:
    for kind, items in (("array", "items"), ("map", "values")):
        plan = plan_of({"type": kind, items: "string"}, {"type": kind, items: "int"})
        assert [each.why for each in problems(plan)] == ["string cannot be read as int"]


def test_fixed_types_match_by_name_or_alias_and_size() -> None:
    assert plan_of(fixed("a.F", 4), fixed("b.F", 4)) == Octets(4)
    assert plan_of(fixed("Old", 4), fixed("F", 4, aliases=["Old"])) == Octets(4)
    assert isinstance(plan_of(fixed("F", 4), fixed("F", 5)), Impossible)
    assert isinstance(plan_of(fixed("F", 4), fixed("G", 4)), Impossible)
    assert isinstance(plan_of(fixed("F", 4, logicalType="decimal", precision=5), fixed("F", 4)), Impossible)


def test_enums_match_by_name_and_need_one_symbol_that_has_a_meaning() -> None:
    def enum(name: str, *symbols: str) -> dict[str, object]:
        return {"type": "enum", "name": name, "symbols": symbols}

    assert isinstance(plan_of(enum("E", "A"), enum("F", "A")), Impossible)
    assert isinstance(plan_of(enum("E", "A"), enum("E", "B")), Impossible)


def test_a_date_is_not_read_as_a_time_of_day() -> None:
    assert isinstance(
        plan_of({"type": "int", "logicalType": "date"}, {"type": "int", "logicalType": "time-millis"}), Impossible
    )


def test_each_field_of_the_writer_is_read_once() -> None:
    """An alias takes a field only where no field of that name wants it."""
    writer = record({"name": "a", "type": "int"}, {"name": "c", "type": "int"})
    reader = record(
        {"name": "a", "type": "int"},
        {"name": "b", "type": "int", "aliases": ["a", "c"], "default": 1},
        {"name": "d", "type": "int", "aliases": ["a", "c"], "default": 2},
    )

    plan = plan_of(writer, reader)

    assert isinstance(plan, Fields)
    assert [(step.name, step.target) for step in plan.steps] == [("a", "a"), ("c", "b")]
    assert plan.defaults == {"d": 2}


def test_a_reader_that_contains_itself_is_refused() -> None:
    tree = record({"name": "inner", "type": ["null", "R"]})

    with pytest.raises(DecodeError, match="contains itself"):
        require(plan_of(record({"name": "inner", "type": "R"}), record({"name": "inner", "type": "R"})))
    assert [each.why for each in doubts(plan_of(tree, tree))] == ["the reader's record R contains itself"]


def test_records_that_fit_need_nothing() -> None:
    require(plan_of(record(), record()))
