"""Records that the application must set aside, each with one defect and the reason that must be given for it.

The kinds follow the corpus of nemesis N17 and the dead letters of the settled rules.  Each is made from a well-formed
record that was already sent, so that the defect is the only thing wrong with it.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, cast

from simulators.wms.record import SECOND, StockRecord
from simulators.wms.wire import RecordCodec, Schema, frame, zigzag

UNKNOWN_SCHEMA_ID = 2_000_000_000
SEQUENCE_BASE = 9_000_000_000
"""Far from the numbers of real records: a dead letter must not look like a duplicate."""
SIZE_LIMIT = 256 * 1024
MARK = "xxMARKxx"
LONG_ARRAY = 1 << 28
BOMB_FIELD = "bomb"


@dataclass(frozen=True)
class Ingredients:
    """What poison is made from.  `schema_id` frames well-formed records; the other ids exist only where registered."""

    record: StockRecord
    codec: RecordCodec
    schema_id: int
    now: int
    number: int
    bomb_id: int | None = None
    foreign_id: int | None = None

    def fresh(self, **changes: object) -> StockRecord:
        """A new change of the same scope, with these fields otherwise."""
        plain: dict[str, Any] = {
            **self.record,
            "event_id": f"poison-{self.number}-{self.record['event_id']}",
            "source_sequence": SEQUENCE_BASE + self.number,
            "previous_quantity": None,
            "resulting_quantity": None,
            "effective_at": self.now,
            "recorded_at": self.now,
            **changes,
        }
        return cast("StockRecord", plain)

    def body(self, **changes: object) -> bytes:
        return self.codec.encode(self.fresh(**changes))

    def framed(self, **changes: object) -> bytes:
        return frame(self.schema_id, self.body(**changes))


class Poison(NamedTuple):
    """One record to send; `reason` is the dead letter's."""

    kind: str
    reason: str
    key: bytes | None
    value: bytes | None
    event_id: str


Value = Callable[[Ingredients], bytes | None]
Key = Callable[[Ingredients], bytes | None]


def _own_key(made: Ingredients) -> bytes | None:
    return made.record["sku"].encode()


@dataclass(frozen=True)
class PoisonKind:
    reason: str
    value: Value
    key: Key = _own_key
    needs: str | None = None
    """Name of the ingredient without which this kind cannot be made."""


def bomb_schema(schema: Schema) -> Schema:
    """`schema` with an array whose items have no bytes: five bytes of it stand for millions of items.

    It is compatible with the original (an added field with a default), so that a registry accepts it.
    """
    bomb = copy.deepcopy(schema)
    bomb["fields"].append({"name": BOMB_FIELD, "type": {"type": "array", "items": "null"}, "default": []})
    return bomb


def _array_bomb(made: Ingredients) -> bytes:
    """The record, then one block of 16,777,216 nulls (4 bytes) and no end of blocks."""
    return frame(made.bomb_id or 0, made.body() + zigzag(1 << 24) + zigzag(0))


def _long_array(made: Ingredients) -> bytes:
    """`serials` announces 2²⁸ strings where a few dozen bytes are left."""
    body = made.body(serials=[MARK])
    announced = zigzag(1) + zigzag(len(MARK)) + MARK.encode()
    return frame(made.schema_id, body.replace(announced, zigzag(LONG_ARRAY) + announced[1:]))


def _invalid_utf8(made: Ingredients) -> bytes:
    return made.framed(location_code=MARK).replace(MARK.encode(), b"\xc3\x28\xff\xfe\xed\xa0\x80\xc0")


def _bad_branch(made: Ingredients) -> bytes:
    """The union index of `owner_code` is 9, of two."""
    framed = made.framed(owner_code=MARK)
    text = zigzag(len(MARK)) + MARK.encode()
    return framed.replace(zigzag(1) + text, zigzag(9) + text)


