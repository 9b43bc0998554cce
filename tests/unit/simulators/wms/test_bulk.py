"""The fast path writes the same bytes as the slow one, and knows what it wrote."""

from collections import defaultdict
from decimal import Decimal

import pytest
from confluent_kafka import Producer

from simulators.wms.bulk import CHUNK, BulkSettings, BulkStream, preload
from simulators.wms.record import SECOND, StockRecord
from simulators.wms.registry import Registered
from simulators.wms.rules import Fact, Rules
from simulators.wms.truth import tell
from simulators.wms.wire import STOCK_TOPIC, RecordCodec, schema_of, unframe
from tests.unit.simulators.wms.conftest import MOCK

NOW = 1_763_700_000 * SECOND
STOCK = Registered(9, schema_of(STOCK_TOPIC))
CODEC = RecordCodec(STOCK.schema)


def decoded(stream: BulkStream) -> list[tuple[bytes, bytes, StockRecord]]:
    bodies = [(key, unframe(value)) for key, value in stream]
    assert {schema_id for _, (schema_id, _) in bodies} == {9}
    return [(key, body, CODEC.decode(body)) for key, (_, body) in bodies]  # type: ignore[misc] # the schema says so


def test_each_record_has_the_bytes_that_fastavro_writes() -> None:
    records = decoded(BulkStream(BulkSettings(3_000, NOW, items=30), STOCK))

    assert len(records) == 3_000
    for key, body, record in records:
        assert CODEC.encode(record) == body
        assert key == record["sku"].encode()


def test_the_balances_are_what_the_records_say() -> None:
    stream = BulkStream(BulkSettings(CHUNK + 1_000, NOW, items=20), STOCK)

    truth = tell([Fact.of(record) for _, _, record in decoded(stream)], Rules())

    assert {pair: shown.quantity for pair, shown in truth.shown.items()} == {
        pair: quantity.quantize(Decimal("0.0001"), rounding="ROUND_FLOOR") for pair, quantity in stream.balances.items()
    }
    assert set(truth.verdicts) == {"counted"}


def test_quantities_never_fall_below_zero_and_times_rise_to_the_end() -> None:
    records = [record for _, _, record in decoded(BulkStream(BulkSettings(5_000, NOW, items=3), STOCK))]

    assert all((record["resulting_quantity"] or 0) >= 0 for record in records)
    assert [record["effective_at"] for record in records] == list(range(NOW - 4_999_000, NOW + 1, 1_000))


def test_with_a_lowest_quantity_nothing_is_ever_sold_out() -> None:
    def least(lowest: int) -> Decimal:
        stream = BulkStream(BulkSettings(5_000, NOW, items=1, lowest=lowest), STOCK)
        return min(record["resulting_quantity"] or Decimal(0) for _, _, record in decoded(stream))

    assert least(0) == 0
    assert least(1) > 0


def test_statements_recur_among_the_movements() -> None:
    kinds: dict[str, int] = defaultdict(int)
    for _, _, record in decoded(BulkStream(BulkSettings(5_000, NOW, items=1), STOCK)):
        kinds[record["kind"]] += 1

    assert kinds["ABSOLUTE"] > 5
    assert kinds["DELTA"] > 4_900


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1])
def test_preloading_sends_all_of_it(count: int) -> None:
    producer = Producer({**MOCK, "bootstrap.servers": "127.0.0.1:1", "enable.idempotence": True})

    assert preload(producer, BulkStream(BulkSettings(count, NOW, items=5), STOCK)) == count
    assert len(producer) == 0
