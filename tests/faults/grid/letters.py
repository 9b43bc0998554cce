"""A dead letter whose cause is mended and that is retried twice: its record counts once (I11)."""

import json
from decimal import Decimal
from typing import Any

from confluent_kafka import Producer

from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.producer import producer_config
from simulators.wms.registry import Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of
from tests.faults.grid import journal
from tests.faults.system import System
from tests.processes import until

STOCK = "wms.stock-change.v1"
SKU, LOCATION, SOURCE, UNITS = "SKU-00001", "WH-UNMAPPED", "default", 41
"""No warehouse of the world feeds this source: what stands there came from the letter."""


def retried_twice(system: System) -> str:
    """Sends a record of an unmapped location, maps it, retries the letter twice; what the shop shows then."""
    _send(system)
    until(lambda: _letter(system) is not None, within=60, what="the record is a dead letter", step=0.5)
    letter = _letter(system)
    assert letter is not None
    for worker in system.workers:
        worker.stop()
    mapped = {**locations_of(WAREHOUSES), LOCATION: SOURCE}
    system.overrides = {**system.overrides, "STREAMS_INVENTORY__LOCATIONS": json.dumps(mapped)}
    system.worker("mended").wait_ready()
    for _twice in range(2):
        system.command("dead-letters", "retry", letter, "--yes", "--no-wait", expect=None)
    until(lambda: _shown(system) == Decimal(UNITS), within=60, what=f"the shop shows {UNITS} of {SKU}", step=0.5)
    until(lambda: system.lag() == 0, within=30, what="nothing is left in the log")
    times = sum((SOURCE, SKU) in call.rows for call in journal.calls(system))
    assert times == 1, f"the retried record was written {times} times"
    return letter


def _shown(system: System) -> Decimal | None:
    row = system.shop.source_items().get((SOURCE, SKU))
    return None if row is None else Decimal(row[0])


def _letter(system: System) -> str | None:
    for message in system.read("dead-letter.v1"):
        told = {name: value.decode("utf-8", "replace") for name, value in message.headers() if value is not None}
        if told["dl_reason"] == "unknown-location" and message.key() == SKU.encode() and LOCATION in told["dl_detail"]:
            return f"{told['dl_topic']}-{told['dl_partition']}-{told['dl_offset']}"
    return None


def _send(system: System) -> None:
    found = resolve(Registry(system.registry_url), STOCK, schema_of(STOCK))
    at = system.wms.now
    record: dict[str, Any] = {  # Any: the fields' own types
        "event_id": "retried-twice",
        "source_system": "wms:main",
        "source_sequence": 1,
        "sku": SKU,
        "location_code": LOCATION,
        "kind": "ABSOLUTE",
        "bucket": "ON_HAND",
        "quantity": Decimal(UNITS),
        "reason": "OTHER",
        "effective_at": at,
        "recorded_at": at,
    }
    producer = Producer(producer_config(system.kafka.bootstrap, {}))
    producer.produce(STOCK, frame(found.schema_id, RecordCodec(found.schema).encode(record)), SKU.encode())
    assert producer.flush(20) == 0
