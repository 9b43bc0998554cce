"""Every poison kind really has its defect, and no other."""

from decimal import Decimal
from random import Random

import pytest

from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.poison import (
    BOMB_FIELD,
    KINDS,
    SIZE_LIMIT,
    UNKNOWN_SCHEMA_ID,
    Ingredients,
    bomb_schema,
    make,
    possible,
)
from simulators.wms.record import SECOND, StockRecord
from simulators.wms.rules import Fact, Rules
from simulators.wms.traffic import Traffic, WorldSettings
from simulators.wms.truth import tell
from simulators.wms.wire import STOCK_TOPIC, RecordCodec, WireError, schema_of, unframe

NOW = 1_763_700_000 * SECOND
SCHEMA_ID, BOMB_ID, FOREIGN_ID = 1, 2, 3
CODEC = RecordCodec(schema_of(STOCK_TOPIC))
RULES = Rules(locations_of(WAREHOUSES), units={"EA": 1, "M": 1, "KG": 1})  # type: ignore[dict-item] # 1 is exact
BY_RULE = {
    "bad-sku",
    "unknown-kind",
    "unknown-bucket",
    "unknown-location",
    "unknown-unit",
    "negative-absolute",
    "not-owner",
    "effective-in-future",
    "ambiguous-allocation",
}
REASONS = BY_RULE | {
    "not-framed",
    "unknown-schema",
    "undecodable",
    "bytes-left-over",
    "zero-size-items",
    "too-large",
    "null-value",
    "null-key",
    "wrong-key",
    "quantity-out-of-range",
}
opened = list(Traffic(WorldSettings(items=5), Random(1)).opening(NOW - SECOND))
BASES = [opened[0], next(record for record in opened if record["bucket"] == "AVAILABLE")]


def ingredients(record: StockRecord = opened[0]) -> Ingredients:
    return Ingredients(record, CODEC, SCHEMA_ID, NOW, number=7, bomb_id=BOMB_ID, foreign_id=FOREIGN_ID)


def value_of(kind: str) -> bytes:
    value = make(kind, ingredients()).value
    assert value is not None
    return value


def by_rule(names: set[str]) -> list[str]:
    return [kind for kind, made in KINDS.items() if made.reason in names]


def test_there_is_poison_for_every_reason() -> None:
    assert {kind.reason for kind in KINDS.values()} == REASONS


@pytest.mark.parametrize("base", BASES, ids=["on hand", "drop-shipper"])
@pytest.mark.parametrize("kind", by_rule(BY_RULE))
def test_poison_that_decodes_breaks_exactly_the_rule_it_names(kind: str, base: StockRecord) -> None:
    poison = make(kind, ingredients(base))
    assert poison.value is not None
    schema_id, body = unframe(poison.value)
    record: StockRecord = CODEC.decode(body)  # type: ignore[assignment] # the schema says so

    facts = [Fact.of(base, NOW), Fact.of(record, NOW)]

    assert schema_id == SCHEMA_ID
    assert poison.key == record["sku"].encode()
    assert tell(facts, RULES).verdicts == ["counted", poison.reason]


@pytest.mark.parametrize("kind", by_rule(REASONS - BY_RULE - {"null-value"}))
def test_other_poison_has_a_fresh_identity(kind: str) -> None:
    assert make(kind, ingredients()).event_id.startswith("poison-7-")


@pytest.mark.parametrize("kind", by_rule({"not-framed"}))
def test_unframed_poison_has_no_frame(kind: str) -> None:
    with pytest.raises(WireError, match="no Confluent frame"):
        unframe(value_of(kind))


def test_unknown_schema_ids_are_unknown_and_the_body_is_well_formed() -> None:
    unknown, body = unframe(value_of("unknown-schema-id"))
    foreign, other = unframe(value_of("foreign-schema-id"))

    assert (unknown, foreign) == (UNKNOWN_SCHEMA_ID, FOREIGN_ID)
    assert CODEC.decode(body) == CODEC.decode(other)


