"""Records that are put together from parts are what fastavro would have written."""

import io
import json
from decimal import Decimal
from itertools import repeat
from typing import Any

import fastavro

from bench.opening import OPENED, PLACES, Movements, opening, sku_of
from schemas.catalogue import STOCK_CHANGE
from simulators.wms.bulk import Encoded
from simulators.wms.registry import Registered
from simulators.wms.wire import FRAME_BYTES

AT = 1_760_000_000_000_000
SCHEMA = json.loads(STOCK_CHANGE.schema_text)
STOCK = Registered(7, SCHEMA)


def read(record: Encoded) -> Any:  # Any: fastavro's record
    stream = io.BytesIO(record.value[FRAME_BYTES:])
    found = fastavro.schemaless_reader(stream, fastavro.parse_schema(SCHEMA), None)
    assert not stream.read()
    return found


def test_the_opening_states_every_sku_at_every_place() -> None:
    records = [read(one) for one in opening(STOCK, skus=2, at=AT, warehouses=PLACES)]

    assert [(one["sku"], one["location_code"]) for one in records] == [
        (sku_of(number), place.code) for number in range(2) for place in PLACES
    ]
    assert {(one["kind"], one["quantity"], one["source_sequence"]) for one in records} == {
        ("ABSOLUTE", Decimal(OPENED), 1)
    }


def test_movements_go_on_from_the_opening_with_numbers_and_times_of_their_own() -> None:
    moved = Movements(STOCK, PLACES[1], at=AT + 1)

    records = [read(one) for one in moved.of(["A", "B", "A"])]

    assert [(one["sku"], one["source_sequence"], one["quantity"]) for one in records] == [
        ("A", 2, Decimal(1)),
        ("B", 2, Decimal(1)),
        ("A", 3, Decimal(-1)),
    ]
    assert {(one["kind"], one["location_code"], one["source_system"]) for one in records} == {
        ("DELTA", PLACES[1].code, PLACES[1].source_system)
    }
    assert len({one["event_id"] for one in records}) == 3
    times = [one["effective_at"] for one in records]
    assert times == sorted(set(times))


def test_what_a_place_holds_after_its_movements_is_the_sum_of_them() -> None:
    moved = Movements(STOCK, PLACES[0], at=AT)

    total = OPENED + sum(read(one)["quantity"] for one in moved.of(repeat("A", 5)))

    assert moved.quantity("A") == total
    assert moved.quantity("B") == OPENED
