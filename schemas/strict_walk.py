"""Proves that bytes are one value of a writer's schema, no more and no less, before a looser decoder sees them.

fastavro 1.13 reads a negative enum or union index from the end of the list, wraps numbers of more than 64 bits, takes
any byte as a boolean, ignores the stated size of an array block and whatever follows the record, and recurses as deep
as the bytes ask (seen by running it).  Here each of these is refused.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.avro_types import ArrayType, EnumType, Fixed, MapType, Node, Primitive, RecordType, Schema, UnionType
from schemas.errors import DecodeError
from schemas.guards import check_size, check_writer
from schemas.wire import read_count, read_int_zigzag, read_length, read_zigzag, refuse, unfinished

MAX_NESTING = 64

Walk = Callable[[bytes, int, int], int]
"""Payload, position, depth of nesting → the position after the value."""


def strict_walk(schema: Schema) -> Callable[[bytes], None]:
    """A check of whole payloads.  Raises DecodeError: here for a schema that is refused, then for each bad payload."""
    check_writer(schema)
    walk = _Walks(schema).of(schema.root) or _walk_nothing

    def check(payload: bytes) -> None:
        check_size(len(payload))
        try:
            at = walk(payload, 0, 0)
        except IndexError:
            raise unfinished(len(payload) + 1, len(payload)) from None
        except UnicodeDecodeError as error:
            raise DecodeError("undecodable", "a text is not UTF-8") from error
        if at != len(payload):
            raise unfinished(at, len(payload))

    return check


class _Walks:
    """The walks of one schema.  None stands for values without a byte: there is nothing to walk."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._records: dict[str, Walk] = {}

    def of(self, node: Node) -> Walk | None:  # noqa: PLR0911 - one return for each type
        match self._schema.follow(node):
            case Primitive(kind=kind):
                return _PRIMITIVES.get(kind)
            case Fixed(size=size):
                return _bytes_of(size) if size else None
            case EnumType(symbols=symbols):
                return _index_below(len(symbols))
            case ArrayType(items=items):
                return _blocks(self.of(items) or _walk_nothing)
            case MapType(values=values):
                return _blocks(_in_a_row((_walk_text, self.of(values) or _walk_nothing)))
            case UnionType(branches=branches):
                return _branch(tuple(self.of(branch) or _walk_nothing for branch in branches))
            case record:
                return self._record(record)

    def _record(self, record: RecordType) -> Walk:
        """A record inside itself finds its own walk when it gets there, not now."""
        if record.name in self._records:
            return self._again(record.name)
        self._records[record.name] = _walk_nothing
        walks = (self.of(field.type) for field in record.fields)
        self._records[record.name] = _nested(_in_a_row(tuple(walk for walk in walks if walk)))
        return self._records[record.name]

    def _again(self, name: str) -> Walk:
        def walk(value: bytes, at: int, depth: int) -> int:
            return self._records[name](value, at, depth)

        return walk


def _walk_nothing(_: bytes, at: int, __: int) -> int:
    return at


def _walk_boolean(value: bytes, at: int, _: int) -> int:
    if value[at] > 1:
        refuse("a boolean that is neither 0 nor 1")
    return at + 1


def _walk_int(value: bytes, at: int, _: int) -> int:
    return read_int_zigzag(value, at)[1]


def _walk_long(value: bytes, at: int, _: int) -> int:
    return read_zigzag(value, at)[1]


def _walk_float(value: bytes, at: int, _: int) -> int:
    if value[at + 3] & 0x7F == 0x7F and value[at + 2] & 0x80:
        raise DecodeError("not-finite", "a float is NaN or infinite")
    return at + 4


def _walk_double(value: bytes, at: int, _: int) -> int:
    if value[at + 7] & 0x7F == 0x7F and value[at + 6] & 0xF0 == 0xF0:
        raise DecodeError("not-finite", "a double is NaN or infinite")
    return at + 8


def _walk_bytes(value: bytes, at: int, _: int) -> int:
    size, at = read_length(value, at)
    return at + size


def _walk_text(value: bytes, at: int, _: int) -> int:
    size, at = read_length(value, at)
    value[at : at + size].decode()
    return at + size


_PRIMITIVES: Final[Mapping[str, Walk]] = {
    "boolean": _walk_boolean,
    "int": _walk_int,
    "long": _walk_long,
    "float": _walk_float,
    "double": _walk_double,
    "bytes": _walk_bytes,
    "string": _walk_text,
}


def _bytes_of(size: int) -> Walk:
    return lambda _, at, __: at + size


def _index_below(end: int) -> Walk:
    def walk(value: bytes, at: int, _: int) -> int:
        number, at = read_zigzag(value, at)
        if number & 1 or number >> 1 >= end:
            refuse("an enum index out of range")
        return at

    return walk


def _branch(walks: tuple[Walk, ...]) -> Walk:
    def walk(value: bytes, at: int, depth: int) -> int:
        number, at = read_zigzag(value, at)
        if number & 1 or number >> 1 >= len(walks):
            refuse("a union index out of range")
        return walks[number >> 1](value, at, depth)

    return walk


def _in_a_row(walks: tuple[Walk, ...]) -> Walk:
    def walk(value: bytes, at: int, depth: int) -> int:
        for step in walks:
            at = step(value, at, depth)
        return at

    return walk


def _nested(inner: Walk) -> Walk:
    def walk(value: bytes, at: int, depth: int) -> int:
        if depth >= MAX_NESTING:
            refuse(f"values are nested more than {MAX_NESTING} deep")
        return inner(value, at, depth + 1)

    return walk


def _blocks(item: Walk) -> Walk:
    """Blocks of items; the last has none.  A block that states its size in bytes must have that size."""

    def walk(value: bytes, at: int, depth: int) -> int:
        count, at, ends = read_count(value, at)
        while count:
            for _ in range(count):
                at = item(value, at, depth)
            if ends not in {-1, at}:
                refuse("a block of items is not as long as it says")
            count, at, ends = read_count(value, at)
        return at

    return _nested(walk)
