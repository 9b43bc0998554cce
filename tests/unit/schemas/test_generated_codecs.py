"""Generated decoders and encoders of every contract agree with fastavro, and step aside where they cannot."""

import json
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avro_text import parse_schema
from schemas.avro_types import Schema
from schemas.binding import bind, to_model
from schemas.catalogue import AUDIT, CONTRACTS, DESIRED_STOCK, FULFILMENT_EVENT, STOCK_CHANGE, Contract
from schemas.codec import Reader, Writer, frame
from schemas.errors import DecodeError, EncodeError, SchemaError
from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.operations import Audit
from schemas.projection import decode_many, decoder, encoder, model_decoder, model_encoder, refusal
from tests.corpus.avro_bytes import Encoder, blocks, text, zigzag
from tests.corpus.hostile import PAYLOAD, RELEASED, with_field
from tests.unit.schemas.writers import inlined, plain, values

WRITTEN = [contract for contract in CONTRACTS if contract.model is not STOCK_CHANGE.model]
CAUSE = Cause("wms.stock-change.v1", 3, 1_234_567)
DESIRED = DesiredStock(
    "PUMP-200",
    1_772_400_000,
    1234,
    1_772_439_330_500_000,
    tuple(SourceQuantity(f"wh-{n}", 12_500_000 * n, n % 2, 1200 + n, 900 * n, n, CAUSE) for n in range(4)),
)


class MadeFor(NamedTuple):
    """What the tests need of one schema: it with every name written out, what its records may hold, and fastavro's."""

    raw: Any  # the JSON of a schema
    values: st.SearchStrategy[Any]  # records that it describes
    parsed: Any  # fastavro's own form


@cache
def made_for(schema_text: str) -> MadeFor:
    stated = json.loads(schema_text)
    raw = inlined(stated)
    return MadeFor(raw, values(raw), fastavro.parse_schema(plain(stated)))


def by_topic(contract: Contract[msgspec.Struct]) -> str:
    return contract.topic


@pytest.mark.parametrize("contract", CONTRACTS, ids=by_topic)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_record_of_a_contract_is_read_as_fastavro_reads_it(
    contract: Contract[msgspec.Struct], data: st.DataObject
) -> None:
    of = made_for(contract.schema_text)
    cuts = data.draw(st.lists(st.integers(1, 3), max_size=2))
    payload = Encoder(cuts, sized=data.draw(st.booleans())).encode(of.raw, data.draw(of.values))
    generated = decoder(contract, contract.schema_text)

    record = Reader(contract.schema, contract.schema).read(payload)

    assert generated.slow_because == ""
    assert generated.decode(payload, 0) == to_model(contract.model, bind(contract.model, contract.lifted), record)
    assert generated.decode(frame(7, payload), 5) == generated.decode(payload, 0)


@pytest.mark.parametrize("contract", WRITTEN, ids=by_topic)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_model_of_a_contract_is_written_as_fastavro_writes_it(
    contract: Contract[msgspec.Struct], data: st.DataObject
) -> None:
    of = made_for(contract.schema_text)
    record = data.draw(of.values)
    generated = decoder(contract, contract.schema_text)
    model = generated.decode(Encoder().encode(of.raw, record), 0)
    stream = BytesIO()
    fastavro.schemaless_writer(stream, of.parsed, shortest(of.raw, record))

    written = encoder(contract)(model)

    assert written == stream.getvalue()
    assert Writer(contract.schema).write(model) == written
    assert generated.decode(written, 0) == model


