"""An Avro schema as a tree of frozen values, so that guards, resolution and generators need no dictionaries.

Names are full names.  A name that is used again, or inside itself, is a `Reference`, so the tree is always finite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["null", "boolean", "int", "long", "float", "double", "bytes", "string"]


class Missing:
    """The type of `NO_DEFAULT`: null is a default like any other."""


NO_DEFAULT: Final = Missing()


@dataclass(frozen=True, slots=True)
class DecimalScale:
    """Digits in all and digits after the point."""

    precision: int
    scale: int


@dataclass(frozen=True, slots=True)
class Primitive:
    """`logical` is empty where none is stated or where it is not valid on this kind: Avro ignores those."""

    kind: Kind
    logical: str = ""
    decimal: DecimalScale | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    name: str
    size: int
    aliases: tuple[str, ...] = ()
    decimal: DecimalScale | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    name: str
    symbols: tuple[str, ...]
    default: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrayType:
    items: "Node"


@dataclass(frozen=True, slots=True)
class MapType:
    values: "Node"


@dataclass(frozen=True, slots=True)
class UnionType:
    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Reference:
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    name: str
    type: "Node"
    default: object = NO_DEFAULT
    aliases: tuple[str, ...] = ()
    doc: str = ""

    @property
    def has_default(self) -> bool:
        return self.default is not NO_DEFAULT


@dataclass(frozen=True, slots=True, eq=False)
class RecordType:
    name: str
    fields: tuple[Field, ...]
    aliases: tuple[str, ...] = ()
    doc: str = ""

    def field(self, name: str) -> Field | None:
        """The field of that name; None where there is none."""
        return next((field for field in self.fields if field.name == name), None)


NamedType = RecordType | EnumType | Fixed
Solid = Primitive | Fixed | EnumType | ArrayType | MapType | UnionType | RecordType
Node = Solid | Reference


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """One schema text, read."""

    root: Node
    named: Mapping[str, NamedType]

    def follow(self, node: Node) -> Solid:
        """The type behind a reference; any other node is itself."""
        return self.named[node.name] if isinstance(node, Reference) else node

    @property
    def record(self) -> RecordType | None:
        """The record at the top; None where the top is something else."""
        return self.root if isinstance(self.root, RecordType) else None


def unqualified(name: str) -> str:
    """The last part: Avro matches records, enums and fixed types of writer and reader by it."""
    return name.rpartition(".")[2]


def describe(node: Node) -> str:  # noqa: PLR0911 - one return for each type
    """The type in the words of a schema text, for messages."""
    match node:
        case Primitive(kind=kind, decimal=DecimalScale() as decimal):
            return f"decimal({decimal.precision}, {decimal.scale}) in {kind}"
        case Primitive():
            return node.logical or node.kind
        case ArrayType():
            return f"array of {describe(node.items)}"
        case MapType():
            return f"map of {describe(node.values)}"
        case UnionType():
            return "[" + ", ".join(describe(branch) for branch in node.branches) + "]"
        case Fixed():
            return f"fixed {unqualified(node.name)} of {node.size} bytes"
        case EnumType():
            return f"enum {unqualified(node.name)}"
    return f"record {unqualified(node.name)}"
