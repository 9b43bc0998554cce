"""Schemas that a WMS might write stock changes with, and records for them, at random.

Schemas are JSON values and records hold what `tests.corpus.avro_bytes` takes: bytes for a decimal, a number for a time.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import strategies as st

from schemas.catalogue import STOCK_CHANGE
from schemas.models.stock_change import StockChange

Json = Any  # JSON of schemas and records: its shape is what is being made up here

RELEASED: Json = json.loads(STOCK_CHANGE.schema_text)
FIELDS: dict[str, Json] = {field["name"]: field for field in RELEASED["fields"]}
TIMES = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(1_500_000_000_000_000, 2_000_000_000_000_000),
)
LONGS = st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-200, 20_000))
INTS = st.one_of(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-200, 20_000))
TEXTS = st.text(max_size=80)
PRIMITIVES: dict[str, st.SearchStrategy[Json]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": INTS,
    "long": LONGS,
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "bytes": TEXTS.map(str.encode),
    "string": TEXTS,
}


def _record(kinds: list[Json]) -> Json:
    return {"type": "record", "name": "?", "fields": [{"name": f"f{n}", "type": kind} for n, kind in enumerate(kinds)]}


EXTRA_TYPES: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from(
        [
            "boolean",
            "int",
            "long",
            "float",
            "double",
            "bytes",
            "string",
            {"type": "int", "logicalType": "date"},
            {"type": "string", "logicalType": "uuid"},
            {"type": "long", "logicalType": "timestamp-millis"},
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
            {"type": "fixed", "name": "?", "size": 5},
            {"type": "enum", "name": "?", "symbols": ["X", "Y", "Z"]},
            ["null", "long", "string", "double"],
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "map", "values": values}),
        inner.map(lambda branch: branch if isinstance(branch, list) else ["null", branch]),
        st.lists(inner, min_size=1, max_size=3).map(_record),
    ),
    max_leaves=6,
)
"""Any Avro type; items of arrays and maps always take a byte.  A name that is `?` is still to be given."""


def _named(kind: Json, names: Iterator[int]) -> Json:
    if isinstance(kind, list):
        return [_named(branch, names) for branch in kind]
    if not isinstance(kind, dict):
        return kind
    named = {key: _named(value, names) for key, value in kind.items()}
    return named | {"name": f"Extra{next(names)}"} if kind.get("name") == "?" else named


@st.composite
def writer_schemas(draw: st.DrawFn) -> Json:
    """Fields in any order, optional ones left out, types promoted, extra fields of any type between them."""
    fields = [
        {"name": name, "type": draw(VARIANTS[name])}
        for name, field in FIELDS.items()
        if "default" not in field or draw(st.booleans())
    ]
    kinds = draw(st.lists(EXTRA_TYPES, max_size=3))
    names = count()
    fields += [{"name": f"extra_{number}", "type": _named(kind, names)} for number, kind in enumerate(kinds)]
    return {**RELEASED, "fields": draw(st.permutations(fields))}


def _variant(kind: Json) -> st.SearchStrategy[Json]:
    if isinstance(kind, list):
        other = kind[1]
        return _variant(other).flatmap(lambda one: st.sampled_from([["null", one], [one, "null"], one, _wider(one)]))
    if kind == "string":
        return st.sampled_from(["string", "string", "bytes", {"type": "string", "logicalType": "uuid"}])
    if kind == "long":
        return st.sampled_from(["long", "int"])
    if kind["type"] == "enum":
        return st.permutations([*kind["symbols"], "NEWER"]).map(lambda symbols: {**kind, "symbols": symbols})
    return _logical_variant(kind)


def _wider(one: Json) -> Json:
    return ["null", "boolean", one] if one != "boolean" else ["null", one]


def _logical_variant(kind: Json) -> st.SearchStrategy[Json]:
    match kind.get("logicalType"):
        case "decimal":
            return st.builds(
                lambda scale, whole: {**kind, "scale": scale, "precision": scale + whole},
                st.integers(0, 6),
                st.integers(1, 18),
            )
        case "timestamp-micros":
            return st.sampled_from([kind, {"type": "long", "logicalType": "timestamp-millis"}, "long"])
    return st.just(kind)


VARIANTS = {name: _variant(field["type"]) for name, field in FIELDS.items()}


def inlined(schema: Json, named: dict[str, Json] | None = None) -> Json:
    """Each use of a name replaced by what it stands for, so that a strategy needs no table of names."""
    named = {} if named is None else named
    if isinstance(schema, list):
        return [inlined(branch, named) for branch in schema]
    if isinstance(schema, str):
        return named.get(schema, schema)
    whole = {
        key: inlined(value, named) if key in {"type", "items", "values"} else value for key, value in schema.items()
    }
    if "fields" in schema:
        whole["fields"] = [inlined(field, named) for field in schema["fields"]]
    if schema["type"] in ("record", "enum", "fixed"):
        named[schema["name"]] = whole
    return whole


def values(schema: Json, bounded: bool = True) -> st.SearchStrategy[Json]:  # noqa: FBT001, FBT002 - a dial of these tests
    """Values of a type; `bounded` keeps times and digits inside what the contract can hold."""
    if isinstance(schema, list):
        return st.one_of([values(branch, bounded) for branch in schema])
    if isinstance(schema, dict):
        return _typed_values(schema, bounded)
    return PRIMITIVES[schema]


def _typed_values(schema: Json, bounded: bool) -> st.SearchStrategy[Json]:  # noqa: FBT001 - as above
    match schema["type"]:
        case "record":
            return st.fixed_dictionaries({each["name"]: values(each["type"], bounded) for each in schema["fields"]})
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
        case "array":
            return st.lists(values(schema["items"], bounded), max_size=3)
        case "map":
            return st.dictionaries(st.text(max_size=5), values(schema["values"], bounded), max_size=3)
    return _logical_values(schema, bounded)


def _logical_values(schema: Json, bounded: bool) -> st.SearchStrategy[Json]:  # noqa: FBT001 - as above
    match schema.get("logicalType"):
        case "decimal":
            return decimal_bytes(schema["precision"] if bounded else 40)
        case "timestamp-millis":
            return st.integers(-(1 << 53), 1 << 53) if bounded else TIMES
        case "timestamp-micros":
            return TIMES
    return values(schema["type"], bounded)


@st.composite
def decimal_bytes(draw: st.DrawFn, precision: int) -> bytes:
    """As many bytes as needed, or filled up with the sign."""
    number = draw(st.one_of(st.integers(-(10**precision) + 1, 10**precision - 1), st.integers(-9, 9)))
    size = number.bit_length() // 8 + 1 + draw(st.sampled_from([0, 0, 0, 1, 5]))
    return number.to_bytes(size, "big", signed=True)


def plain(schema: Json) -> Json:
    """Without logical types: what is left is bytes and numbers."""
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key != "logicalType"}
    return [plain(each) for each in schema] if isinstance(schema, list) else schema


def expected(writer: Json, record: Json) -> StockChange | str:
    """The stock change that a record means, worked out from the JSON alone; a boolean means none."""
    kinds = {field["name"]: field["type"] for field in writer["fields"]}
    reference = record.get("reference") or {}
    if isinstance(record.get("reference"), bool) or any(
        isinstance(record.get(name), bool) for name in StockChange.__struct_fields__
    ):
        return "undecodable"
    stated = {**record, "commerce_order": reference.get("commerce_order"), "id": reference.get("id")}
    names = StockChange.__struct_fields__
    return StockChange(**{name: _meaning(name, kinds.get(name, "null"), stated.get(name)) for name in names})


def _meaning(name: str, kind: Json, value: Json) -> Json:
    if value is None:
        return None
    branches = kind if isinstance(kind, list) else [kind]
    logical = next((each for each in branches if isinstance(each, dict) and "logicalType" in each), {})
    if logical.get("logicalType") == "decimal":
        exact = Decimal(int.from_bytes(value, "big", signed=True)).scaleb(6 - logical["scale"])
        return int(exact)
    if logical.get("logicalType") == "timestamp-millis":
        return value * 1000
    if value == "NEWER":
        return {"kind": "UNKNOWN", "bucket": "UNKNOWN", "reason": "OTHER"}[name]
    return value.decode() if isinstance(value, bytes) else value