def shortest(schema: Any, value: Any) -> Any:  # the JSON of a schema, and a record that it describes
    """The record with every decimal in as many bytes as fastavro takes for its number."""
    if isinstance(schema, list):
        return None if value is None else shortest(schema[1], value)
    if isinstance(schema, dict) and schema.get("logicalType") == "decimal":
        number = int.from_bytes(value, "big", signed=True)
        return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    if isinstance(value, list):
        return [shortest(schema["items"], each) for each in value]
    if isinstance(value, dict) and schema["type"] == "record":
        return {each["name"]: shortest(each["type"], value[each["name"]]) for each in schema["fields"]}
    return value


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-(10**24) + 1, 10**24 - 1))
def test_numbers_of_every_size_come_back(number: int, quantity: int) -> None:
    source = msgspec.structs.replace(DESIRED.sources[0], quantity=quantity, version=number)
    desired = msgspec.structs.replace(DESIRED, epoch=number, dirty_since=number, sources=(source,))

    written = encoder(DESIRED_STOCK)(desired)

    assert decoder(DESIRED_STOCK, DESIRED_STOCK.schema_text).decode(written, 0) == desired


@pytest.mark.parametrize(
    "change",
    [
        {"sku": None},
        {"sku": b"PUMP-200"},
        {"sku": "\ud800"},
        {"sku": "x" * 300_000},
        {"epoch": 1 << 63},
        {"epoch": "1"},
        {"epoch": 1.5},
        {"sources": None},
        {"epoch": None},
        {"sources": (SourceQuantity("a", 10**24, 1, 1, 1, 1, CAUSE),)},
        {"sources": (SourceQuantity("a", -(10**24), 1, 1, 1, 1, CAUSE),)},
        {"sources": (SourceQuantity("a", 1, 1 << 31, 1, 1, 1, CAUSE),)},
        {"sources": ("a",)},
    ],
)
def test_a_model_that_its_contract_does_not_allow_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(EncodeError):
        encoder(DESIRED_STOCK)(msgspec.structs.replace(DESIRED, **change))


def test_a_symbol_that_its_contract_does_not_know_is_not_written() -> None:
    event = decoder(FULFILMENT_EVENT, FULFILMENT_EVENT.schema_text).decode(
        Writer(FULFILMENT_EVENT.schema).write(
            {
                "event_id": "e",
                "source_system": "s",
                "order_id": "o",
                "step": "PICKED",
                "effective_at": 0,
                "recorded_at": 0,
            }
        ),
        0,
    )

    assert event.step == "PICKED"
    assert (event.lines, event.extras, event.shipment_id) == ((), {}, None)
    with pytest.raises(EncodeError, match="KeyError: 'TELEPORTED'"):
        encoder(FULFILMENT_EVENT)(msgspec.structs.replace(event, step="TELEPORTED"))


def test_a_model_that_does_not_fill_its_contract_has_no_encoder() -> None:
    class Short(msgspec.Struct):
        sku: str

    with pytest.raises(SchemaError, match="bin_code: the model has no such attribute"):
        encoder(STOCK_CHANGE)
    with pytest.raises(SchemaError, match="no record"):
        model_encoder(parse_schema('"int"'), Short)
    for kind in ("double", {"type": "fixed", "name": "F", "size": 2}, ["string", "null"]):
        with pytest.raises(SchemaError, match="no generated encoder writes"):
            model_encoder(one_field("sku", kind), Short)


def one_field(name: str, kind: object, **more: object) -> Schema:
    return parse_schema(
        json.dumps({"type": "record", "name": "R", "fields": [{"name": name, "type": kind, **more}]}),
    )


@pytest.mark.parametrize("precision", range(1, 31))
def test_a_decimal_has_no_more_digits_than_its_schema_says(precision: int) -> None:
    kind = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": 0}
    most = 10**precision - 1
    size = most.bit_length() // 8 + 1

    for number in (most, -most):
        written = text(number.to_bytes(size, "big", signed=True))
        assert decode_one(kind, kind, written) == number * 1_000_000
    for number in (most + 1, -most - 1):
        with pytest.raises(DecodeError, match="more digits"):
            decode_one(kind, kind, text(number.to_bytes(size + 1, "big", signed=True)))
        with pytest.raises(DecodeError, match="more digits"):
            decode_one(kind, kind, text(number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)))


