"""Bytes ↔ values for every contract; no I/O and no registry: whoever calls brings the schema texts.

The frame is Confluent's: a zero byte, the schema id in four bytes, the Avro bytes
(Confluent "Wire format").  Readers and writers here go through fastavro, for any schema; `schemas.projection` has the
quick ones.  This is the only module that meets fastavro, and `strict_walk` proves the bytes before it sees them.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from io import BytesIO
from typing import Final

import fastavro
import fastavro.read
import fastavro.schema
import fastavro.types
import fastavro.validation
import fastavro.write
import msgspec

from schemas.avro_types import DecimalScale, Schema
from schemas.errors import ContractError, DecodeError, EncodeError, SchemaError
from schemas.guards import MAX_VALUE_BYTES, check_size
from schemas.library_form import MICROS, MILLIS, library_form
from schemas.micros import micros_of, micros_of_millis, unscaled_of
from schemas.resolution import require, resolve, scaling
from schemas.strict_walk import strict_walk

FRAME: Final = struct.Struct(">BI")
MAGIC = 0

Parsed = fastavro.types.Schema


def schema_id_of(value: bytes, limit: int = MAX_VALUE_BYTES) -> int:
    """The id in the frame.  Raises DecodeError `too-large` or `not-framed`."""
    check_size(len(value), limit)
    if len(value) < FRAME.size or value[0] != MAGIC:
        raise DecodeError("not-framed", f"{len(value)} bytes without magic byte 0 and a schema id in front")
    return int.from_bytes(value[1 : FRAME.size], "big")


def split_frame(value: bytes, limit: int = MAX_VALUE_BYTES) -> tuple[int, bytes]:
    """Schema id and payload.  Raises DecodeError `too-large` or `not-framed`."""
    return schema_id_of(value, limit), value[FRAME.size :]


def schema_ids(values: Iterable[bytes]) -> frozenset[int]:
    """The ids of one fetch, to look up before `projection.decode_many`; what has no frame has none."""
    heads = {value[: FRAME.size] for value in values}
    return frozenset(int.from_bytes(head[1:], "big") for head in heads if len(head) == FRAME.size and head[0] == MAGIC)


def frame(schema_id: int, payload: bytes) -> bytes:
    """The value to send."""
    return FRAME.pack(MAGIC, schema_id) + payload


class Reader:
    """Reads records of one writer's schema as records of ours.  Compile once per pair, keep it.

    Raises DecodeError when made, for a writer's schema with which nothing shall or can be read; it names the field.
    """

    def __init__(self, reader: Schema, writer: Schema) -> None:
        self._check = strict_walk(writer)
        require(resolve(writer, reader))
        refused = partial(DecodeError, "undecodable")
        self._written = _parsed(writer, refused, defaults=False)
        self._wanted = _parsed(reader, refused, defaults=True)

    def read(self, payload: bytes) -> dict[str, object]:
        """Decimals are whole micros and timestamps microseconds.  Raises DecodeError."""
        self._check(payload)
        try:
            record = fastavro.schemaless_reader(BytesIO(payload), self._written, self._wanted)
        except DecodeError:
            raise
        except Exception as error:  # fastavro raises whatever its C code met; the bytes are to blame
            raise DecodeError("undecodable", f"{type(error).__name__} in fastavro") from error
        if not isinstance(record, dict):
            raise DecodeError("wrong-record", "the schema describes no record")
        return record


class Writer:
    """Writes records of one schema; frozen models and plain mappings alike."""

    def __init__(self, schema: Schema) -> None:
        self._form = _parsed(schema, partial(SchemaError, ""), defaults=True)

    def write(self, value: msgspec.Struct | Mapping[str, object]) -> bytes:
        """Raises EncodeError, which names the field and does not quote the value."""
        record = msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value
        out = BytesIO()
        try:
            fastavro.validation.validate(record, self._form, strict=False)
            fastavro.schemaless_writer(out, self._form, record, strict_allow_default=True)
        except fastavro.validation.ValidationError as error:
            raise EncodeError(
                "; ".join(f"field {one.field}: not what the schema allows" for one in error.errors)
            ) from error
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise EncodeError(f"{type(error).__name__}: {error}") from error
        return out.getvalue()


def _parsed(schema: Schema, refused: Callable[[str], ContractError], *, defaults: bool) -> Parsed:
    try:
        return fastavro.parse_schema(library_form(schema.root, defaults=defaults))
    except fastavro.schema.SchemaParseException as error:
        raise refused(f"fastavro refuses the schema: {error}") from error


def _scale_in(form: object) -> DecimalScale | None:
    """Of a schema as fastavro hands it to a logical type."""
    match form:
        case {"precision": int(precision), "scale": int(scale)}:
            return DecimalScale(precision, scale)
    return None


def _scaling(written: object, wanted: object) -> tuple[int, int]:
    has = _scale_in(written)
    assert has is not None  # library_form wrote it
    return scaling(has, _scale_in(wanted) or has)


def _read_micros(unscaled: bytes, written: object, wanted: object = None) -> int:
    return micros_of(unscaled, *_scaling(written, wanted))


def _write_micros(micros: object, form: dict[str, object], *_: object) -> object:
    """None stands for what is no whole number: only null may take it."""
    if not isinstance(micros, int) or isinstance(micros, bool):
        return None
    size = form.get("size")
    return unscaled_of(micros, *_scaling(form, None), size if isinstance(size, int) else None)


def _read_millis(millis: int, *_: object) -> int:
    return micros_of_millis(millis)


def _write_millis(micros: object, *_: object) -> object:
    if not isinstance(micros, int) or micros % 1000:
        raise EncodeError("a time with microseconds does not fit into milliseconds")
    return micros // 1000


fastavro.read.LOGICAL_READERS.update(
    {f"bytes-{MICROS}": _read_micros, f"fixed-{MICROS}": _read_micros, f"long-{MILLIS}": _read_millis}
)
fastavro.write.LOGICAL_WRITERS.update(
    {f"bytes-{MICROS}": _write_micros, f"fixed-{MICROS}": _write_micros, f"long-{MILLIS}": _write_millis}
)
