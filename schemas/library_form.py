"""Our schema trees in the form that fastavro takes, with two logical types of our own.

fastavro rounds a decimal silently to the stated precision and cannot name a time before year 1 or after year 9999
(seen by running 1.13).  So every decimal is handed to it as `commerce-micros` and every timestamp as a plain number
(`commerce-millis` where it has to be multiplied), and the conversion is ours and exact.
"""

from schemas.avro_types import (
    ArrayType,
    DecimalScale,
    EnumType,
    Field,
    Fixed,
    MapType,
    Node,
    Primitive,
    RecordType,
    UnionType,
)

MICROS = "commerce-micros"
MILLIS = "commerce-millis"

Form = dict[str, object] | list[object] | str


def library_form(node: Node, *, defaults: bool) -> Form:  # noqa: C901, PLR0911 - one branch for each type
    """The schema as JSON values.  A writer's defaults say nothing about its bytes and may be wrong: leave them out."""
    match node:
        case Primitive():
            return _plain(node)
        case Fixed():
            return _named("fixed", node) | {"size": node.size} | _decimal(node.decimal)
        case EnumType():
            return _enum(node)
        case ArrayType():
            return {"type": "array", "items": library_form(node.items, defaults=defaults)}
        case MapType():
            return {"type": "map", "values": library_form(node.values, defaults=defaults)}
        case UnionType():
            return [library_form(branch, defaults=defaults) for branch in node.branches]
        case RecordType():
            return _named("record", node) | {"fields": [_field(field, defaults=defaults) for field in node.fields]}
        case reference:
            return reference.name


def _enum(node: EnumType) -> Form:
    default: dict[str, object] = {} if node.default is None else {"default": node.default}
    return _named("enum", node) | {"symbols": list(node.symbols)} | default


def _plain(node: Primitive) -> Form:
    if node.decimal:
        return {"type": node.kind} | _decimal(node.decimal)
    if node.logical == "timestamp-millis":
        return {"type": node.kind, "logicalType": MILLIS}
    return node.kind


def _decimal(decimal: DecimalScale | None) -> dict[str, object]:
    return {"logicalType": MICROS, "precision": decimal.precision, "scale": decimal.scale} if decimal else {}


def _named(kind: str, node: RecordType | EnumType | Fixed) -> dict[str, object]:
    aliases: dict[str, object] = {"aliases": list(node.aliases)} if node.aliases else {}
    return {"type": kind, "name": node.name, "namespace": node.name.rpartition(".")[0], **aliases}


def _field(field: Field, *, defaults: bool) -> dict[str, object]:
    form: dict[str, object] = {"name": field.name, "type": library_form(field.type, defaults=defaults)}
    if field.aliases:
        form["aliases"] = list(field.aliases)
    if defaults and field.has_default:
        form["default"] = field.default
    return form
