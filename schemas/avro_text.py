"""Reads a schema text into the tree of avro_types; the only place that meets a schema's raw JSON.

Rules: Apache Avro specification 1.12, "Schema Declaration" and "Names".  Stricter on purpose: a text of more than
1 MiB or nested more than 48 types deep is refused, a fixed type of more than 1 GiB too, and a decimal of more
than 128 digits counts as plain bytes, so that no later step needs a bound of its own.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, get_args

from schemas.avro_types import (
    NO_DEFAULT,
    ArrayType,
    DecimalScale,
    EnumType,
    Field,
    Fixed,
    Kind,
    MapType,
    NamedType,
    Node,
    Primitive,
    RecordType,
    Reference,
    Schema,
    UnionType,
)
from schemas.errors import SchemaError

MAX_TEXT = 1024 * 1024
MAX_DEPTH = 48
MAX_PRECISION = 128
MAX_FIXED = 1 << 30
PRIMITIVES: Final[Mapping[str, Primitive]] = {kind: Primitive(kind) for kind in get_args(Kind)}
LOGICAL_ON: Final[Mapping[str, str]] = {
    "uuid": "string",
    "date": "int",
    "time-millis": "int",
    "time-micros": "long",
    "timestamp-millis": "long",
    "timestamp-micros": "long",
    "timestamp-nanos": "long",
    "local-timestamp-millis": "long",
    "local-timestamp-micros": "long",
    "local-timestamp-nanos": "long",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

Json = Mapping[str, object]
NamedT = TypeVar("NamedT", RecordType, EnumType, Fixed)


def parse_schema(text: str) -> Schema:
    """Raises SchemaError, which names the field."""
    if len(text) > MAX_TEXT:
        raise SchemaError("", f"the schema text has {len(text)} characters; {MAX_TEXT} are allowed")
    try:
        raw: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SchemaError("", f"the schema text is not JSON: {error}") from error
    reading = _Reading()
    root = reading.node(raw, "", "", 0)
    return Schema(root, reading.named)


class _Reading:
    """One pass over one text; remembers the names declared so far."""

    def __init__(self) -> None:
        self.named: dict[str, NamedType] = {}
        self._open: set[str] = set()
        self._complex: Mapping[str, Callable[[Json, str, str, int], Node]] = {
            "record": self._record,
            "error": self._record,
            "enum": self._enum,
            "fixed": self._fixed,
            "array": self._array,
            "map": self._map,
        }

    def node(self, raw: object, space: str, where: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise SchemaError(where, f"types are nested more than {MAX_DEPTH} deep")
        if isinstance(raw, str):
            return PRIMITIVES.get(raw) or self._reference(raw, space, where)
        if isinstance(raw, list):
            return self._union(raw, space, where, depth)
        if isinstance(raw, dict):
            return self._typed(raw, space, where, depth)
        raise SchemaError(where, "a type is a name, an object or a list")

    def _typed(self, raw: Json, space: str, where: str, depth: int) -> Node:
        kind = raw.get("type")
        if isinstance(kind, (dict, list)):
            return self.node(kind, space, where, depth + 1)
        if not isinstance(kind, str):
            raise SchemaError(where, "the type is missing")
        if kind in self._complex:
            return self._complex[kind](raw, space, where, depth)
        plain = PRIMITIVES.get(kind)
        return _logical(plain, raw) if plain else self._reference(kind, space, where)

    def _reference(self, name: str, space: str, where: str) -> Reference:
        full = name if "." in name or not space else f"{space}.{name}"
        if full not in self.named and full not in self._open:
            raise SchemaError(where, f"the type {full} is not declared")
        return Reference(full)

    def _union(self, raw: list[object], space: str, where: str, depth: int) -> UnionType:
        branches = tuple(self.node(branch, space, where, depth + 1) for branch in raw)
        if not branches or any(isinstance(branch, UnionType) for branch in branches):
            raise SchemaError(where, "a union needs branches, and none may be a union")
        kinds = [_union_key(branch) for branch in branches]
        if len(set(kinds)) < len(kinds):
            raise SchemaError(where, "a union has two branches of one type")
        return UnionType(branches)

    def _array(self, raw: Json, space: str, where: str, depth: int) -> ArrayType:
        return ArrayType(self.node(raw.get("items"), space, f"{where}[]", depth + 1))

    def _map(self, raw: Json, space: str, where: str, depth: int) -> MapType:
        return MapType(self.node(raw.get("values"), space, f"{where}{{}}", depth + 1))

    def _record(self, raw: Json, space: str, where: str, depth: int) -> RecordType:
        name, space = self._declare(raw, space, where)
        listed = raw.get("fields")
        if not isinstance(listed, list):
            raise SchemaError(where, f"the record {name} has no list of fields")
        fields = tuple(self._field(field, space, where, depth) for field in listed)
        if len({field.name for field in fields}) < len(fields):
            raise SchemaError(where, f"the record {name} has two fields of one name")
        return self._done(RecordType(name, fields, _aliases(raw, space), _doc(raw)))

    def _field(self, raw: object, space: str, where: str, depth: int) -> Field:
        name = raw.get("name") if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or not isinstance(name, str) or not _SYMBOL.fullmatch(name):
            raise SchemaError(where, "a field has no usable name")
        path = f"{where}.{name}".lstrip(".")
        node = self.node(raw.get("type"), space, path, depth + 1)
        return Field(name, node, raw.get("default", NO_DEFAULT), _aliases(raw, ""), _doc(raw))

    def _enum(self, raw: Json, space: str, where: str, _: int) -> EnumType:
        name, space = self._declare(raw, space, where)
        listed = raw.get("symbols")
        symbols = tuple(listed) if isinstance(listed, list) else ()
        if not symbols or not all(isinstance(symbol, str) and _SYMBOL.fullmatch(symbol) for symbol in symbols):
            raise SchemaError(where, f"the enum {name} has no usable symbols")
        if len(set(symbols)) < len(symbols):
            raise SchemaError(where, f"the enum {name} has a symbol twice")
        default = raw.get("default")
        if default is not None and default not in symbols:
            raise SchemaError(where, f"the default of the enum {name} is not one of its symbols")
        return self._done(EnumType(name, symbols, default if isinstance(default, str) else None, _aliases(raw, space)))

    def _fixed(self, raw: Json, space: str, where: str, _: int) -> Fixed:
        name, space = self._declare(raw, space, where)
        size = raw.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_FIXED:
            raise SchemaError(where, f"the fixed type {name} has no usable size")
        return self._done(Fixed(name, size, _aliases(raw, space), _decimal(raw)))

    def _declare(self, raw: Json, space: str, where: str) -> tuple[str, str]:
        """Full name, and the namespace for the names inside."""
        name, own = raw.get("name"), raw.get("namespace")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SchemaError(where, "a named type has no usable name")
        if "." not in name:
            outer = own if isinstance(own, str) else space
            name = f"{outer}.{name}" if outer else name
        if name in self.named or name in self._open or name in PRIMITIVES:
            raise SchemaError(where, f"the type {name} is declared twice")
        self._open.add(name)
        return name, name.rpartition(".")[0]

    def _done(self, node: NamedT) -> NamedT:
        self._open.discard(node.name)
        self.named[node.name] = node
        return node


def _aliases(raw: Json, space: str) -> tuple[str, ...]:
    listed = raw.get("aliases")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    return tuple(name if "." in name or not space else f"{space}.{name}" for name in names)


def _doc(raw: Json) -> str:
    doc = raw.get("doc")
    return doc if isinstance(doc, str) else ""


def _union_key(branch: Node) -> str:
    """What a union may hold once: each plain type, one array, one map, each name."""
    if isinstance(branch, Primitive):
        return branch.kind
    if isinstance(branch, (RecordType, EnumType, Fixed, Reference)):
        return branch.name
    return type(branch).__name__


def _logical(plain: Primitive, raw: Json) -> Primitive:
    name = raw.get("logicalType")
    if name == "decimal" and plain.kind == "bytes":
        decimal = _decimal(raw)
        return Primitive(plain.kind, "decimal" if decimal else "", decimal)
    if isinstance(name, str) and LOGICAL_ON.get(name) == plain.kind:
        return Primitive(plain.kind, name)
    return plain


def _decimal(raw: Json) -> DecimalScale | None:
    """None where no decimal is stated, or one that the specification tells readers to ignore."""
    precision, scale = raw.get("precision"), raw.get("scale", 0)
    if raw.get("logicalType") != "decimal" or not isinstance(precision, int) or not isinstance(scale, int):
        return None
    return DecimalScale(precision, scale) if 0 <= scale <= precision and 0 < precision <= MAX_PRECISION else None
