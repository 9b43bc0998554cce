"""A second, small Avro encoder, so that tests can write what no library would: odd blocks, wrong lengths, bad indices.

It takes schemas as JSON values and knows no logical types: a decimal is given as bytes, a time as a number.
"""

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise

Json = str | list["Json"] | dict[str, object]


def zigzag(number: int) -> bytes:
    return varint((number << 1) ^ (number >> 63) if -(1 << 63) <= number < 1 << 63 else number << 1)


def varint(number: int, *, width: int = 1) -> bytes:
    """At least `width` bytes: more than needed makes it overlong."""
    written = bytearray()
    while number > 127 or len(written) < width - 1:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def text(value: str | bytes) -> bytes:
    octets = value.encode() if isinstance(value, str) else value
    return zigzag(len(octets)) + octets


def block(items: Sequence[bytes], *, sized: bool) -> bytes:
    """One block of an array or a map; a sized one states how many bytes it has."""
    joined = b"".join(items)
    return (zigzag(-len(items)) + zigzag(len(joined)) if sized else zigzag(len(items))) + joined


def blocks(items: Sequence[bytes], cuts: Sequence[int] = (), *, sized: bool = False) -> bytes:
    """All items, a new block beginning at each cut."""
    edges = sorted({0, len(items), *(cut for cut in cuts if 0 < cut < len(items))})
    parts = [block(items[start:end], sized=sized) for start, end in pairwise(edges)]
    return b"".join(parts) + b"\0"


class Encoder:
    """Encodes values of one schema; `cuts` and `sized` shape every array and map."""

    def __init__(self, cuts: Sequence[int] = (), *, sized: bool = False) -> None:
        self._cuts = cuts
        self._sized = sized
        self._named: dict[str, dict[str, object]] = {}

    def encode(self, schema: object, value: object) -> bytes:
        if isinstance(schema, list):
            index = next(place for place, branch in enumerate(schema) if self._takes(branch, value))
            return zigzag(index) + self.encode(schema[index], value)
        if isinstance(schema, dict):
            return self._typed(schema, value)
        if isinstance(schema, str) and schema in self._named:
            return self._typed(self._named[schema], value)
        assert isinstance(schema, str)
        return _plain(schema, value)

    def _typed(self, schema: dict[str, object], value: object) -> bytes:
        kind = schema["type"]
        if isinstance(schema.get("name"), str):
            self._named[str(schema["name"])] = schema
        match kind, value:
            case "record", dict():
                return self.fields(schema, value)
            case "enum", str():
                symbols = schema["symbols"]
                assert isinstance(symbols, list)
                return zigzag(symbols.index(value))
            case "fixed", bytes():
                return value
            case "array", list():
                return self._blocks([self.encode(schema["items"], each) for each in value])
            case "map", dict():
                return self._blocks([text(key) + self.encode(schema["values"], each) for key, each in value.items()])
        return self.encode(kind, value)

    def fields(self, schema: dict[str, object], value: Mapping[str, object]) -> bytes:
        return b"".join(pieces(self, schema, value).values())

    def _blocks(self, items: Sequence[bytes]) -> bytes:
        return blocks(items, self._cuts, sized=self._sized)

    def _takes(self, branch: object, value: object) -> bool:
        kind = branch["type"] if isinstance(branch, dict) else branch
        kind = self._named[kind]["type"] if isinstance(kind, str) and kind in self._named else kind
        taken = {
            "null": value is None,
            "boolean": isinstance(value, bool),
            "int": isinstance(value, int) and not isinstance(value, bool) and -(1 << 31) <= value < 1 << 31,
            "long": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, float),
            "double": isinstance(value, float),
            "bytes": isinstance(value, bytes),
            "string": isinstance(value, str),
            "fixed": isinstance(value, bytes) and isinstance(branch, dict) and len(value) == branch.get("size"),
            "enum": isinstance(value, str) and isinstance(branch, dict) and value in str(branch.get("symbols")),
            "array": isinstance(value, list),
            "map": isinstance(value, dict),
            "record": isinstance(value, dict),
        }
        return taken[str(kind)]


def pieces(encoder: Encoder, schema: dict[str, object], value: Mapping[str, object]) -> dict[str, bytes]:
    """The bytes of each field of a record, in order: replace one and join them to break exactly that one."""
    fields = schema["fields"]
    assert isinstance(fields, list)
    return {field["name"]: encoder.encode(field["type"], value[field["name"]]) for field in fields}


def _plain(kind: str, value: object) -> bytes:
    match kind, value:
        case "null", None:
            return b""
        case "boolean", bool():
            return bytes([value])
        case "int" | "long", int():
            return zigzag(value)
        case "float", float() | int():
            return struct.pack("<f", value)
        case "double", float() | int():
            return struct.pack("<d", value)
        case "bytes" | "string", str() | bytes():
            return text(value)
    raise AssertionError(f"{value!r} is no {kind}")
