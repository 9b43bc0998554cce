"""Writes the text of an encoder for one contract and its model: attributes in, Avro bytes out, no dictionary between.

As in decoder_text, the text holds no word of a schema but the names of attributes of our own models.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NoReturn

from schemas.avro_types import (
    ArrayType,
    EnumType,
    MapType,
    Node,
    Primitive,
    RecordType,
    Schema,
    UnionType,
    describe,
)
from schemas.binding import Binding
from schemas.errors import EncodeError, SchemaError
from schemas.guards import MAX_VALUE_BYTES
from schemas.micros import unscaled_of
from schemas.resolution import scaling
from schemas.source_text import Source
from schemas.wire import INT_BITS, write_long, write_zigzag

TABLED = 8192


def encoder_source(schema: Schema, binding: Binding) -> Source:
    """The text of `encode(v)`.  Raises SchemaError for a contract that the model cannot fill."""
    record = schema.record
    if record is None:
        raise SchemaError("", "the schema describes no record")
    source = Source(_runtime())
    writing = _Writing(source, schema)
    with source.block("def encode(v):"):
        source.put("out = []")
        with source.block("try:"):
            writing.record(record, "v", binding)
            writing.flush()
        source.put("except (AttributeError, KeyError, OverflowError, TypeError, UnicodeEncodeError) as error:")
        source.put(" refuse(error)")
        source.put("written = b''.join(out)")
        source.put(f"if len(written) > {MAX_VALUE_BYTES}:", " too_large(len(written))")
        source.put("return written")
    return source


class _Writing:
    """Gathers expressions, and puts them into the text where a branch or a loop begins."""

    def __init__(self, source: Source, schema: Schema) -> None:
        self._source = source
        self._schema = schema
        self._gathered: list[str] = []

    def flush(self) -> None:
        """Everything gathered so far, in one addition."""
        if self._gathered:
            self._source.put(f"out += ({', '.join(self._gathered)},)")
            self._gathered.clear()

    def record(self, record: RecordType, value: str, binding: Binding | None) -> None:
        for field in record.fields:
            if binding is None or field.name not in binding.fields:
                raise SchemaError(field.name, "the model has no such attribute")
            name = self._source.name()
            self._source.put(f"{name} = {value}.{field.name}")
            self._value(field.type, name, binding.fields[field.name])

    def _value(self, node: Node, value: str, inner: Binding | None) -> None:
        match self._schema.follow(node):
            case Primitive() as plain:
                self._plain(plain, value)
            case EnumType(symbols=symbols):
                table = {symbol: write_long(index) for index, symbol in enumerate(symbols)}
                self._gathered.append(f"{self._source.constant(table)}[{value}]")
            case RecordType() as record:
                self.record(record, value, inner)
            case UnionType(branches=(Primitive(kind="null"), other)):
                self._optional(other, value, inner)
            case ArrayType(items=items):
                self._repeated(value, value, partial(self._value, items, inner=inner))
            case MapType(values=values):
                self._repeated(value, f"{value}.items()", partial(self._entry, values, inner=inner))
            case unknown:
                raise SchemaError("", f"no generated encoder writes {describe(unknown)}")

    def _plain(self, plain: Primitive, value: str) -> None:
        if plain.decimal is not None:
            self._decimal(*scaling(plain.decimal, plain.decimal), value)
        elif plain.kind == "string":
            self._text(value)
        elif plain.kind == "boolean":
            self._gathered.append(f"{self._source.constant((bytes(1), bytes([1])))}[{value}]")
        elif plain.kind in {"int", "long"}:
            self._gathered.append(f"(small[{value}] if 0 <= {value} < {TABLED} else {plain.kind}_bytes({value}))")
        else:
            raise SchemaError("", f"no generated encoder writes {describe(plain)}")

    def _decimal(self, factor: int, bound: int, value: str) -> None:
        """In line while the number has too few bytes to reach the bound."""
        slow = self._source.constant(partial(_write_decimal, factor=factor, bound=bound))
        if factor != 1:
            self._gathered.append(f"{slow}({value})")
            return
        size, written = self._source.name(), self._source.name()
        self._source.put(
            f"{size} = ({value}.bit_length() >> 3) + 1",
            f"if {size} > {(bound.bit_length() - 1) // 8}:",
            f" {written} = {slow}({value})",
            "else:",
            f' {written} = small[{size}] + {value}.to_bytes({size}, "big", signed=True)',
        )
        self._gathered.append(written)

    def _text(self, value: str) -> None:
        octets, size = self._source.name(), self._source.name()
        self._source.put(f"{octets} = {value}.encode()", f"{size} = len({octets})")
        self._gathered += [f"(small[{size}] if {size} < {TABLED} else long_bytes({size}))", octets]

    def _optional(self, other: Node, value: str, inner: Binding | None) -> None:
        self.flush()
        self._source.put(f"if {value} is None:", " out.append(zero)")
        with self._source.block("else:"):
            self._gathered.append("one")
            self._value(other, value, inner)
            self.flush()

    def _repeated(self, value: str, items: str, put: Callable[[str], None]) -> None:
        self.flush()
        with self._source.block(f"if len({value}):"):
            self._source.put(f"out.append(long_bytes(len({value})))")
            one = self._source.name()
            with self._source.block(f"for {one} in {items}:"):
                put(one)
                self.flush()
        self._source.put("out.append(zero)")

    def _entry(self, node: Node, entry: str, inner: Binding | None) -> None:
        key, held = self._source.name(), self._source.name()
        self._source.put(f"{key}, {held} = {entry}")
        self._text(key)
        self._value(node, held, inner)


def _write_decimal(micros: int, *, factor: int, bound: int) -> bytes:
    unscaled = unscaled_of(micros, factor, bound)
    return write_long(len(unscaled)) + unscaled


@cache
def _long_writer() -> Callable[[int], bytes]:
    """`write_long` for numbers of up to 56 bits, fourteen bits at a time."""
    more = tuple(bytes((low & 127 | 128, low >> 7 | 128)) for low in range(1 << 14))
    last = tuple(write_zigzag(low) for low in range(1 << 14))

    def write(number: int) -> bytes:
        zigzag = (number << 1) ^ (number >> 63)
        if zigzag < 1 << 28:
            return more[zigzag & 16383] + last[zigzag >> 14] if zigzag > 16383 else last[zigzag]
        if zigzag < 1 << 42:
            return more[zigzag & 16383] + more[zigzag >> 14 & 16383] + last[zigzag >> 28]
        if zigzag < 1 << 56:
            return more[zigzag & 16383] + more[zigzag >> 14 & 16383] + more[zigzag >> 28 & 16383] + last[zigzag >> 42]
        return write_long(number)

    return write


def _refuse(error: Exception) -> NoReturn:
    raise EncodeError(f"{type(error).__name__}: {error}") from error


def _too_large(size: int) -> NoReturn:
    raise EncodeError(f"{size} bytes; {MAX_VALUE_BYTES} are allowed")


@cache
def _runtime() -> dict[str, object]:
    """What every generated encoder may call."""
    return {
        "int_bytes": partial(write_long, bits=INT_BITS),
        "long_bytes": _long_writer(),
        "one": b"\x02",
        "refuse": _refuse,
        "small": tuple(write_long(number) for number in range(TABLED)),
        "too_large": _too_large,
        "zero": b"\x00",
    }
