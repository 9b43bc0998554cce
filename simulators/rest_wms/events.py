"""What the warehouse tells of its tasks: records of `wms.fulfilment-event.v1`.

Source of every field: schemas/avro/wms.fulfilment-event.v1.avsc.  Quantities have six decimals; times are microseconds
since 1970 in UTC.  The order is named as it was told: by the sender's order id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

import msgspec

from simulators.rest_wms.documents import Task
from simulators.rest_wms.floor import FloorTask

TOPIC = "wms.fulfilment-event.v1"
MICROS = 1_000_000
SIX = Decimal("0.000001")
CARRIER = "SIM"
WITH_PACKAGES = frozenset({"PACKED", "LOADED", "SHIPPED", "PARTIALLY_SHIPPED", "DELIVERED"})


class LineRecord(TypedDict):
    """One line of a step."""

    order_line: str | None
    sku: str
    quantity: Decimal
    lot: str | None
    serials: list[str]


class PackageRecord(TypedDict):
    """One carton."""

    package_id: str | None
    carrier_code: str | None
    service: str | None
    tracking_number: str | None
    weight: Decimal | None


class FulfilmentRecord(TypedDict):
    """One step of one task."""

    event_id: str
    source_system: str
    source_sequence: int | None
    order_id: str
    commerce_order: str | None
    shipment_id: str | None
    step: str
    location_code: str | None
    lines: list[LineRecord]
    packages: list[PackageRecord]
    expected_ship_at: int | None
    effective_at: int
    recorded_at: int
    extras: dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A step that was reached: `lines` are quantities by line id; `shipment` is its number, where it has one."""

    step: str
    lines: Mapping[str, Decimal]
    shipment: str | None = None


def record_of(
    task: FloorTask, said: Said, *, number: int, at: float, system: str, locations: Mapping[str, str]
) -> FulfilmentRecord:
    """`number` counts the task's steps from 1, so that a step's id is the same in every run."""
    content, moment = task.content, int(at * MICROS)
    return {
        "event_id": f"{system}:{task.task_id}:{number}",
        "source_system": system,
        "source_sequence": number,
        "order_id": content.order_id,
        "commerce_order": None,
        "shipment_id": said.shipment,
        "step": said.step,
        "location_code": locations.get(content.source_code, content.source_code),
        "lines": [_line(content, line_id, quantity) for line_id, quantity in said.lines.items()],
        "packages": [_package(content, said.shipment)] if said.step in WITH_PACKAGES and said.shipment else [],
        "expected_ship_at": None,
        "effective_at": moment,
        "recorded_at": moment,
        "extras": {"task_id": task.task_id, "task_number": task.number},
    }


def _line(content: Task, line_id: str, quantity: Decimal) -> LineRecord:
    sku = next(one.sku for one in content.lines if one.line_id == line_id)
    return {"order_line": line_id, "sku": sku, "quantity": quantity.quantize(SIX), "lot": None, "serials": []}


def _package(content: Task, shipment: str) -> PackageRecord:
    service = None if content.shipping_method is msgspec.UNSET else content.shipping_method
    return {
        "package_id": f"{shipment}-C1",
        "carrier_code": CARRIER,
        "service": service,
        "tracking_number": f"{CARRIER}-{shipment}",
        "weight": None,
    }
