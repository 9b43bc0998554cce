"""Says in plain words, field by field, what of the old records a changed schema could no longer read.

The verdict is that of the Avro project's own checker (PyPI `avro`).  Its messages are bare, it takes a changed scale of
a decimal for compatible, and it accepts a default of the wrong type (seen by running 1.12.2): that is looked at here.
"""

from collections.abc import Iterator

import avro.compatibility
import avro.errors
import avro.schema

from schemas.avro_text import parse_schema
from schemas.avro_types import (
    DecimalScale,
    EnumType,
    Fixed,
    Node,
    Primitive,
    RecordType,
    Schema,
    UnionType,
    describe,
)
from schemas.defaults import default_fits
from schemas.errors import DecodeError, SchemaError
from schemas.guards import check_writer
from schemas.resolution import TIMESTAMPS, doubts, leaves, resolve


def differences(old: str, new: str) -> list[str]:
    """What stands against reading records of `old` with `new` (BACKWARD); nothing where all can be read.

    Texts that are no schemas are differences too, so that one list tells everything.
    """
    try:
        was, becomes = parse_schema(old), parse_schema(new)
        check_writer(becomes)
    except (SchemaError, DecodeError) as error:
        return [f"not a schema that we accept: {error}"]
    changed = dict(_changed_meanings(was, becomes))
    unreadable = [str(doubt) for doubt in doubts(resolve(was, becomes)) if doubt.where not in changed]
    return [*unreadable, *changed.values(), *_wrong_defaults(becomes)] or _verdict(old, new)


def _verdict(old: str, new: str) -> list[str]:
    """What the Avro project's checker has against it that was not found here."""
    try:
        # avro has no types of its own: nothing but the two texts below leaves this function
        checker = avro.compatibility.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
        result = checker.get_compatibility(avro.schema.parse(new), avro.schema.parse(old))
    except avro.errors.AvroException as error:
        return [f"not a schema for the Avro project's library: {error}"]
    if result.compatibility is avro.compatibility.SchemaCompatibilityType.compatible:
        return []
    return [f"at {', '.join(sorted(result.locations))}: {', '.join(sorted(result.messages))}"]


def _changed_meanings(was: Schema, becomes: Schema) -> Iterator[tuple[str, str]]:
    """By field: what would be read without an error, and wrong."""
    for leaf in leaves(was, becomes):
        why = _change(leaf.written, leaf.wanted)
        if why:
            yield leaf.where, f"field {leaf.where}: {why}"


def _change(old: Node, new: Node) -> str:
    match old, new:
        case (Primitive(decimal=had), Primitive(decimal=has)) | (Fixed(decimal=had), Fixed(decimal=has)) if had and has:
            return _changed_decimal(had, has)
        case Primitive(logical=had), Primitive(logical=has) if had != has and had and has:
            return _changed_logical(had, has)
        case EnumType(symbols=had), EnumType(symbols=has, default=None) if set(had) - set(has):
            return f"the enum has no default for what was {', '.join(sorted(set(had) - set(has)))}"
    return ""


def _changed_decimal(had: DecimalScale, has: DecimalScale) -> str:
    if had.scale != has.scale:
        size = "large" if had.scale > has.scale else "small"
        times = 10 ** abs(had.scale - has.scale)
        return f"scale {had.scale} became {has.scale}: old values would be read {times} times too {size}"
    if has.precision < had.precision:
        return f"precision {had.precision} became {has.precision}: old values may have too many digits"
    return ""


def _changed_logical(had: str, has: str) -> str:
    if had in TIMESTAMPS and has in TIMESTAMPS:
        times, size = (1000, "small") if TIMESTAMPS[had] > TIMESTAMPS[has] else (1000, "large")
        return f"{had} became {has}: old values would be read {times} times too {size}"
    return f"{had} became {has}: old values would mean something else"


def _wrong_defaults(schema: Schema) -> Iterator[str]:
    for record in schema.named.values():
        for field in record.fields if isinstance(record, RecordType) else ():
            if field.has_default and not default_fits(schema, field.type, field.default):
                node = schema.follow(field.type)
                first = node.branches[0] if isinstance(node, UnionType) else node
                yield f"field {field.name}: its default is not {describe(first)}"
