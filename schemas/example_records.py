"""Examples as people write them ↔ records as the codec takes them.

In an example a decimal is text (`"12.5"`), a timestamp is ISO 8601 with a zone, a date is `2027-01-31`, and a union is
just its value.  In a record a decimal is whole micros, a timestamp microseconds, a date days since 1970.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from schemas.avro_types import ArrayType, EnumType, MapType, Node, Primitive, RecordType, Schema, UnionType, describe
from schemas.errors import EncodeError
from schemas.micros import micros_of_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def example_record(schema: Schema, text: str) -> dict[str, object]:
    """The record that an example's JSON text states.  Raises EncodeError, which names the field."""
    raw: object = json.loads(text)
    record = _value(schema, schema.root, raw, "")
    assert isinstance(record, dict)
    return record


def _value(schema: Schema, node: Node, raw: object, where: str) -> object:
    match schema.follow(node), raw:
        case Primitive() as plain, _:
            return _plain(plain, raw, where)
        case UnionType(branches=branches), _:
            return None if raw is None else _value(schema, branches[-1], raw, where)
        case RecordType() as record, dict():
            return _record(schema, record, raw, where)
        case ArrayType(items=items), list():
            return [_value(schema, items, each, f"{where}[]") for each in raw]
        case MapType(values=values), dict():
            return {key: _value(schema, values, each, f"{where}.{key}") for key, each in raw.items()}
        case EnumType(symbols=symbols), str() if raw in symbols:
            return raw
    raise EncodeError(f"field {where}: not {describe(node)}")


def _record(schema: Schema, record: RecordType, raw: Mapping[str, object], where: str) -> dict[str, object]:
    unknown = raw.keys() - {field.name for field in record.fields}
    if unknown:
        raise EncodeError(f"{where or 'the record'}: no such field: {', '.join(sorted(unknown))}")
    values: dict[str, object] = {}
    for field in record.fields:
        path = f"{where}.{field.name}".lstrip(".")
        if field.name in raw:
            values[field.name] = _value(schema, field.type, raw[field.name], path)
        elif field.has_default:
            values[field.name] = field.default
        else:
            raise EncodeError(f"field {path}: missing")
    return values


def _plain(plain: Primitive, raw: object, where: str) -> object:
    try:
        match plain, raw:
            case Primitive(decimal=decimal), str() if decimal:
                return micros_of_text(raw)
            case Primitive(logical="timestamp-micros"), str():
                return (datetime.fromisoformat(raw).astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
            case Primitive(logical="date"), str():
                return date.fromisoformat(raw).toordinal() - EPOCH.toordinal()
            case Primitive(kind="string"), str():
                return raw
            case Primitive(kind="boolean"), bool():
                return raw
            case Primitive(kind="int" | "long", logical=""), int() if not isinstance(raw, bool):
                return raw
    except (ValueError, EncodeError) as error:
        raise EncodeError(f"field {where}: {error}") from error
    raise EncodeError(f"field {where}: not {describe(plain)}")