def _wide_quantity(made: Ingredients) -> bytes:
    """30 digits where the schema says 24: Avro libraries round it or let it pass."""
    digits = 10**30 + 7
    raw = digits.to_bytes((digits.bit_length() + 8) // 8, "big", signed=True)
    return made.framed(quantity=raw)


def _sized(made: Ingredients, size: int) -> bytes:
    """A well-formed record of at least `size` bytes."""
    return made.framed(extras={"note": "x" * size})


def _changed(**changes: object) -> Value:
    return lambda made: made.framed(**changes)


def _with_sku(sku: str) -> PoisonKind:
    return PoisonKind("bad-sku", _changed(sku=sku), key=lambda _: sku.encode())


KINDS: dict[str, PoisonKind] = {
    "bad-magic": PoisonKind("not-framed", lambda made: b"\x01" + made.framed()[1:]),
    "short-frame": PoisonKind("not-framed", lambda _: b"\0\0\0"),
    "empty-value": PoisonKind("not-framed", lambda _: b""),
    "unknown-schema-id": PoisonKind("unknown-schema", lambda made: frame(UNKNOWN_SCHEMA_ID, made.body())),
    "foreign-schema-id": PoisonKind(
        "unknown-schema", lambda made: frame(made.foreign_id or 0, made.body()), needs="foreign_id"
    ),
    "truncated": PoisonKind("undecodable", lambda made: made.framed()[: 5 + len(made.body()) // 2]),
    "invalid-utf8": PoisonKind("undecodable", _invalid_utf8),
    "bad-branch": PoisonKind("undecodable", _bad_branch),
    "long-array": PoisonKind("undecodable", _long_array),
    "trailing-bytes": PoisonKind("bytes-left-over", lambda made: made.framed() + b"0123456789"),
    "array-bomb": PoisonKind("zero-size-items", _array_bomb, needs="bomb_id"),
    "too-large": PoisonKind("too-large", lambda made: _sized(made, 1_200_000)),
    "above-limit": PoisonKind("too-large", lambda made: _sized(made, SIZE_LIMIT)),
    "tombstone": PoisonKind("null-value", lambda _: None),
    "null-key": PoisonKind("null-key", _changed(), key=lambda _: None),
    "wrong-key": PoisonKind("wrong-key", _changed(), key=lambda made: _key_beside(made.record["sku"])),
    "sku-too-long": _with_sku("S" * 65),
    "sku-with-blank": _with_sku(" SKU-00001"),
    "sku-with-control": _with_sku("SKU\t00001"),
    "unknown-kind": PoisonKind("unknown-kind", _changed(kind="UNKNOWN")),
    "unknown-bucket": PoisonKind("unknown-bucket", _changed(bucket="UNKNOWN")),
    "unknown-location": PoisonKind("unknown-location", _changed(location_code="WH-NOWHERE")),
    "unknown-unit": PoisonKind("unknown-unit", _changed(uom="FURLONG")),
    "negative-absolute": PoisonKind(
        "negative-absolute", _changed(kind="ABSOLUTE", bucket="ON_HAND", quantity=Decimal("-5.000000"))
    ),
    "not-owner": PoisonKind("not-owner", _changed(source_system="wms:stranger")),
    "effective-in-future": PoisonKind(
        "effective-in-future", lambda made: made.framed(effective_at=made.now + 3600 * SECOND)
    ),
    "ambiguous-allocation": PoisonKind(
        "ambiguous-allocation", _changed(kind="ABSOLUTE", bucket="ALLOCATED", quantity=Decimal("1.000000"))
    ),
    "too-many-digits": PoisonKind("undecodable", _wide_quantity),
    "quantity-out-of-range": PoisonKind("quantity-out-of-range", _changed(quantity=Decimal(999999999999999999))),
}


def _key_beside(sku: str) -> bytes:
    """A key that is not the record's SKU and that no record owns."""
    return f"{sku}-BESIDE".encode()


def possible(ingredients: Ingredients, names: Iterable[str] = tuple(KINDS)) -> list[str]:
    """The kinds that can be made from what is there."""
    return [name for name in names if KINDS[name].needs is None or getattr(ingredients, KINDS[name].needs or "")]


def make(name: str, ingredients: Ingredients) -> Poison:
    """One poison record; raises KeyError for an unknown kind and ValueError where an ingredient is missing."""
    kind = KINDS[name]
    if not possible(ingredients, [name]):
        raise ValueError(f"{name} needs {kind.needs}")
    return Poison(name, kind.reason, kind.key(ingredients), kind.value(ingredients), ingredients.fresh()["event_id"])
