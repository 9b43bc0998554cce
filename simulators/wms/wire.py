"""Avro in the Confluent wire format, made from the .avsc files alone: no codec is shared with what is tested.

Wire format: magic byte 0, schema id as four bytes big-endian, Avro body
(Confluent, "Schema Registry wire format").
"""

import copy
import importlib.resources
import io
import json
from typing import Any, cast

import fastavro

STOCK_TOPIC = "wms.stock-change.v1"
SNAPSHOT_TOPIC = "wms.snapshot.v1"
RECOUNT_TOPIC = "inventory.recount.v1"
FRAME_BYTES = 5

Schema = dict[str, Any]  # a parsed .avsc: JSON of any depth


class WireError(ValueError):
    """Bytes that are not one framed record and nothing else."""


def schema_of(topic: str) -> Schema:
    """The schema of a topic's values, as shipped."""
    text = importlib.resources.files("schemas").joinpath("avro", f"{topic}.avsc").read_text(encoding="utf-8")
    return cast("Schema", json.loads(text))


def subject_of(topic: str) -> str:
    return f"{topic}-value"


def _with_plain_times(node: Any) -> Any:  # noqa: ANN401 - JSON of any depth
    """Times stay whole microseconds: a datetime would be slower and says no more."""
    if isinstance(node, list):
        return [_with_plain_times(part) for part in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _with_plain_times(part) for name, part in node.items()}
    if plain.get("logicalType") == "timestamp-micros":
        del plain["logicalType"]
    return plain


class RecordCodec:
    """Encodes and decodes the values of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = fastavro.parse_schema(_with_plain_times(copy.deepcopy(schema)))

    def encode(self, record: object) -> bytes:
        """The Avro body, without a frame."""
        body = io.BytesIO()
        fastavro.schemaless_writer(body, self._schema, record)
        return body.getvalue()

    def decode(self, body: bytes, *, reader: "RecordCodec | None" = None) -> dict[str, Any]:
        """Raises WireError where bytes are left over; what fastavro raises on damaged bytes passes through."""
        source = io.BytesIO(body)
        wanted = None if reader is None else reader._schema  # noqa: SLF001 - own class
        record = fastavro.schemaless_reader(source, self._schema, wanted)
        if left := len(body) - source.tell():
            raise WireError(f"{left} bytes left over after the record")
        return cast("dict[str, Any]", record)


def frame(schema_id: int, body: bytes) -> bytes:
    return b"\0" + schema_id.to_bytes(4, "big") + body


def unframe(value: bytes) -> tuple[int, bytes]:
    """Schema id and Avro body; raises WireError where there is no frame."""
    if len(value) < FRAME_BYTES or value[0] != 0:
        raise WireError("no Confluent frame")
    return int.from_bytes(value[1:FRAME_BYTES], "big"), value[FRAME_BYTES:]


def zigzag(number: int) -> bytes:
    """An Avro long."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)
