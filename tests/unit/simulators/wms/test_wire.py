"""The bytes: every record of the traffic encodes, and decodes to itself."""

import io
from random import Random

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.wms.record import SECOND, RecountRequest, StockRecord
from simulators.wms.traffic import Traffic, WorldSettings
from simulators.wms.wire import (
    RECOUNT_TOPIC,
    STOCK_TOPIC,
    RecordCodec,
    WireError,
    frame,
    schema_of,
    subject_of,
    unframe,
    zigzag,
)

START = 1_763_700_000 * SECOND


@pytest.fixture(scope="module")
def codec() -> RecordCodec:
    return RecordCodec(schema_of(STOCK_TOPIC))


def test_every_record_of_the_traffic_decodes_to_itself(codec: RecordCodec) -> None:
    traffic = Traffic(WorldSettings(items=30), Random(1))
    records = list(traffic.opening(START))
    for number in range(600):
        records += traffic.act(START + number * SECOND)

    for record in records:
        assert codec.decode(codec.encode(record)) == record


def test_a_record_has_exactly_the_fields_of_the_schema() -> None:
    fields = [field["name"] for field in schema_of(STOCK_TOPIC)["fields"]]

    assert list(StockRecord.__annotations__) == fields


def test_a_recount_request_has_the_fields_that_are_read() -> None:
    fields = {field["name"] for field in schema_of(RECOUNT_TOPIC)["fields"]}

    assert set(RecountRequest.__annotations__) <= fields


def test_bytes_left_over_are_refused(codec: RecordCodec) -> None:
    record = next(Traffic(WorldSettings(items=1), Random(1)).opening(START))

    with pytest.raises(WireError, match="3 bytes left over"):
        codec.decode(codec.encode(record) + b"abc")


def test_a_frame_carries_the_schema_id() -> None:
    framed = frame(77, b"body")

    assert framed == b"\x00\x00\x00\x00\x4dbody"
    assert unframe(framed) == (77, b"body")


@pytest.mark.parametrize("value", [b"", b"\0\0\0\0", b"\1\0\0\0\0body"])
def test_bytes_without_a_frame_are_refused(value: bytes) -> None:
    with pytest.raises(WireError, match="no Confluent frame"):
        unframe(value)


def test_the_subject_follows_the_topic() -> None:
    assert subject_of("wms.stock-change.v1") == "wms.stock-change.v1-value"


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_long_is_written_as_avro_does_it(number: int) -> None:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, {"type": "long"}, number)

    assert zigzag(number) == out.getvalue()
