"""Byte strings that must never become a stock change, each with the reason for which it is refused.

Built from the released schema alone, so they are the same on every run.  `HOSTILE` serves unit tests, which feed the
decoders, and tests on real Kafka, which look for the letters.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.catalogue import STOCK_CHANGE
from schemas.errors import Reason
from tests.corpus.avro_bytes import Encoder, block, pieces, text, varint, zigzag

RELEASED = STOCK_CHANGE.released[1]
SKU = "PUMP-200"
GOOD: dict[str, object] = {
    "event_id": "8d1f0c2e6a7b4f3d9c5e2b1a0f9e8d7c",
    "source_system": "wms:main",
    "source_sequence": 482913,
    "owner_code": None,
    "sku": SKU,
    "uom": "EA",
    "location_code": "WH-EAST",
    "bin_code": "A-01-03",
    "kind": "DELTA",
    "bucket": "ON_HAND",
    "quantity": (-2_000_000).to_bytes(3, "big", signed=True),
    "previous_quantity": (40_000_000).to_bytes(4, "big"),
    "resulting_quantity": (38_000_000).to_bytes(4, "big"),
    "reason": "PICK",
    "reason_code": None,
    "lot": "L2602-11",
    "serials": ["SN-0001", "SN-0002"],
    "expires_on": 20_850,
    "status_code": None,
    "reference": {"type": "SALES_ORDER", "id": "100001234", "line": None, "commerce_order": "100001234"},
    "effective_at": 1_772_439_330_123_456,
    "recorded_at": 1_772_439_330_456_000,
    "correlation_id": None,
    "extras": {"zone": "A"},
}


@dataclass(frozen=True, slots=True)
class Hostile:
    """One byte string; `schema` is the writer's schema to register for it."""

    name: str
    reason: Reason
    payload: bytes = b""
    schema: str = RELEASED
    raw: bytes | None = None
    """The whole value, where there is no frame to put around a payload."""

    def value(self, schema_id: int) -> bytes:
        return b"\0" + schema_id.to_bytes(4, "big") + self.payload if self.raw is None else self.raw


def _json(schema: str) -> dict[str, object]:
    read = json.loads(schema)
    assert isinstance(read, dict)
    return read


PIECES = pieces(Encoder(), _json(RELEASED), GOOD)
PAYLOAD = b"".join(PIECES.values())


def with_piece(**changed: bytes) -> bytes:
    """The good payload with the bytes of some fields replaced."""
    return b"".join((PIECES | changed).values())


def with_field(kind: object) -> str:
    """The schema with one field more at its end, named `more`."""
    schema = _json(RELEASED)
    fields = schema["fields"]
    assert isinstance(fields, list)
    return json.dumps(schema | {"fields": [*fields, {"name": "more", "type": kind}]})


def with_time_at_the_end() -> str:
    """The schema with a text at its end, and the time of recording, which is read, after that."""
    schema = _json(with_field("string"))
    fields = schema["fields"]
    assert isinstance(fields, list)
    late = [field for field in fields if field["name"] == "recorded_at"]
    return json.dumps(schema | {"fields": [field for field in fields if field not in late] + late})


def _frames() -> Iterator[Hostile]:
    for size in range(5):
        yield Hostile(f"a frame of {size} bytes", "not-framed", raw=bytes(size))
    yield Hostile("magic byte 1", "not-framed", raw=b"\1\0\0\0\1" + PAYLOAD)
    yield Hostile("no frame at all", "not-framed", raw=PAYLOAD)
    yield Hostile("JSON text", "not-framed", raw=json.dumps({"sku": SKU, "quantity": 1}).encode())
    yield Hostile("a container file", "not-framed", raw=b"Obj\1\x04\x14avro.codec\x08null\0")


def _lengths() -> Iterator[Hostile]:
    for end in range(len(PAYLOAD)):
        yield Hostile(f"cut after {end} of {len(PAYLOAD)} bytes", "undecodable", PAYLOAD[:end])
    for name, tail in {"one zero byte": b"\0", "ten bytes": bytes(range(10)), "the record again": PAYLOAD}.items():
        yield Hostile(f"{name} left over", "bytes-left-over", PAYLOAD + tail)
    yield Hostile("written with a schema of one field more", "bytes-left-over", PAYLOAD + text("more"), schema=RELEASED)
    yield Hostile("300 KiB", "too-large", with_piece(extras=block([text("k") + text("x" * 300 * 1024)], sized=False)))


