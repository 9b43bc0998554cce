"""No byte string of the corpus gets through either way of decoding, and each is refused for the stated reason."""

from collections.abc import Callable
from functools import cache

import pytest

from schemas.avro_text import parse_schema
from schemas.catalogue import STOCK_CHANGE
from schemas.codec import Reader, split_frame
from schemas.errors import REASONS, DecodeError
from schemas.projection import stock_change_decoder
from tests.corpus.hostile import GOOD, HOSTILE, PAYLOAD, RELEASED, Hostile

REFUSED_BEFORE = [each for each in HOSTILE if each.reason == "wrong-record" or each.schema == "{"]
decoder_of = cache(stock_change_decoder)


def test_the_record_that_the_corpus_is_made_from_is_read() -> None:
    change = stock_change_decoder(RELEASED).decode(PAYLOAD, 0)

    assert change.sku == GOOD["sku"]
    assert (change.quantity, change.previous_quantity, change.resulting_quantity) == (
        -2_000_000,
        40_000_000,
        38_000_000,
    )
    assert change.commerce_order == "100001234"
    assert Reader(STOCK_CHANGE.schema, parse_schema(RELEASED)).read(PAYLOAD)["serials"] == ["SN-0001", "SN-0002"]


def refusal(read: Callable[[bytes], object], hostile: Hostile) -> DecodeError:
    """What unframing and reading end in."""
    with pytest.raises(DecodeError) as refused:
        read(split_frame(hostile.value(7))[1])
    return refused.value


def quickly(hostile: Hostile) -> Callable[[bytes], object]:
    return lambda payload: decoder_of(hostile.schema).decode(payload, 0)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_the_quick_decoder_refuses_it_for_its_reason(hostile: Hostile) -> None:
    assert refusal(quickly(hostile), hostile).reason == hostile.reason


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_the_quick_decoder_refuses_it_inside_its_frame(hostile: Hostile) -> None:
    value = hostile.value(7)

    assert refusal(lambda _: decoder_of(hostile.schema).decode(value, 5), hostile).reason == hostile.reason


@pytest.mark.parametrize("hostile", [each for each in HOSTILE if each not in REFUSED_BEFORE], ids=lambda h: h.name)
def test_the_library_way_refuses_it_for_its_reason(hostile: Hostile) -> None:
    def read(payload: bytes) -> object:
        return Reader(STOCK_CHANGE.schema, parse_schema(hostile.schema)).read(payload)

    assert refusal(read, hostile).reason == hostile.reason


def test_the_corpus_is_the_same_each_time_and_covers_every_reason() -> None:
    names = [hostile.name for hostile in HOSTILE]

    assert len(set(names)) == len(names)
    assert {hostile.reason for hostile in HOSTILE} == set(REASONS)


def test_no_detail_quotes_a_payload() -> None:
    for hostile in HOSTILE:
        refused = refusal(quickly(hostile), hostile)

        assert str(GOOD["event_id"]) not in str(refused)
        assert "PUMP-200" not in str(refused)