@pytest.mark.parametrize("precision", range(6, 31))
def test_a_decimal_with_more_digits_than_its_schema_says_is_not_written(precision: int) -> None:
    kind = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": 6}
    write = model_encoder(one_field("it", kind), Anything)
    most = 10**precision - 1

    assert [decode_one(kind, kind, write(Anything(number))) for number in (most, -most, 0)] == [most, -most, 0]
    for number in (most + 1, -most - 1):
        with pytest.raises(EncodeError, match="more digits"):
            write(Anything(number))


def test_a_decimal_of_another_scale_is_written_in_its_own_unit() -> None:
    class Weight(msgspec.Struct):
        kg: int

    tenths = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}
    write = model_encoder(one_field("kg", tenths), Weight)

    assert write(Weight(12_500_000)) == text(b"\x7d")
    for micros in (12_550_000, 1_000_000_000):
        with pytest.raises(EncodeError, match="more digits"):
            write(Weight(micros))


class Anything(msgspec.Struct):
    it: Any  # whatever the schema of the test says


def decode_one(writer: object, reader: object, payload: bytes) -> object:
    made = model_decoder(one_field("it", writer), one_field("it", reader), Anything, bind(Anything))
    assert made.slow_because == ""
    return made.decode(payload, 0).it


@pytest.mark.parametrize(
    ("writer", "reader", "payload", "value"),
    [
        ("null", "null", b"", None),
        ("boolean", "boolean", b"\1", True),
        ("float", "float", b"\0\0\x80\x3f", 1.0),
        ("float", "double", b"\0\0\x80\x3f", 1.0),
        ("double", "double", b"\0\0\0\0\0\0\xf0\x3f", 1.0),
        ("int", "double", zigzag(-70), -70.0),
        ("long", "float", zigzag(1 << 40), float(1 << 40)),
        ("bytes", "bytes", text(b"\xff"), b"\xff"),
        ("string", "bytes", text("é"), "é".encode()),
        ("bytes", "string", text("é"), "é"),
        (
            {"type": "fixed", "name": "F", "size": 2},
            {"type": "fixed", "name": "F", "size": 2},
            b"ab",
            b"ab",
        ),
        (
            {"type": "fixed", "name": "F", "size": 2, "logicalType": "decimal", "precision": 4, "scale": 3},
            {"type": "fixed", "name": "F", "size": 2, "logicalType": "decimal", "precision": 4, "scale": 3},
            b"\xff\xff",
            -1000,
        ),
        (
            {"type": "map", "values": "int"},
            {"type": "map", "values": "long"},
            blocks([text("a") + zigzag(5)]),
            {"a": 5},
        ),
        ({"type": "array", "items": "int"}, {"type": "array", "items": "int"}, blocks([zigzag(5)] * 70), (5,) * 70),
        ("int", {"type": "long", "logicalType": "timestamp-micros"}, zigzag(-300), -300),
        (
            {"type": "enum", "name": "E", "symbols": [f"S{n}" for n in range(100)]},
            {"type": "enum", "name": "E", "symbols": [f"S{n}" for n in range(100)]},
            zigzag(99),
            "S99",
        ),
    ],
)
def test_each_type_is_read(writer: object, reader: object, payload: bytes, value: object) -> None:
    assert decode_one(writer, reader, payload) == value


@pytest.mark.parametrize(("default", "value"), [(None, None), ("x", "x"), (0, 0), ([], ()), ({}, {})])
def test_a_default_is_made_anew_for_each_record(default: object, value: object) -> None:
    kinds: dict[type, object] = {
        str: "string",
        int: "int",
        list: {"type": "array", "items": "int"},
        dict: {"type": "map", "values": "int"},
    }
    kind = kinds.get(type(default), ["null", "int"])
    reader = one_field("it", kind, default=default)
    made = model_decoder(
        parse_schema('{"type": "record", "name": "R", "fields": []}'), reader, Anything, bind(Anything)
    )

    first, second = made.decode(b"", 0), made.decode(b"", 0)

    assert first.it == second.it == value
    assert first.it is not second.it or not isinstance(value, dict)


def deep(levels: int) -> object:
    kind: object = "int"
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


