"""A decoded record as people read it: decimals and times instead of whole micros."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from schemas.avro_types import ArrayType, Fixed, MapType, Node, Primitive, RecordType, Schema, UnionType
from streams.domain.quantities import to_decimal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def readable(schema: Schema, record: Mapping[str, object]) -> object:
    """Plain values: texts, numbers, lists and mappings."""
    return _shown(schema, schema.root, record)


def time_text(micros: int) -> str:
    """`2026-11-21T10:00:00.123456Z`; a time that no calendar holds stays a number of microseconds."""
    try:
        moment = EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return f"{micros} µs"
    return moment.isoformat().replace("+00:00", "Z")


def _shown(schema: Schema, node: Node, value: object) -> object:
    solid = schema.follow(node)
    if value is None:
        return None
    if isinstance(solid, RecordType) and isinstance(value, Mapping):
        return {field.name: _shown(schema, field.type, value.get(field.name)) for field in solid.fields}
    if isinstance(solid, UnionType):
        return _of_union(schema, solid, value)
    if isinstance(solid, ArrayType) and isinstance(value, list):
        return [_shown(schema, solid.items, one) for one in value]
    if isinstance(solid, MapType) and isinstance(value, Mapping):
        return {key: _shown(schema, solid.values, one) for key, one in value.items()}
    return _plain(solid, value)


def _of_union(schema: Schema, union: UnionType, value: object) -> object:
    """The only branch beside null, as nearly all unions have it; otherwise the value as it is."""
    branches = [one for one in union.branches if one != Primitive("null")]
    return _shown(schema, branches[0], value) if len(branches) == 1 else _plain(union, value)


def _plain(node: Node, value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(node, (Primitive, Fixed)) and isinstance(value, int):
        if node.decimal is not None:
            return str(to_decimal(value))
        if isinstance(node, Primitive) and node.logical.startswith("timestamp-"):
            return time_text(value)
    return value