def _texts() -> Iterator[Hostile]:
    for name, octets in {
        "a lone byte": b"\xff\xfe",
        "an overlong dot": b"\xc0\xae",
        "half a pair": b"\xed\xa0\x80",
    }.items():
        yield Hostile(f"SKU with {name}", "undecodable", with_piece(sku=text(octets)))
    yield Hostile("a text not read, not UTF-8", "undecodable", with_piece(lot=b"\2" + text(b"\xff")))
    yield Hostile("a serial not UTF-8", "undecodable", with_piece(serials=block([text(b"\xff")], sized=False) + b"\0"))
    yield Hostile(
        "a map key not UTF-8", "undecodable", with_piece(extras=block([text(b"\xff") + text("A")], sized=False) + b"\0")
    )
    yield Hostile("a text of negative length", "undecodable", with_piece(sku=zigzag(-8) + SKU.encode()))
    yield Hostile("a text of length -1", "undecodable", with_piece(sku=b"\1"))
    yield Hostile("a text of length -1, not read", "undecodable", with_piece(lot=b"\2\1"))
    yield Hostile(
        "a text of 2^63 - 1 bytes right before a time",
        "undecodable",
        with_piece(recorded_at=b"", extras=b"\0") + zigzag((1 << 63) - 1) + b"x" * 20,
        schema=with_time_at_the_end(),
    )
    yield Hostile("a text of 2^62 bytes", "undecodable", with_piece(sku=zigzag(1 << 62) + SKU.encode()))
    yield Hostile("a length with a byte too many", "undecodable", with_piece(sku=varint(16, width=2) + SKU.encode()))
    yield Hostile("a length of eleven bytes", "undecodable", with_piece(sku=varint(16, width=11) + SKU.encode()))


def _numbers() -> Iterator[Hostile]:
    for width in (2, 3, 4, 9):
        overlong = b"\2" + varint(8, width=width)
        yield Hostile(f"a small long in {width} bytes", "undecodable", with_piece(source_sequence=overlong))
    yield Hostile("a long of eleven bytes", "undecodable", with_piece(source_sequence=b"\2" + varint(1 << 70)))
    yield Hostile("a long of 65 bits", "undecodable", with_piece(source_sequence=b"\2" + varint(1 << 64)))
    yield Hostile("a long that never ends", "undecodable", with_piece(source_sequence=b"\2" + b"\xff" * 64))
    yield Hostile("an overlong time", "undecodable", with_piece(effective_at=varint(8, width=8)))
    yield Hostile("a date of 33 bits", "undecodable", with_piece(expires_on=b"\2" + varint(1 << 32)))
    yield Hostile("a decimal of no bytes", "undecodable", with_piece(quantity=zigzag(0)))
    yield Hostile("a decimal of negative length", "undecodable", with_piece(quantity=zigzag(-3) + b"\0\0\1"))
    yield Hostile("a decimal of 25 digits", "undecodable", with_piece(quantity=text((10**24).to_bytes(11, "big"))))
    yield Hostile("a decimal of 65 bytes", "undecodable", with_piece(quantity=text(bytes(64) + b"\1")))
    far = _json(RELEASED)
    fields = far["fields"]
    assert isinstance(fields, list)
    kind = {"type": "long", "logicalType": "timestamp-millis"}
    far["fields"] = [field | {"type": kind} if field["name"] == "effective_at" else field for field in fields]
    yield Hostile(
        "a time in milliseconds beyond 64 bits of microseconds",
        "undecodable",
        with_piece(effective_at=zigzag(1 << 61)),
        schema=json.dumps(far),
    )