@pytest.mark.parametrize(
    ("kind", "piece", "why"),
    [
        ({"type": "record", "name": "T", "fields": [{"name": "t", "type": ["null", "T"]}]}, b"\2\0", "contains itself"),
        (
            [{"type": "enum", "name": f"E{n}", "symbols": ["A"]} for n in range(65)],
            zigzag(64) + b"\0",
            "a union of more than 64",
        ),
        (deep(15), b"\0", "nested too deep"),
        (
            {"type": "record", "name": "W", "fields": [{"name": f"f{n}", "type": "string"} for n in range(600)]},
            b"\0" * 600,
            "more than 4000 lines",
        ),
    ],
)
def test_what_the_generator_does_not_do_is_done_by_fastavro(kind: object, piece: bytes, why: str) -> None:
    writer = with_field(kind)
    made = decoder(STOCK_CHANGE, writer)

    assert why in made.slow_because
    assert made.decode(PAYLOAD + piece, 0) == decoder(STOCK_CHANGE, RELEASED).decode(PAYLOAD, 0)
    assert made.decode(frame(3, PAYLOAD + piece), 5).sku == "PUMP-200"
    for bad in (PAYLOAD, PAYLOAD + piece + b"\0", PAYLOAD + b"\xff" * 20):
        with pytest.raises(DecodeError):
            made.decode(bad, 0)


def test_a_default_that_is_neither_plain_nor_empty_is_left_to_fastavro() -> None:
    reader = one_field("it", {"type": "array", "items": "int"}, default=[1])
    empty = parse_schema('{"type": "record", "name": "R", "fields": []}')

    made = model_decoder(empty, reader, Anything, bind(Anything))

    assert made.slow_because == "a default that is neither plain nor empty"
    assert made.decode(b"", 0) == Anything([1])


def test_a_schema_without_a_record_makes_no_model() -> None:
    number = parse_schema('"int"')

    assert model_decoder(number, number, Anything, bind(Anything)).slow_because == "the schema describes no record"


def test_a_model_that_has_drifted_from_its_contract_is_a_refusal() -> None:
    class Drifted(msgspec.Struct):
        it: int

    deep_text = one_field("it", deep(0))
    with pytest.raises(DecodeError, match="undecodable: Expected `int`"):
        to_model(Drifted, bind(Drifted), {"it": "text"})
    assert to_model(Drifted, bind(Drifted), Reader(deep_text, deep_text).read(zigzag(4))) == Drifted(4)


def test_a_fetch_is_read_record_by_record() -> None:
    wide = json.dumps(
        {**json.loads(RELEASED), "fields": [*json.loads(RELEASED)["fields"], {"name": "z", "type": "int"}]}
    )
    decoders = {7: decoder(STOCK_CHANGE, RELEASED), 8: decoder(STOCK_CHANGE, wide)}
    values_ = [frame(7, PAYLOAD), frame(8, PAYLOAD + b"\0"), b"no frame", frame(7, PAYLOAD[:-1]), frame(7, PAYLOAD)]

    answers = decode_many(values_, decoders)

    change = decoders[7].decode(PAYLOAD, 0)
    assert [each.reason if isinstance(each, DecodeError) else each for each in answers] == [
        change,
        change,
        "not-framed",
        "undecodable",
        change,
    ]
    with pytest.raises(KeyError):
        decode_many([frame(9, PAYLOAD)], decoders)


def test_a_schema_that_is_refused_refuses_every_record_in_the_same_words() -> None:
    with pytest.raises(DecodeError) as refused:
        decoder(STOCK_CHANGE, '"string"')
    keep = refusal(refused.value)

    answers = decode_many([frame(5, PAYLOAD)] * 2, {5: keep})

    assert [str(answer) for answer in answers] == [str(refused.value)] * 2


def test_keyword_models_are_made_and_written_by_name() -> None:
    audit = Audit(audit_id="a", at=1, actor="w", action="x", entity_type="sku", entity="PUMP-200", cause=CAUSE)
    write: Callable[[Audit], bytes] = encoder(AUDIT)

    assert decoder(AUDIT, AUDIT.schema_text).decode(write(audit), 0) == audit
