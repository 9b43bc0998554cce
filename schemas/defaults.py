"""Whether a field's default is a value of its type; Avro libraries let wrong ones pass until a reader needs them."""

from collections.abc import Mapping
from typing import Final

from schemas.avro_types import ArrayType, EnumType, Fixed, MapType, Node, Primitive, RecordType, Schema, UnionType

RANGES: Final[Mapping[str, int]] = {"int": 1 << 31, "long": 1 << 63}


def default_fits(schema: Schema, node: Node, default: object) -> bool:  # noqa: PLR0911 - one return for each type
    """A union's default belongs to its first branch (Avro specification 1.11; later ones are laxer)."""
    match schema.follow(node), default:
        case UnionType(branches=branches), _:
            return default_fits(schema, branches[0], default)
        case Primitive(kind=kind), _:
            return _fits_plain(kind, default)
        case EnumType(symbols=symbols), _:
            return default in symbols
        case Fixed(size=size), str():
            return len(default) == size
        case ArrayType(items=items), list():
            return all(default_fits(schema, items, each) for each in default)
        case MapType(values=values), dict():
            return all(default_fits(schema, values, each) for each in default.values())
        case RecordType(fields=fields), dict():
            return all(default_fits(schema, each.type, default.get(each.name, each.default)) for each in fields)
    return False


def _fits_plain(kind: str, default: object) -> bool:
    match kind, default:
        case "null", None:
            return True
        case "boolean", bool():
            return True
        case "int" | "long", int() if not isinstance(default, bool):
            return -RANGES[kind] <= default < RANGES[kind]
        case "float" | "double", int() | float():
            return not isinstance(default, bool)
        case "string" | "bytes", str():
            return True
    return False
