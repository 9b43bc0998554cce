"""The generated decoder gives what fastavro gives, for any writer's schema and any bytes, or both refuse."""

import json
from collections.abc import Callable
from io import BytesIO

import fastavro
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemas.avro_text import parse_schema
from schemas.binding import bind, bound_part, to_model
from schemas.catalogue import STOCK_CHANGE
from schemas.codec import Reader
from schemas.errors import DecodeError
from schemas.models.stock_change import StockChange
from schemas.projection import stock_change_decoder
from tests.corpus.avro_bytes import Encoder, varint, zigzag
from tests.corpus.hostile import GOOD
from tests.unit.schemas.writers import RELEASED, Json, expected, plain, values, writer_schemas

FAIR = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
BINDING = bind(StockChange, STOCK_CHANGE.lifted)
Answer = StockChange | str
ODD = [zigzag(-1), zigzag(1 << 62), zigzag((1 << 63) - 1), zigzag(-(1 << 63)), varint(0, width=2), b"\xff" * 11]
DECIMAL_8: Json = {"type": "bytes", "logicalType": "decimal", "precision": 24, "scale": 8}


def quick(writer: Json) -> Callable[[bytes], Answer]:
    decoder = stock_change_decoder(json.dumps(writer))
    assert decoder.slow_because == ""
    return lambda payload: answer(lambda: decoder.decode(payload, 0))


def slow(writer: Json) -> Callable[[bytes], Answer]:
    reader = Reader(bound_part(STOCK_CHANGE.schema, BINDING), parse_schema(json.dumps(writer)))
    return lambda payload: answer(lambda: to_model(StockChange, BINDING, reader.read(payload)))


def answer(read: Callable[[], StockChange]) -> Answer:
    try:
        return read()
    except DecodeError as error:
        return error.reason


def library_reads(writer: Json, payload: bytes) -> tuple[Json, bool, bool]:
    """What bare fastavro makes of the bytes, whether it took all of them, and whether it would write just those."""
    form = fastavro.parse_schema(plain(writer))
    stream, again = BytesIO(payload), BytesIO()
    try:
        record: Json = fastavro.schemaless_reader(stream, form, None)
        fastavro.schemaless_writer(again, form, record)
    except Exception:  # noqa: BLE001 - whatever its C code raises is a refusal
        return None, False, False
    return record, not stream.read(), again.getvalue() == payload


@st.composite
def bent_records(draw: st.DrawFn, writer: Json) -> bytes:
    """A record's bytes after some accidents."""
    bent = bytearray(Encoder().encode(writer, draw(values(writer, bounded=False))))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(bent)))
        bent[at : at + draw(st.integers(0, 3))] = draw(st.one_of(st.binary(max_size=3), st.sampled_from(ODD)))
    return bytes(bent)


@FAIR
@given(st.data())
def test_any_record_of_any_writer_means_the_same_on_every_way(data: st.DataObject) -> None:
    writer = data.draw(writer_schemas())
    record = data.draw(values(writer))
    encoder = Encoder(data.draw(st.lists(st.integers(1, 3), max_size=2)), sized=data.draw(st.booleans()))
    payload = encoder.encode(writer, record)

    change = quick(writer)(payload)

    assert change == expected(writer, record)
    assert slow(writer)(payload) == change


@FAIR
@given(st.data())
def test_no_cut_record_is_read(data: st.DataObject) -> None:
    writer = data.draw(writer_schemas())
    record = data.draw(values(writer))
    assume(isinstance(expected(writer, record), StockChange))
    payload = Encoder().encode(writer, record)
    end = data.draw(st.integers(0, len(payload) - 1))

    assert quick(writer)(payload[:end]) == slow(writer)(payload[:end]) == "undecodable"
    assert quick(writer)(payload + b"\0") == slow(writer)(payload + b"\0") == "bytes-left-over"


@settings(FAIR, max_examples=200)
@given(st.data())
def test_bent_bytes_are_refused_by_both_or_read_alike(data: st.DataObject) -> None:
    writer = data.draw(st.one_of(st.just(RELEASED), writer_schemas()))
    bent = data.draw(bent_records(writer))

    one, other = quick(writer)(bent), slow(writer)(bent)

    assert one == other or (isinstance(one, str) and isinstance(other, str))