@pytest.mark.parametrize("kind", [kind for kind in by_rule({"undecodable"}) if kind != "too-many-digits"])
def test_undecodable_poison_is_refused_by_the_schema_it_names(kind: str) -> None:
    schema_id, body = unframe(value_of(kind))

    assert schema_id == SCHEMA_ID
    with pytest.raises((EOFError, IndexError, UnicodeDecodeError)):
        CODEC.decode(body)


def test_trailing_bytes_follow_a_whole_record() -> None:
    _, body = unframe(value_of("trailing-bytes"))

    with pytest.raises(WireError, match="10 bytes left over"):
        CODEC.decode(body)
    assert CODEC.decode(body[:-10])["sku"] == opened[0]["sku"]


def test_the_array_bomb_announces_more_items_than_it_has_bytes() -> None:
    schema_id, body = unframe(value_of("array-bomb"))
    count = RecordCodec({"type": "record", "name": "Count", "fields": [{"name": "items", "type": "long"}]})
    record = CODEC.encode(ingredients().fresh())

    rest = body[len(record) :]

    assert schema_id == BOMB_ID
    assert body.startswith(record)
    assert len(rest) == 5
    assert count.decode(rest[:-1])["items"] == 1 << 24
    bomb = bomb_schema(schema_of(STOCK_TOPIC))["fields"][-1]
    assert bomb == {"name": BOMB_FIELD, "type": {"type": "array", "items": "null"}, "default": []}


def test_the_schema_of_the_bomb_reads_old_records() -> None:
    reader = RecordCodec(bomb_schema(schema_of(STOCK_TOPIC)))

    assert CODEC.decode(CODEC.encode(opened[0]), reader=reader)[BOMB_FIELD] == []


@pytest.mark.parametrize(("kind", "least"), [("too-large", 1_200_000), ("above-limit", SIZE_LIMIT)])
def test_large_poison_is_only_large(kind: str, least: int) -> None:
    value = value_of(kind)

    assert least < len(value) < least + 1000
    assert CODEC.decode(unframe(value)[1])["sku"] == opened[0]["sku"]


def test_key_and_value_poison() -> None:
    tombstone, no_key, wrong = (make(kind, ingredients()) for kind in ("tombstone", "null-key", "wrong-key"))

    assert (tombstone.key, tombstone.value) == (opened[0]["sku"].encode(), None)
    assert no_key.key is None
    assert wrong.key not in {None, opened[0]["sku"].encode()}
    for poison in (no_key, wrong):
        assert poison.value is not None
        assert CODEC.decode(unframe(poison.value)[1])["sku"] == opened[0]["sku"]


def test_the_wide_quantity_has_more_digits_than_the_schema_allows() -> None:
    _, body = unframe(value_of("too-many-digits"))
    digits = 10**30 + 7
    raw = digits.to_bytes((digits.bit_length() + 8) // 8, "big", signed=True)

    assert raw in body
    assert CODEC.decode(body)["quantity"] != digits  # fastavro rounds without a word


def test_the_quantity_out_of_range_is_one_that_the_schema_carries_and_the_only_thing_wrong() -> None:
    fresh = CODEC.decode(ingredients().body())

    _, body = unframe(value_of("quantity-out-of-range"))
    record = CODEC.decode(body)

    assert record == {**fresh, "quantity": Decimal(10**18 - 1)}
    assert record["quantity"] > 10**12


def test_kinds_that_need_a_further_schema_are_possible_only_with_it() -> None:
    without = Ingredients(opened[0], CODEC, SCHEMA_ID, NOW, number=7)

    assert set(KINDS) - set(possible(without)) == {"array-bomb", "foreign-schema-id"}
    assert possible(ingredients()) == list(KINDS)
    with pytest.raises(ValueError, match="needs bomb_id"):
        make("array-bomb", without)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        make("arsenic", ingredients())
