"""A log of stock records as simulated warehouses send them: repeated, out of order, late, and partly wrong."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from schemas.models.stock_change import MICROS, Bucket, ChangeKind, StockChange
from simulators.wms.disturb import Disturbance, Disturber, disturbed
from simulators.wms.record import StockRecord
from simulators.wms.rules import Fact
from simulators.wms.traffic import Traffic, WorldSettings
from tests.unit.streams.domain.ledger import T0, UNIT

STEP = 7 * UNIT
"""Time between two acts."""

ROUGH = Disturbance(duplicate=0.1, duplicate_later=0.05, reorder=0.2, window=10, hold_s=120, late=0.03, late_s=900)
WRONG: tuple[dict[str, Any], ...] = (
    {"sku": " SKU-00001"},
    {"kind": "UNKNOWN"},
    {"bucket": "UNKNOWN"},
    {"location_code": "WH-NOWHERE"},
    {"uom": "FURLONG"},
    {"kind": "ABSOLUTE", "bucket": "ON_HAND", "quantity": Decimal("-5.000000")},
    {"source_system": "wms:stranger"},
    {"kind": "ABSOLUTE", "bucket": "ALLOCATED", "quantity": Decimal("1.000000")},
)
"""One defect each; the record is otherwise a new one of a real scope."""


class Logged(NamedTuple):
    """A record as the application reads it, and as the oracle does."""

    change: StockChange
    fact: Fact
    appended_at: int


def log_of(seed: int, *, world: WorldSettings, acts: int, disturbance: Disturbance = ROUGH) -> list[Logged]:
    """The same seed gives the same log."""
    rng = Random(seed)
    disturber = Disturber(rng, disturbance)
    sent = [arrival.record for arrival in disturbed(_ideal(world, acts, rng), disturber)]
    arrivals = [record for one in sent for record in ((one, _spoilt(one, rng)) if rng.random() < 0.02 else (one,))]
    newest, log = 0, []
    for record in arrivals:
        newest = max(newest, record["effective_at"])
        log.append(Logged(change_of(record), Fact.of(record, newest), newest))
    return log


def _ideal(world: WorldSettings, acts: int, rng: Random) -> Iterator[StockRecord]:
    traffic = Traffic(world, rng)
    yield from traffic.opening(T0)
    for number in range(1, acts + 1):
        at = T0 + number * STEP
        yield from traffic.snapshot(at) if number % 400 == 0 else traffic.act(at)


def _spoilt(record: StockRecord, rng: Random) -> StockRecord:
    number = 9_000_000_000 + rng.randrange(10**9)
    spoilt: Any = {**record, "event_id": f"wrong-{number}", "source_sequence": number, **rng.choice(WRONG)}
    wrong: StockRecord = spoilt
    return wrong


def change_of(record: StockRecord) -> StockChange:
    """The record as decoding would give it."""
    reference = record["reference"]
    kind: ChangeKind = record["kind"]  # type: ignore[assignment]  # text in the simulator
    bucket: Bucket = record["bucket"]  # type: ignore[assignment]  # as above
    return StockChange(
        event_id=record["event_id"],
        source_system=record["source_system"],
        source_sequence=record["source_sequence"],
        owner_code=record["owner_code"],
        sku=record["sku"],
        uom=record["uom"],
        location_code=record["location_code"],
        kind=kind,
        bucket=bucket,
        quantity=_micros(record["quantity"]) or 0,
        previous_quantity=_micros(record["previous_quantity"]),
        resulting_quantity=_micros(record["resulting_quantity"]),
        reason=record["reason"],
        commerce_order=reference["commerce_order"] if reference else None,
        effective_at=record["effective_at"],
        recorded_at=record["recorded_at"],
    )


def _micros(quantity: Decimal | None) -> int | None:
    return None if quantity is None else int(quantity * MICROS)