def _indices() -> Iterator[Hostile]:
    for index in (2, -1, -2, 63, 64, 1 << 40):
        yield Hostile(f"branch {index} of two", "undecodable", with_piece(owner_code=zigzag(index) + text("OWN")))
        yield Hostile(f"branch {index} of two, not read", "undecodable", with_piece(lot=zigzag(index) + text("L")))
    for index in (3, -1, -3, 64, 1 << 40):
        yield Hostile(f"symbol {index} of three", "undecodable", with_piece(kind=zigzag(index)))
    yield Hostile("symbol 1 with a byte too many", "undecodable", with_piece(kind=varint(2, width=2)))
    yield Hostile("symbol of a kind not read", "undecodable", with_piece(reference=b"\2" + zigzag(8) + b"\0" * 3))


def _arrays() -> Iterator[Hostile]:
    one = text("SN-0001")
    yield Hostile("2^62 serials", "undecodable", with_piece(serials=zigzag(1 << 62) + one))
    yield Hostile("-2^63 serials", "undecodable", with_piece(serials=zigzag(-(1 << 63)) + zigzag(8) + one + b"\0"))
    yield Hostile("more serials than bytes", "undecodable", with_piece(serials=zigzag(5000) + one))
    yield Hostile(
        "a block shorter than it says", "undecodable", with_piece(serials=zigzag(-1) + zigzag(9) + one + b"\0")
    )
    yield Hostile(
        "a block longer than it says", "undecodable", with_piece(serials=zigzag(-1) + zigzag(7) + one + b"\0")
    )
    yield Hostile("a block of negative size", "undecodable", with_piece(serials=zigzag(-1) + zigzag(-8) + one + b"\0"))
    yield Hostile("an array without its end", "undecodable", with_piece(serials=block([one], sized=False)))
    bomb = with_field({"type": "array", "items": "null"})
    yield Hostile("five bytes of an array of nulls", "zero-size-items", PAYLOAD + zigzag(16_777_216) + b"\0", bomb)
    empty = {"type": "record", "name": "Empty", "fields": [{"name": "nothing", "type": "null"}]}
    for name, kind in {
        "an array of empty records": {"type": "array", "items": empty},
        "a map of nulls": {"type": "map", "values": "null"},
        "an array of fixed types without size": {
            "type": "array",
            "items": {"type": "fixed", "name": "Nothing", "size": 0},
        },
        "an array of nulls inside a branch": ["string", {"type": "array", "items": "null"}],
    }.items():
        yield Hostile(name, "zero-size-items", PAYLOAD + zigzag(0), with_field(kind))


def _other_schemas() -> Iterator[Hostile]:
    other = _json(RELEASED) | {"name": "StockChangeDraft"}
    yield Hostile("a record of another name", "wrong-record", PAYLOAD, json.dumps(other))
    elsewhere = _json(RELEASED) | {"namespace": "elsewhere"}
    yield Hostile("a record of another namespace", "wrong-record", PAYLOAD, json.dumps(elsewhere))
    yield Hostile("a schema without a record", "wrong-record", text(SKU), '"string"')
    yield Hostile("a schema that is none", "undecodable", PAYLOAD, "{")
    for name, number in {"NaN": float("nan"), "infinity": float("inf"), "minus infinity": float("-inf")}.items():
        yield Hostile(f"{name} as a double", "not-finite", PAYLOAD + struct.pack("<d", number), with_field("double"))
        yield Hostile(f"{name} as a float", "not-finite", PAYLOAD + struct.pack("<f", number), with_field("float"))
    yield Hostile("a boolean of 2", "undecodable", PAYLOAD + b"\2", with_field("boolean"))
    unscaled = _json(RELEASED)
    fields = unscaled["fields"]
    assert isinstance(fields, list)
    unscaled["fields"] = [field | {"type": "bytes"} if field["name"] == "quantity" else field for field in fields]
    yield Hostile("a quantity without a scale", "undecodable", PAYLOAD, json.dumps(unscaled))
    tree = {"type": "record", "name": "Tree", "fields": [{"name": "inner", "type": ["null", "Tree"]}]}
    yield Hostile("5,000 records inside each other", "undecodable", PAYLOAD + b"\2" * 5000 + b"\0", with_field(tree))


HOSTILE: tuple[Hostile, ...] = (
    *_frames(),
    *_lengths(),
    *_texts(),
    *_numbers(),
    *_indices(),
    *_arrays(),
    *_other_schemas(),
)