@settings(FAIR, max_examples=200)
@given(st.data())
def test_what_bare_fastavro_refuses_is_refused_and_what_is_read_means_the_same(data: st.DataObject) -> None:
    """fastavro alone is the judge: nothing of ours decides here."""
    writer = data.draw(st.one_of(st.just(RELEASED), writer_schemas()))
    bent = data.draw(bent_records(writer))
    change = quick(writer)(bent)

    record, consumed, _ = library_reads(writer, bent)

    if isinstance(change, StockChange):
        assert consumed
        assert change == expected(writer, record)


@settings(FAIR, max_examples=200)
@given(bent_records(RELEASED))
def test_what_fastavro_would_write_is_read_unless_a_number_breaks_its_bounds(bent: bytes) -> None:
    record, consumed, canonical = library_reads(RELEASED, bent)
    assume(consumed and canonical)

    change = quick(RELEASED)(bent)

    assert isinstance(change, StockChange) or breaks_bounds(record)


def breaks_bounds(record: Json) -> bool:
    """Bounds that fastavro does not know: bytes and digits of a decimal, bits of an int."""
    quantities = [record[name] for name in ("quantity", "previous_quantity", "resulting_quantity")]
    numbers = [number for number in quantities if number is not None]
    days = record["expires_on"] or 0
    return not -(1 << 31) <= days < 1 << 31 or any(
        not 0 < len(number) <= 64 or abs(int.from_bytes(number, "big", signed=True)) >= 10**24 for number in numbers
    )


def test_a_writer_in_other_units_is_read_in_ours() -> None:
    """A smaller scale, milliseconds, an int for a long, bytes for text, branches turned round."""
    kinds = {
        "quantity": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        "effective_at": {"type": "long", "logicalType": "timestamp-millis"},
        "source_sequence": ["int", "null"],
        "sku": "bytes",
    }
    fields = [{"name": field["name"], "type": kinds.get(field["name"], field["type"])} for field in RELEASED["fields"]]
    writer = {**RELEASED, "fields": fields}
    record = {**GOOD, "quantity": (1250).to_bytes(2, "big"), "effective_at": 1_772_439_330_123, "sku": b"PUMP-200"}

    change = quick(writer)(Encoder().encode(writer, record))

    assert isinstance(change, StockChange)
    assert (change.quantity, change.effective_at) == (12_500_000, 1_772_439_330_123_000)
    assert (change.source_sequence, change.sku) == (482913, "PUMP-200")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sku": None}, "field sku: the writer does not send it and it has no default"),
        ({"kind": None, "bucket": None}, "field kind: .*; field bucket: "),
        ({"sku": "long"}, "field sku: long cannot be read as string"),
        ({"source_sequence": "double"}, "field source_sequence: double cannot be read as"),
        ({"quantity": "bytes"}, "field quantity: only one side states a decimal"),
        ({"quantity": "double"}, "field quantity: only one side states a decimal"),
        ({"quantity": DECIMAL_8}, "field quantity: more than 6 decimals"),
        ({"effective_at": {"type": "long", "logicalType": "timestamp-nanos"}}, "field effective_at: timestamp-nanos"),
        ({"effective_at": {"type": "long", "logicalType": "local-timestamp-micros"}}, "field effective_at: local"),
        ({"kind": "string"}, "field kind: string cannot be read as enum ChangeKind"),
        ({"sku": ["null", "long"]}, "field sku: null cannot be read as string; field sku: long"),
    ],
)
def test_schemas_that_do_not_fit_are_refused_with_the_field_named(fields: dict[str, Json], why: str) -> None:
    changed = [each | {"type": fields.get(each["name"], each["type"])} for each in RELEASED["fields"]]
    writer = {**RELEASED, "fields": [each for each in changed if each["type"] is not None]}

    with pytest.raises(DecodeError, match=why) as refused:
        stock_change_decoder(json.dumps(writer))

    assert refused.value.reason == "undecodable"
